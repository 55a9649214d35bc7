"""What CSS hides or strikes out, to decide what a shopper can read. Pure.

Inline styles and style sheets in the description are applied in the order of the cascade, for a phone, since TikTok
Shop is an app. The shop's own theme is not known: only a few class names that every framework has are.
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import tinycss2
from tinycss2.ast import Declaration, Node

from publisher.content.css_declarations import ACROSS, READERS, SIDES, Effects

_HIDING_CLASSES = frozenset(
    {"hidden", "is-hidden", "d-none", "visually-hidden", "sr-only", "screen-reader-text", "uk-hidden"}
)
_STRIKING_CLASSES = frozenset({"line-through", "text-decoration-line-through"})
_STRUCK = frozenset({"s", "strike", "del"})
_SHOWING = ("shown:", "painted")
_HIDING = frozenset(
    {"gone", "see_through", "unseen", "filtered", "clipped", "cut", "transformed", "translated", "scaled"}
)


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What text inherits from its elements.

    `clear`: its colour is transparent; `filled`: its fill colour is, which overrides `clear`, None without one.
    `painted`: a background is clipped to the text, so that transparent text shows it.
    """

    invisible: bool = False
    tiny: bool = False
    clear: bool = False
    filled: bool | None = None
    painted: bool = False
    indented: bool = False

    @property
    def hides_text(self) -> bool:
        """Whether text of this style cannot be read."""
        is_clear = self.clear if self.filled is None else self.filled
        return self.invisible or self.tiny or self.indented or (is_clear and not self.painted)


def hides_box(effects: Mapping[str, bool | None]) -> bool:
    """Whether the element is hidden with everything inside it."""
    if any(effects.get(name) for name in _HIDING):
        return True
    if effects.get("positioned") and any(effects.get(f"far:{side}") for side in SIDES):
        return True
    if any(effects.get(f"away:{side}") and not effects.get(f"shown:padding-{side}") for side in SIDES):
        return True
    if not any(effects.get(f"clips:{axis}") for axis in "xy"):
        return False
    is_pushed_out = effects.get("pushed") and effects.get("one_line")
    return bool(is_pushed_out) or any(
        (effects.get(f"flat:{length}") or effects.get(f"flat:max-{length}"))
        and not any(effects.get(f"shown:{name}") for name in (f"min-{length}", *(f"padded-{side}" for side in sides)))
        for length, sides in ACROSS.items()
    )


def only_hiding(effects: Mapping[str, bool | None]) -> Effects:
    """Those of the effects that hide."""
    return {name: value for name, value in effects.items() if value and not name.startswith(_SHOWING)}


def handed_down(style: TextStyle, effects: Mapping[str, bool | None]) -> TextStyle:
    """The text style inside an element with these effects."""
    for name in ("invisible", "tiny", "clear", "filled", "indented"):
        value = effects.get(name)
        if value is not None:
            style = replace(style, **{name: value})
    return replace(style, painted=True) if effects.get("painted") else style


def by_itself(tag: str, attributes: Mapping[str, str | None]) -> Effects:
    """Effects of an element without styles: `hidden`, a closed dialog, struck-out elements, well-known classes."""
    classes = frozenset((attributes.get("class") or "").lower().split())
    effects: Effects = {}
    if "hidden" in attributes or (tag == "dialog" and "open" not in attributes) or classes & _HIDING_CLASSES:
        effects["gone"] = True
    if tag in _STRUCK or classes & _STRIKING_CLASSES:
        effects["struck"] = True
    return effects


@functools.lru_cache(maxsize=1_000)
def inline(style: str) -> tuple[Effects, Effects]:
    """Plain and important effects of a style attribute. Cached, so callers must not change them."""
    if not style:
        return {}, {}
    try:
        return declared(tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True))
    except RecursionError:  # thousands of nested brackets: it may hide anything
        return {"gone": True}, {}


def declared(nodes: Iterable[Node]) -> tuple[Effects, Effects]:
    """Plain and important effects of declarations; of two the later one counts."""
    plain: Effects = {}
    important: Effects = {}
    for node in nodes:
        reader = READERS.get(node.lower_name) if isinstance(node, Declaration) else None
        if isinstance(node, Declaration) and reader is not None:
            value = [token for token in node.value if token.type not in {"whitespace", "comment"}]
            (important if node.important else plain).update(reader(value))
    return plain, important
