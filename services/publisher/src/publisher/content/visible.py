"""The visible text and images of a merchant's HTML, in order. Pure.

The document is parsed as a browser does. What is hidden by an attribute or CSS, or struck out (a list price, PR-5), is
left out. So are scripts and the like, and the texts of form controls, which do nothing at TikTok Shop. Ruby readings
follow their base in parentheses.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from publisher.content.css_declarations import Effects
from publisher.content.css_hiding import TextStyle, by_itself, handed_down, hides_box, inline
from publisher.content.css_sheets import Sheets
from publisher.content.image_sources import source_of

_NOT_SHOWN = frozenset(
    [
        "script",
        "style",
        "iframe",
        "noscript",
        "noembed",
        "noframes",
        "template",
        "title",
        "head",
        "textarea",
        "svg",
        "math",
        "object",
        "video",
        "audio",
        "canvas",
        "map",
        "datalist",
        "rp",
        "frameset",
        "applet",
    ]
)
_CONTROLS = frozenset(["button", "label", "select", "option", "optgroup", "output", "meter", "progress"])
_READINGS = frozenset({"rt", "rtc"})

LeftOut = Literal["hidden", "struck", "controls"]


@dataclass(frozen=True, slots=True)
class Part:
    """`value` is the tag of `open` and `close`, the unchanged text of `text`, the address of `image`."""

    kind: Literal["open", "close", "text", "image"]
    value: str


@dataclass(slots=True)
class Visible:
    """The parts in order, how many were left out for which reason, and images without an http(s) address."""

    parts: list[Part] = field(default_factory=list)
    left_out: Counter[LeftOut] = field(default_factory=Counter)
    no_addresses: list[str] = field(default_factory=list)


def read_visible(markup: str) -> Visible:
    """Read any HTML, however deep or broken."""
    document = LexborHTMLParser(markup, scripting=True)
    visible = Visible()
    if document.body is not None:
        _Reader(document, visible).read(document.body)
    return visible


class _Reader:
    def __init__(self, document: LexborHTMLParser, visible: Visible) -> None:
        self._sheets = Sheets(document)
        self._visible = visible
        self._ruby = _Ruby(visible.parts)
        self._styles = [TextStyle()]

    def read(self, body: LexborNode) -> None:
        """Depth first without recursion: documents may be deeper than Python's stack."""
        node: LexborNode | None = body
        while node is not None:
            inner = self._enter(node)
            if inner is not None:
                node = inner
                continue
            while node is not None and node.mem_id != body.mem_id and node.next is None:
                node = node.parent
                if node is not None:
                    self._leave(node)
            node = None if node is None or node.mem_id == body.mem_id else node.next
        self._ruby.end()

    def _enter(self, node: LexborNode) -> LexborNode | None:
        """Enter a node. Returns its first child; None when there is nothing inside to read."""
        if node.is_text_node:
            self._text(node.text_content or "")
            return None
        if not node.is_element_node or node.tag is None or node.tag in _NOT_SHOWN:
            return None
        attributes = node.attributes
        effects = self._effects(node, attributes)
        reason = self._reason(node.tag, effects)
        if reason is not None:
            if _shows_something(node):
                self._visible.left_out[reason] += 1
            return None
        style = handed_down(self._styles[-1], effects)
        if node.tag == "img":
            self._image(node, style)
            return None
        self._open(node.tag)
        if node.child is None:
            self._close(node.tag)
            return None
        self._styles.append(style)
        return node.child

    def _leave(self, node: LexborNode) -> None:
        self._styles.pop()
        self._close(node.tag or "")

    def _open(self, tag: str) -> None:
        if tag in _READINGS:
            self._ruby.begin_reading(alone=tag == "rtc")
        elif tag not in {"ruby", "rb"}:
            self._ruby.pass_element()
            self._visible.parts.append(Part("open", tag))

    def _close(self, tag: str) -> None:
        if tag in _READINGS:
            self._ruby.end_reading()
        elif tag == "ruby":
            self._ruby.end()
        elif tag != "rb":
            self._ruby.pass_element()
            self._visible.parts.append(Part("close", tag))

    def _effects(self, node: LexborNode, attributes: dict[str, str | None]) -> Effects:
        """In the order of the cascade, the strongest last."""
        plain, important = self._sheets.of(node.mem_id)
        own_plain, own_important = inline(attributes.get("style") or "")
        return by_itself(node.tag or "", attributes) | plain | own_plain | important | own_important

    def _reason(self, tag: str, effects: Effects) -> LeftOut | None:
        if hides_box(effects):
            return "hidden"
        if effects.get("struck"):
            return "struck"
        return "controls" if tag in _CONTROLS else None

    def _text(self, text: str) -> None:
        if self._styles[-1].hides_text:
            self._visible.left_out["hidden"] += bool(text.strip())
            return
        self._ruby.text(text)

    def _image(self, node: LexborNode, style: TextStyle) -> None:
        if style.invisible:
            self._visible.left_out["hidden"] += 1
            return
        source = source_of(node)
        if source is None:
            self._visible.no_addresses.append(node.attributes.get("src") or "")
            return
        self._ruby.pass_element()
        self._visible.parts.append(Part("image", source))


class _Ruby:
    """Writes text with ruby readings in parentheses: 薔薇(ばら). Readings in a row share a pair: 東京(とうきょう)."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = parts
        self._depth = 0
        self._is_open = False
        self._gap = ""

    def begin_reading(self, *, alone: bool) -> None:
        """Begin a reading. `alone`: it does not share parentheses with the one before."""
        if alone and not self._depth:
            self.end()
        self._depth += 1

    def end_reading(self) -> None:
        self._depth -= 1

    def text(self, text: str) -> None:
        """Add text, of a reading or not."""
        if self._depth:
            self._reading(text)
        elif text.strip() or not self._is_open:
            self.end()
            self._parts.append(Part("text", text))

    def pass_element(self) -> None:
        """Another element than a reading's ends the parentheses."""
        if not self._depth:
            self.end()

    def end(self) -> None:
        """Close the parentheses if they are open."""
        if self._is_open:
            self._parts.append(Part("text", ")"))
            self._is_open, self._gap = False, ""

    def _reading(self, text: str) -> None:
        words = text.strip()
        if not words:
            self._gap = " " if self._is_open and text else self._gap
            return
        before = (self._gap or " " * text[:1].isspace()) if self._is_open else "("
        self._parts.append(Part("text", before + words))
        self._is_open, self._gap = True, " " * text[-1:].isspace()


def _shows_something(node: LexborNode) -> bool:
    """Whether it has text or an image."""
    return bool(node.text(deep=True, skip_empty=True).strip()) or node.tag == "img" or node.css_first("img") is not None


def readable(parts: list[Part]) -> Iterator[str]:
    """The text alone, with a blank where an element separates words."""
    for part in parts:
        if part.kind == "text":
            yield part.value
        elif part.kind == "image" or part.value in SEPARATING:
            yield " "


SEPARATING = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "legend",
        "li",
        "listing",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "td",
        "tfoot",
        "th",
        "thead",
        "tbody",
        "tr",
        "ul",
        "xmp",
    ]
)
"""Elements that separate words."""
