"""Product descriptions: from a merchant's HTML to the little that TikTok Shop takes. Pure.

nh3 drops scripts, styles, frames and unknown elements and closes what was left open; the reducer then flattens the rest
into paragraphs, lists and images. Tables become one line per row (TikTok would turn them into a picture).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3

from publisher.content.text import MAX_RUN, clean_text, says_something

MAX_DESCRIPTION = 10_000
MAX_IMAGES = 30

_BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "dl", "dt", "dd", "hr", "blockquote", "pre", "section",
    "article", "header", "footer", "main", "aside", "nav", "address", "figure", "figcaption", "center", "table",
    "caption",
})  # fmt: skip
_INLINE = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u"}
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_KNOWN = {*_BLOCKS, *_INLINE, *_LISTS, *_CELLS, "li", "br", "img"}
# Their content is no text for readers; nh3 would show that of frames as text.
_WITH_CONTENT = {
    "script", "style", "iframe", "noscript", "noembed", "noframes", "template", "title", "head", "textarea", "select",
    "svg", "math", "object", "video", "audio", "canvas", "map",
}  # fmt: skip
_SPACES = re.compile(r" {2,}")
_MARKUP = re.compile(r"<[^>]*>")


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
    reducer.read(description)
    return list(dict.fromkeys(reducer.sources))


def reduce_description(description: str, images: Mapping[str, UploadedImage]) -> str:
    """The description for TikTok. Images without an entry in `images` are left out, and those past the 30th.

    An image may stand in several places, and counts each time.
    """
    reducer = _Reducer(images)
    reducer.read(description)
    return reducer.result()


def fitting_description(description: str, images: Mapping[str, UploadedImage]) -> tuple[str, int]:
    """The description with as many of its images, first ones first, as the length allows; and how many those are."""
    sources = list(images)
    for count in range(len(sources), 0, -1):
        reduced = reduce_description(description, {source: images[source] for source in sources[:count]})
        if len(reduced) <= MAX_DESCRIPTION:
            return reduced, count
    return reduce_description(description, {}), 0


class _Reducer(HTMLParser):
    """Writes flat HTML: neither blocks nor marks nest, marks close with their block, empty blocks vanish."""

    def __init__(self, images: Mapping[str, UploadedImage]) -> None:
        super().__init__(convert_charrefs=True)
        self.sources: list[str] = []
        self._images = images
        self._shown = 0
        self._out: list[str] = []
        self._block: list[str] = []
        self._run = ""
        self._marks: list[str] = []
        self._lists: list[tuple[str, list[str]]] = []

    def read(self, description: str) -> None:
        """Take the whole description in."""
        self.feed(
            nh3.clean(
                description,
                tags=_KNOWN,
                clean_content_tags=_WITH_CONTENT,
                attributes={"img": {"src"}},
                url_schemes={"http", "https"},
                link_rel=None,
            )
        )
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._image(dict(attrs).get("src") or "")
        elif tag == "br":
            self._write("<br>")
        elif tag in _INLINE:
            if not self._marks:
                self._block.append(f"<{_INLINE[tag]}>")
            self._marks.append(_INLINE[tag])
        elif tag in _LISTS:
            self._end_block()
            self._lists.append((tag, []))
        elif tag in _CELLS:
            self._write(" ")
        elif tag in _BLOCKS or tag == "li":
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in _INLINE:
            self._end_mark()
        elif tag in _LISTS:
            self._end_block()
            self._end_list()
        elif tag in _BLOCKS or tag == "li":
            self._end_block()

    def handle_data(self, data: str) -> None:
        text = clean_text(" ".join(data.split()))
        before, after = data[:1].isspace(), data[-1:].isspace()
        self._say(f"{' ' * before}{text}{' ' * after}" if text else " " * before)

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
        if image is not None and self._shown < MAX_IMAGES:
            self._shown += 1
            size = f'width="{image.width}" height="{image.height}"'
            self._write(f'<img src="{image.url}" {size}>')

    def _write(self, markup: str) -> None:
        self._run = ""
        self._block.append(markup)

    def _say(self, text: str) -> None:
        """A run of one character goes on across marks, and is cut there too."""
        letter = self._run[:1]
        if letter:
            lead = len(text) - len(text.lstrip(letter))
            text = text[max(0, lead - (MAX_RUN - len(self._run))) :]
        if text:
            end = text[len(text.rstrip(text[-1])) :]
            self._run = self._run + end if end == text and letter == text[-1] else end.strip()
        self._block.append(text)

    def _end_mark(self) -> None:
        if not self._marks:
            return  # it ended with its block
        outermost = self._marks[0]
        self._marks.pop()
        if not self._marks:
            self._block.append(f"</{outermost}>")

    def _end_block(self) -> None:
        if self._marks:
            self._block.append(f"</{self._marks[0]}>")
            self._marks = []
        content = _SPACES.sub(" ", "".join(self._block)).strip()
        self._block, self._run = [], ""
        if _is_blank(content):
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


def shows_something(html: str) -> bool:
    """Whether reduced HTML has an image, a letter or a digit: descriptions of symbols alone are refused."""
    return "<img" in html or says_something(_MARKUP.sub("", html))


def _is_blank(content: str) -> bool:
    return "<img" not in content and not _MARKUP.sub("", content).strip()
