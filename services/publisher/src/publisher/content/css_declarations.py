"""What one CSS declaration says about whether text can be read. Pure.

There is one fact per property, or per property and side: a property that shows does not undo what another hides.
"""

from collections.abc import Callable, Sequence

import tinycss2
from tinycss2.ast import DimensionToken, FunctionBlock, IdentToken, Node, NumberToken, PercentageToken
from tinycss2.color4 import parse_color

Effects = dict[str, bool | None]
"""Facts that declarations state, by name; see `READERS`. `tiny` None: relative to the parent's size."""
_PIXELS = {
    "px": 1.0,
    "pt": 4 / 3,
    "pc": 16.0,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "ch": 8.0,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "q": 0.95,
    "vw": 3.9,
    "vh": 8.4,
    "vmin": 3.9,
    "vmax": 8.4,
}
_FAR, _FAR_RIGHT = -500.0, 2_000.0
_INDENTED = -100.0
_UNSEEN_ALPHA = 0.01
_NEARLY_ALL = 99.0
_RELATIVE = frozenset({"em", "ex", "ch"})
_OF_THE_SCREEN = frozenset({"vw", "vh", "vmin", "vmax", "svh", "lvh", "dvh", "svw", "lvw", "dvw"})
SIDES = ("top", "right", "bottom", "left")
ACROSS = {"height": ("top", "bottom"), "width": ("left", "right")}
_BOXES = ["block", "inline", "inline-block", "list-item", "contents", "flow", "flow-root", "run-in"]
_LAYOUTS = ["flex", "inline-flex", "grid", "inline-grid", "table", "inline-table", "ruby", "math"]
_DISPLAYS = frozenset(["none", *_BOXES, *_LAYOUTS, "inherit", "initial", "unset", "revert", "revert-layer"])


def _idents(value: Sequence[Node]) -> list[str]:
    return [token.lower_value for token in value if isinstance(token, IdentToken)]


def _pixels(token: Node) -> float | None:
    """The length in pixels, roughly; of a percentage and a number the number."""
    if isinstance(token, DimensionToken):
        scale = _PIXELS.get(token.lower_unit)
        return None if scale is None else float(token.value) * scale
    if isinstance(token, NumberToken | PercentageToken):
        return float(token.value)
    return None


def _lengths(value: Sequence[Node]) -> list[float]:
    return [pixels for token in value if (pixels := _pixels(token)) is not None]


def _keyword(
    name: str, words: frozenset[str], also: frozenset[str] = frozenset()
) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        found = set(_idents(value)) - also
        return {name: bool(found & words)} if found else {}

    return read


def _display(value: Sequence[Node]) -> Effects:
    words = _idents(value)
    known = [word for word in words if word in _DISPLAYS or word.startswith(("-", "table-", "ruby-"))]
    return {"gone": "none" in words} if words and known == words else {}


def _struck(value: Sequence[Node]) -> Effects:
    return {"struck": "line-through" in _idents(value)} if value else {}


def _opacity(value: Sequence[Node]) -> Effects:
    lengths = _lengths(value)
    return {"see_through": lengths[0] <= _UNSEEN_ALPHA} if lengths else {}


def _font(value: Sequence[Node]) -> Effects:
    for token in value:
        if isinstance(token, FunctionBlock):
            return {"tiny": False}  # calculated, so meant to be read
        if isinstance(token, NumberToken) and token.value != 0:
            continue  # a weight
        pixels = _pixels(token)
        if pixels is not None:
            is_relative = isinstance(token, PercentageToken) or (
                isinstance(token, DimensionToken) and token.lower_unit in _RELATIVE
            )
            if pixels <= 1 and not (is_relative and pixels > 0):
                return {"tiny": True}
            return {"tiny": None if is_relative else False}
    words = _idents(value)
    return {"tiny": None if {"smaller", "larger", "inherit", "unset"} & set(words) else False} if words else {}


def _color(name: str) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        if set(_idents(value)) & {"inherit", "unset", "currentcolor"}:
            return {}
        color = parse_color(tinycss2.serialize(value))
        return {} if color is None or isinstance(color, str) else {name: color[-1] <= _UNSEEN_ALPHA}

    return read


def _background(value: Sequence[Node]) -> Effects:
    return {"painted": "text" in _idents(value)}


def _indent(value: Sequence[Node]) -> Effects:
    lengths = _lengths(value)
    if not lengths:
        return {}
    is_share = isinstance(value[0], PercentageToken)
    return {"indented": lengths[0] <= _INDENTED, "pushed": lengths[0] >= (100 if is_share else -_FAR)}


def _is_far(token: Node) -> bool:
    pixels = _pixels(token) or 0.0
    if isinstance(token, DimensionToken) and token.lower_unit in _OF_THE_SCREEN:
        return abs(float(token.value)) >= 100
    return pixels <= _FAR or pixels >= _FAR_RIGHT


def _offset(side: str) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        share = value[0] if value and side in {"left", "right"} else None
        is_whole = isinstance(share, PercentageToken) and share.value <= -100
        return {f"far:{side}": is_whole or any(map(_is_far, value))}

    return read


def _inset(value: Sequence[Node]) -> Effects:
    return {f"far:{side}": _is_far(token) for side, token in _by_side(value).items()}


def _by_side(value: Sequence[Node]) -> dict[str, Node]:
    """One to four values by side, as in CSS shorthands."""
    if not 1 <= len(value) <= 4:
        return {}
    places = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}[len(value)]
    return {side: value[place] for side, place in zip(SIDES, places, strict=True)}


