"""Product descriptions: a merchant's HTML reduced to what TikTok Shop accepts. Pure.

What a shopper can read becomes flat paragraphs, lists and images. Tables become one line per row, because TikTok would
turn them into a picture.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from publisher.content.markup import own_brackets, with_own_ampersands
from publisher.content.text import (
    MAX_RUN,
    cleaned_text,
    left_out_notes,
    long_run,
    may_be_cut,
    says_something,
    symbol_notes,
)
from publisher.content.visible import SEPARATING, Part, read_visible
from publisher.model import UploadedImage

MAX_DESCRIPTION = 10_000
MAX_IMAGES = 30

_INLINE = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "u": "u"}
_LISTS = frozenset({"ul", "ol"})
_CELLS = frozenset({"td", "th"})
_BLOCKS = SEPARATING - _LISTS - _CELLS - {"br"}
_SPACES = re.compile(r" {2,}")
_MARKUP = re.compile(r"<[^>]*>")
_MARKS = re.compile(r"</?(?:strong|em|u)>")


@dataclass(frozen=True, slots=True)
class Readable:
    """A description that was read: its parts with cleaned texts, and notes for the merchant about what was left out.

    `has_private_parts`: hidden or struck-out words were left out.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    has_private_parts: bool


@functools.lru_cache(maxsize=32)
def read_description(description: str) -> Readable:
    """Read a description. Cached: parsing takes the most time here, and a push needs it several times."""
    visible = read_visible(own_brackets(with_own_ampersands(description)))
    replaced: dict[str, str] = {}
    dropped: dict[str, None] = {}
    parts = []
    for part in visible.parts:
        if part.kind == "text":
            cleaned = cleaned_text(part.value)
            replaced |= cleaned.replaced
            dropped |= dict.fromkeys(cleaned.dropped)
            visible.left_out["struck"] += cleaned.struck
            part = Part("text", cleaned.text)  # noqa: PLW2901 - the same part, cleaned
        parts.append(part)
    notes = (*left_out_notes(visible), *symbol_notes(replaced, dropped))
    left_out = visible.left_out
    return Readable(tuple(parts), notes, bool(left_out["hidden"] or left_out["struck"]))


def image_sources(description: str) -> list[str]:
    """The addresses of the images in order, without repeats."""
    parts = read_description(description).parts
    return list(dict.fromkeys(part.value for part in parts if part.kind == "image"))


def reduce_description(description: str, images: Mapping[str, UploadedImage]) -> str:
    """The description for TikTok as HTML. Images without an entry in `images`, and those after the 30th, are left out.

    An image in several places counts each time.
    """
    reducer = _Reducer(images)
    for part in read_description(description).parts:
        reducer.take(part)
    return reducer.result()


def fitting_description(description: str, images: Mapping[str, UploadedImage]) -> tuple[str, int]:
    """The description with as many of the first images as the length allows, and their number."""
    sources = list(images)
    for count in range(len(sources), 0, -1):
        reduced = reduce_description(description, {source: images[source] for source in sources[:count]})
        if len(reduced) <= MAX_DESCRIPTION:
            return reduced, count
    return reduce_description(description, {}), 0


def run_in(reduced: str) -> str | None:
    """The first letter or digit that is repeated too often in reduced HTML; marks do not interrupt a run."""
    return next((run for text in _MARKUP.split(_MARKS.sub("", reduced)) if (run := long_run(text)) is not None), None)


class _Reducer:
    """Writes flat HTML: blocks and marks do not nest, marks end with their block, empty blocks are dropped."""

    def __init__(self, images: Mapping[str, UploadedImage]) -> None:
        self._images = images
        self._shown = 0
        self._out: list[str] = []
        self._block: list[str] = []
        self._run = ""
        self._marks: list[str] = []
        self._lists: list[tuple[str, list[str]]] = []

    def take(self, part: Part) -> None:
        """Add the next part of the description."""
        match part.kind:
            case "open":
                self._open(part.value)
            case "close":
                self._close(part.value)
            case "image":
                self._image(part.value)
            case "text":
                self._text(part.value)

    def _open(self, tag: str) -> None:
        if tag == "br":
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
        elif tag in _BLOCKS:
            self._end_block()

    def _close(self, tag: str) -> None:
        if tag in _INLINE:
            self._end_mark()
        elif tag in _LISTS:
            self._end_block()
            self._end_list()
        elif tag in _BLOCKS:
            self._end_block()

    def _text(self, data: str) -> None:
        text = " ".join(data.split())
        before, after = data[:1].isspace(), data[-1:].isspace()
        self._say(f"{' ' * before}{text}{' ' * after}" if text else " " * before)

    def result(self) -> str:
        self._end_block()
        while self._lists:
            self._end_list()
        return "".join(self._out)

    def _image(self, source: str) -> None:
        image = self._images.get(source)
        if image is not None and self._shown < MAX_IMAGES:
            self._shown += 1
            size = f'width="{image.width}" height="{image.height}"'
            self._write(f'<img src="{image.url}" {size}>')

    def _write(self, markup: str) -> None:
        self._run = ""
        self._block.append(markup)

    def _say(self, text: str) -> None:
        """Add text. A run of one character continues across marks, and is cut there too."""
        letter = self._run[:1]
        if letter and may_be_cut(letter):
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
            # The items of a nested list go into the outer one: TikTok accepts one level.
            self._lists[-1][1].extend(items)
        elif whole:
            self._out.append(whole)


def shows_something(html: str) -> bool:
    """Whether reduced HTML has an image, a letter or a digit: TikTok refuses descriptions of symbols alone."""
    return "<img" in html or says_something(_MARKUP.sub("", html))


def _is_blank(content: str) -> bool:
    return "<img" not in content and not _MARKUP.sub("", content).strip()
