"""What CSS hides or strikes out, as far as it decides what a shopper can read. Pure.

Inline styles and the sheets inside the description are read in the cascade's order, on a phone's screen, since TikTok
Shop is one. The shop's own theme is not known here: a few class names that every framework uses stand for it.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import tinycss2
from tinycss2.ast import Declaration, DimensionToken, FunctionBlock, IdentToken, Node, NumberToken, PercentageToken
from tinycss2.color4 import parse_color

Effects = dict[str, bool | None]
"""Facts a declaration states; see `_READERS`. None of `tiny`: relative to the parent's size."""

_HIDING_CLASSES = frozenset(
    {"hidden", "is-hidden", "d-none", "visually-hidden", "sr-only", "screen-reader-text", "uk-hidden"}
)
_STRIKING_CLASSES = frozenset({"line-through", "text-decoration-line-through"})
_STRUCK = frozenset({"s", "strike", "del"})
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "in": 96.0, "cm": 37.8,
           "mm": 3.78, "q": 0.95, "vw": 3.9, "vh": 8.4, "vmin": 3.9, "vmax": 8.4}  # fmt: skip
_FAR = -500.0
_INDENTED = -100.0
_RELATIVE = frozenset({"em", "ex", "ch"})


@dataclass(frozen=True, slots=True)
class Look:
    """What an element hands down to the text inside it."""

    invisible: bool = False
    tiny: bool = False
    clear: bool = False
    indented: bool = False

    @property
    def hides_text(self) -> bool:
        """Whether its text cannot be read."""
        return self.invisible or self.tiny or self.clear or self.indented


def hides_box(effects: Mapping[str, bool | None]) -> bool:
    """Whether the element is hidden with everything inside it."""
    is_away = effects.get("far") and effects.get("positioned")
    is_collapsed = effects.get("flat") and effects.get("clips")
    return any((effects.get("gone"), effects.get("see_through"), effects.get("clipped"), effects.get("moved_away"),
                is_away, is_collapsed))  # fmt: skip


def handed_down(look: Look, effects: Mapping[str, bool | None]) -> Look:
    """The look inside an element with these effects."""
    for name in ("invisible", "tiny", "clear", "indented"):
        value = effects.get(name)
        if value is not None:
            look = replace(look, **{name: value})
    return look


def by_itself(tag: str, attributes: Mapping[str, str | None]) -> Effects:
    """What an element is without any style: `hidden`, a closed dialog, struck-out elements, well-known classes."""
    classes = frozenset((attributes.get("class") or "").lower().split())
    effects: Effects = {}
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes) or classes & _HIDING_CLASSES:
        effects["gone"] = True
    if tag in _STRUCK or classes & _STRIKING_CLASSES:
        effects["struck"] = True
    return effects


@functools.lru_cache(maxsize=1_000)
def inline(style: str) -> tuple[Effects, Effects]:
    """Of a style attribute: its plain effects and its important ones. Not to be changed: shops repeat their styles."""
    if not style:
        return {}, {}
    return declared(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))


def declared(nodes: Iterable[Node]) -> tuple[Effects, Effects]:
    """Of declarations: plain effects and important ones, the later of two counts."""
    plain: Effects = {}
    important: Effects = {}
    for node in nodes:
        reader = _READERS.get(node.lower_name) if isinstance(node, Declaration) else None
        if isinstance(node, Declaration) and reader is not None:
            value = [token for token in node.value if token.type not in {"whitespace", "comment"}]
            (important if node.important else plain).update(reader(value))
    return plain, important


def _idents(value: Sequence[Node]) -> list[str]:
    return [token.lower_value for token in value if isinstance(token, IdentToken)]


def _pixels(token: Node) -> float | None:
    """The length in pixels, roughly; a percentage counts as its number of pixels."""
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


def _struck(value: Sequence[Node]) -> Effects:
    return {"struck": "line-through" in _idents(value)} if value else {}


