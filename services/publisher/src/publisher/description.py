"""Product descriptions: from a merchant's HTML to the little that TikTok Shop takes. Pure.

nh3 drops scripts, styles and unknown elements and closes what was left open; the reducer then flattens the rest into
paragraphs, lists and images. Tables become one line per row (TikTok would turn them into a picture).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

from publisher.text import clean_text

MAX_DESCRIPTION = 10_000
MAX_IMAGES = 30

_BLOCKS = frozenset(
    {
        "p",
        "div",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "section",
        "article",
        "table",
    }
)
_INLINE = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u"}
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_KNOWN = {*_BLOCKS, *_INLINE, *_LISTS, *_CELLS, "li", "br", "img"}


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """An image at TikTok Shop: `uri` for product bodies, `url` for descriptions; size in pixels."""

    uri: str
    url: str
    width: int
    height: int


def image_sources(description: str) -> list[str]:
    """The addresses of the images, in order, each once."""
    reducer = _Reducer({})
    reducer.feed(_sanitized(description))
    reducer.close()
    return list(dict.fromkeys(reducer.sources))


def reduce_description(description: str, images: Mapping[str, UploadedImage]) -> str:
    """The description for TikTok. Images whose source has no entry in `images` are left out."""
    reducer = _Reducer(images)
    reducer.feed(_sanitized(description))
    reducer.close()
    return reducer.result()


def _sanitized(description: str) -> str:
    return nh3.clean(
        description, tags=_KNOWN, attributes={"img": {"src"}}, url_schemes={"http", "https"}, link_rel=None
    )


class _Reducer(HTMLParser):
    """Writes flat HTML: blocks never nest, inline marks close with their block, empty blocks vanish."""

    def __init__(self, images: Mapping[str, UploadedImage]) -> None:
        super().__init__(convert_charrefs=True)
        self.sources: list[str] = []
        self._images = images
        self._out: list[str] = []
        self._block: list[str] = []
        self._marks: list[str] = []
        self._lists: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._image(dict(attrs).get("src") or "")
        elif tag == "br":
            self._block.append("<br>")
        elif tag in _INLINE:
            self._marks.append(_INLINE[tag])
            self._block.append(f"<{_INLINE[tag]}>")
        elif tag in _LISTS:
            self._end_block()
            self._lists.append((tag, []))
        elif tag in _CELLS:
            self._block.append(" ")
        elif tag in _BLOCKS or tag == "li":
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in _INLINE:
            if _INLINE[tag] in self._marks:
                self._marks.remove(_INLINE[tag])
                self._block.append(f"</{_INLINE[tag]}>")
        elif tag in _LISTS:
            self._end_block()
            self._end_list()
        elif tag in _BLOCKS or tag == "li":
            self._end_block()

    def handle_data(self, data: str) -> None:
        text = clean_text(" ".join(data.split()))
        if data[:1].isspace() and text:
            text = f" {text}"
        self._block.append(text)

    def result(self) -> str:
        self._end_block()
        while self._lists:
            self._end_list()
        return "".join(self._out)

    def _image(self, source: str) -> None:
        if not source:
            return
        self.sources.append(source)
        image = self._images.get(source)
        if image is not None:
            size = f'width="{image.width}" height="{image.height}"'
            self._block.append(f'<img src="{image.url}" {size}>')

    def _end_block(self) -> None:
        while self._marks:
            self._block.append(f"</{self._marks.pop()}>")
        content = "".join(self._block).strip()
        self._block = []
        if not _says_something(content):
            return
        if self._lists:
            self._lists[-1][1].append(f"<li>{content}</li>")
        else:
            self._out.append(f"<p>{content}</p>")

    def _end_list(self) -> None:
        if not self._lists:
            return
        tag, items = self._lists.pop()
        whole = f"<{tag}>{''.join(items)}</{tag}>" if items else ""
        if self._lists:
            # A list inside a list is continued in the outer one: TikTok takes one level.
            self._lists[-1][1].extend(items)
        elif whole:
            self._out.append(whole)


def _says_something(content: str) -> bool:
    if "<img" in content:
        return True
    for mark in ("<br>", "<strong>", "</strong>", "<em>", "</em>", "<u>", "</u>"):
        content = content.replace(mark, "")
    return bool(content.strip())