def _margin(*sides: str) -> Callable[[Sequence[Node]], Effects]:
    """Only a margin to the left or top can move text out of sight."""

    def read(value: Sequence[Node]) -> Effects:
        found = _by_side(value) if not sides else dict.fromkeys(sides, value[0]) if value else {}
        return {f"away:{side}": (_pixels(one) or 0) <= _FAR for side, one in found.items() if side in {"left", "top"}}

    return read


def _padding(*sides: str) -> Callable[[Sequence[Node]], Effects]:
    """`padded`: the box is more than a pixel wide; `padding`: so much that it undoes a far margin."""

    def read(value: Sequence[Node]) -> Effects:
        found = _by_side(value) if not sides else dict.fromkeys(sides, value[0]) if value else {}
        room: Effects = {f"shown:padded-{side}": (_pixels(one) or 0) > 1 for side, one in found.items()}
        return room | {f"shown:padding-{side}": (_pixels(one) or 0) >= -_FAR for side, one in found.items()}

    return read


def _flat(name: str) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        lengths = _lengths(value)
        return {f"flat:{name}": bool(lengths) and not isinstance(value[0], PercentageToken) and lengths[0] <= 1}

    return read


def _grown(name: str) -> Callable[[Sequence[Node]], Effects]:
    return lambda value: {f"shown:{name}": max(_lengths(value), default=0) > 1}


def _clip(value: Sequence[Node]) -> Effects:
    lengths = [_lengths(one.arguments) for one in _functions(value, "rect")]
    return {"clipped": any(of_one and max(of_one) <= 1 for of_one in lengths)}


def _clip_path(value: Sequence[Node]) -> Effects:
    for token in value:
        if isinstance(token, FunctionBlock):
            lengths = _lengths(token.arguments)
            match token.lower_name:
                case "rect" | "xywh":
                    return {"cut": bool(lengths) and max(lengths) <= 1}
                case "polygon":
                    return {"cut": len(set(lengths)) == 1}
                case "circle" | "ellipse":
                    return {"cut": bool(lengths) and lengths[0] <= 0}
                case "inset":
                    return {"cut": _leaves_nothing(token.arguments)}
    return {"cut": False}


def _leaves_nothing(arguments: Sequence[Node]) -> bool:
    tokens = [token for token in arguments if token.type not in {"whitespace", "comment"}]
    numbers = {side: float(one.value) for side, one in _by_side(tokens).items() if isinstance(one, PercentageToken)}
    return any(sum(numbers.get(side, 0) for side in sides) >= _NEARLY_ALL for sides in ACROSS.values())


def _transform(value: Sequence[Node]) -> Effects:
    return {"transformed": any(isinstance(token, FunctionBlock) and _moves_away(token) for token in value)}


def _moves_away(function: FunctionBlock) -> bool:
    lengths = _lengths(function.arguments)
    if function.lower_name.startswith("scale"):
        return 0 in lengths
    if function.lower_name.startswith("translate"):
        return any(map(_is_far, function.arguments))
    return function.lower_name == "matrix" and bool(lengths) and not any(lengths[:4])


def _filter(value: Sequence[Node]) -> Effects:
    return {"filtered": any(0 in _lengths(one.arguments) for one in _functions(value, "opacity"))}


def _functions(value: Sequence[Node], name: str) -> list[FunctionBlock]:
    return [token for token in value if isinstance(token, FunctionBlock) and token.lower_name == name]


def _overflow(*axes: str) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        words = _idents(value)
        return {f"clips:{axis}": bool(_CLIPPING & set(words)) for axis in axes} if words else {}

    return read


_CLIPPING = frozenset({"hidden", "clip", "scroll", "auto"})
READERS: dict[str, Callable[[Sequence[Node]], Effects]] = {
    "display": _display,
    "content-visibility": _keyword("unseen", frozenset({"hidden"})),
    "visibility": _keyword("invisible", frozenset({"hidden", "collapse"}), frozenset({"inherit", "unset"})),
    "text-decoration": _struck,
    "text-decoration-line": _struck,
    "-webkit-text-decoration": _struck,
    "-webkit-text-decoration-line": _struck,
    "opacity": _opacity,
    "filter": _filter,
    "font-size": _font,
    "font": _font,
    "color": _color("clear"),
    "-webkit-text-fill-color": _color("filled"),
    **dict.fromkeys(("background", "background-clip", "-webkit-background-clip"), _background),
    "text-indent": _indent,
    "white-space": _keyword("one_line", frozenset({"nowrap", "pre"})),
    "position": _keyword("positioned", frozenset({"absolute", "fixed", "relative", "sticky"})),
    **{side: _offset(side) for side in SIDES},
    "inset-inline-start": _offset("left"),
    "inset": _inset,
    "margin": _margin(),
    **dict.fromkeys(("margin-left", "margin-inline-start"), _margin("left")),
    **dict.fromkeys(("margin-top", "margin-block-start"), _margin("top")),
    "padding": _padding(),
    **{f"padding-{side}": _padding(side) for side in SIDES},
    "padding-block": _padding("top", "bottom"),
    "padding-inline": _padding("left", "right"),
    **{name: _flat(name) for name in ("width", "height", "max-width", "max-height")},
    **{name: _grown(name) for name in ("min-width", "min-height")},
    "overflow": _overflow("x", "y"),
    "overflow-x": _overflow("x"),
    "overflow-y": _overflow("y"),
    "clip": _clip,
    **dict.fromkeys(("clip-path", "-webkit-clip-path"), _clip_path),
    **dict.fromkeys(("transform", "-webkit-transform"), _transform),
    "translate": lambda value: {"translated": any(map(_is_far, value))},
    "scale": lambda value: {"scaled": 0 in _lengths(value)},
}