def _opacity(value: Sequence[Node]) -> Effects:
    lengths = _lengths(value)
    return {"see_through": lengths[0] <= 0.01} if lengths else {}


def _font(value: Sequence[Node]) -> Effects:
    for token in value:
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


def _color(value: Sequence[Node]) -> Effects:
    if set(_idents(value)) & {"inherit", "unset", "currentcolor"}:
        return {}
    color = parse_color(tinycss2.serialize(value))
    return {} if color is None or isinstance(color, str) else {"clear": color[-1] == 0}


def _indent(value: Sequence[Node]) -> Effects:
    lengths = _lengths(value)
    return {"indented": lengths[0] <= _INDENTED} if lengths else {}


def _offset(name: str) -> Callable[[Sequence[Node]], Effects]:
    def read(value: Sequence[Node]) -> Effects:
        lengths = _lengths(value)
        return {name: True} if lengths and min(lengths) <= _FAR else {}

    return read


def _flat(value: Sequence[Node]) -> Effects:
    lengths = _lengths(value)
    return {"flat": True} if lengths and not isinstance(value[0], PercentageToken) and lengths[0] <= 1 else {}


def _clip(value: Sequence[Node]) -> Effects:
    for token in value:
        if isinstance(token, FunctionBlock):
            lengths = _lengths(token.arguments)
            if token.lower_name == "rect":
                return {"clipped": bool(lengths) and max(lengths) <= 1}
            if token.lower_name == "inset":
                return {"clipped": bool(lengths) and min(lengths) >= 50}
            if token.lower_name == "circle":
                return {"clipped": bool(lengths) and lengths[0] <= 0}
    return {"clipped": False}


def _transform(value: Sequence[Node]) -> Effects:
    for token in value:
        if isinstance(token, FunctionBlock):
            lengths = _lengths(token.arguments)
            if lengths and token.lower_name.startswith("scale") and min(lengths) <= 0:
                return {"moved_away": True}
            if lengths and token.lower_name.startswith("translate") and min(lengths) <= _FAR:
                return {"moved_away": True}
    return {"moved_away": False}


def _filter(value: Sequence[Node]) -> Effects:
    hidden = [token for token in value if isinstance(token, FunctionBlock) and token.lower_name == "opacity"]
    return {"see_through": True} if any(0 in _lengths(token.arguments) for token in hidden) else {}


_CLIPPING = frozenset({"hidden", "clip", "scroll", "auto"})
_READERS: dict[str, Callable[[Sequence[Node]], Effects]] = {
    "display": _keyword("gone", frozenset({"none"})),
    "content-visibility": _keyword("see_through", frozenset({"hidden"})),
    "visibility": _keyword("invisible", frozenset({"hidden", "collapse"}), frozenset({"inherit", "unset"})),
    "text-decoration": _struck,
    "text-decoration-line": _struck,
    "-webkit-text-decoration": _struck,
    "-webkit-text-decoration-line": _struck,
    "opacity": _opacity,
    "filter": _filter,
    "font-size": _font,
    "font": _font,
    "color": _color,
    "-webkit-text-fill-color": _color,
    "text-indent": _indent,
    "position": _keyword("positioned", frozenset({"absolute", "fixed", "relative", "sticky"})),
    **dict.fromkeys(("left", "right", "top", "bottom", "inset", "inset-inline-start"), _offset("far")),
    **dict.fromkeys(("margin", "margin-left", "margin-top", "margin-inline-start"), _offset("moved_away")),
    **dict.fromkeys(("width", "height", "max-width", "max-height"), _flat),
    **dict.fromkeys(("overflow", "overflow-x", "overflow-y"), _keyword("clips", _CLIPPING)),
    "clip": _clip,
    "clip-path": _clip,
    "transform": _transform,
    "scale": lambda value: {"moved_away": 0 in _lengths(value)},
}
