import re
from html.parser import HTMLParser

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.text import EMOJI, check_chinese, is_only_symbols, is_repetitive
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.images import Image, uri_of

DESCRIPTION_MAX = 10_000
IMAGES_MAX = 30
IMAGE_SIDE_MAX = 4_000
DEPTH_MAX = 10
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot);)(#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = frozenset({"class", "style"})
_IMAGE_NEEDS = ("src", "width", "height")
_VOID = frozenset({"br", "hr", "img"})
_CELL = _PLAIN | {"colspan", "rowspan"}
#: Elements and the attributes they may have.
_TAGS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        [
            "p",
            "div",
            "span",
            "br",
            "hr",
            "b",
            "strong",
            "i",
            "em",
            "u",
            "s",
            "ul",
            "ol",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
        ],
        _PLAIN,
    ),
    **dict.fromkeys(["table", "thead", "tbody", "tr"], _PLAIN),
    "td": _CELL,
    "th": _CELL,
    "img": _PLAIN.union(_IMAGE_NEEDS, {"alt"}),
}
#: Element -> the elements it must be in, or must not be in.
_INSIDE = {"li": {"ul", "ol"}, "tr": {"table", "thead", "tbody"}, "td": {"tr"}, "th": {"tr"}}
_NEVER_INSIDE = {"p": {"p"}, "table": {"table"}}


class _Reader(HTMLParser):
    """Reads the whole description and keeps the first fault."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sources: list[str] = []
        self.texts: list[str] = []
        self.fault: ApiError | None = None
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.sources.append(given.get("src", ""))
        self._refuse(self._tag_fault(tag, given))
        if tag not in _VOID:
            self._open.append(tag)
            if len(self._open) > DEPTH_MAX:
                self._refuse((Code.DESCRIPTION_DEPTH, f"description nests deeper than {DEPTH_MAX} elements"))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self._open or self._open.pop() != tag:
            self._refuse((Code.DESCRIPTION_SYNTAX, f"description: </{tag}> closes nothing"))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self._refuse((Code.DESCRIPTION_TAG, f"description: the comment {data[:20]!r} is not supported"))

    def finish(self) -> None:
        self.close()
        if self._open:
            self._refuse((Code.DESCRIPTION_SYNTAX, f"description: <{self._open[-1]}> is not closed"))

    def _tag_fault(self, tag: str, given: dict[str, str]) -> tuple[Code, str] | None:
        allowed = _TAGS.get(tag)
        if allowed is None:
            return Code.DESCRIPTION_TAG, f"description: tag <{tag}> is not supported"
        illegal = sorted(set(given) - allowed)
        if illegal:
            return Code.DESCRIPTION_ATTRIBUTE_ILLEGAL, f"description: <{tag}> contains illegal attribute {illegal[0]}"
        missing = [name for name in _IMAGE_NEEDS if tag == "img" and not given.get(name)]
        if missing:
            return Code.DESCRIPTION_ATTRIBUTE_MISSING, f"description: <img> misses its attribute {missing[0]}"
        parent = self._open[-1] if self._open else ""
        if (tag in _INSIDE and parent not in _INSIDE[tag]) or not _NEVER_INSIDE.get(tag, set()).isdisjoint(self._open):
            return Code.DESCRIPTION_NEST, f"description: <{tag}> cannot stand in <{parent or 'nothing'}>"
        return None

    def _refuse(self, fault: tuple[Code, str] | None) -> None:
        if fault is not None and self.fault is None:
            self.fault = ApiError(*fault)


def check_description(description: str | None, context: Context) -> None:
    """HTML of at most 10,000 characters with uploaded pictures.

    &amp; &lt; &gt; &quot; are allowed, other entities are not.
    """
    if not description or not description.strip():
        raise ApiError(Code.DESCRIPTION_MISSING, "description is missing")
    if len(description) > DESCRIPTION_MAX:
        message = f"description has {len(description)} characters, at most {DESCRIPTION_MAX} are allowed"
        raise ApiError(Code.DESCRIPTION_TOO_LONG, message)
    reader = _Reader()
    reader.feed(description)
    reader.finish()
    if len(reader.sources) > IMAGES_MAX:
        message = f"description has {len(reader.sources)} images, at most {IMAGES_MAX} are allowed"
        raise ApiError(Code.DESCRIPTION_IMAGES, message)
    if reader.fault is not None:
        raise reader.fault
    for source in reader.sources:
        _check_image(source, context)
    _check_texts(description, reader, context)


def _check_texts(description: str, reader: _Reader, context: Context) -> None:
    check_chinese(description, Code.DESCRIPTION_CHINESE, "description", context.settings)
    faults = {
        "control characters": _CONTROL.search(description),
        "HTML entities": _ENTITY.search(description),
        "emoji": EMOJI.search(description),
        "a character repeated more than 9 times": any(map(is_repetitive, reader.texts)),
        "only symbols": not reader.sources and is_only_symbols("".join(reader.texts)),
    }
    fault = next((name for name, found in faults.items() if found), None)
    if fault is not None:
        raise ApiError(Code.DESCRIPTION_CHARACTERS, f"description contains {fault}")


def _check_image(source: str, context: Context) -> None:
    known = source in context.images.urls
    image = context.images.get(uri_of(source[source.index("/image/") :])) if known else None
    if image is None:
        message = f"description image {source!r} was not uploaded to TikTok Shop"
        raise ApiError(Code.DESCRIPTION_FOREIGN_IMAGE, message)
    fault = _image_fault(image, context)
    if fault is not None:
        raise ApiError(fault, f"description image {source!r} is refused: {fault.name.lower()}")


def _image_fault(image: Image, context: Context) -> Code | None:
    settings = context.settings
    if max(image.width, image.height) > IMAGE_SIDE_MAX:
        return Code.DESCRIPTION_IMAGE_SIZE
    if len(image.content) > settings.max_image_bytes:
        return Code.DESCRIPTION_IMAGE_SPACE
    if settings.image_formats and image.media_type not in settings.image_formats:
        return Code.DESCRIPTION_IMAGE_FORMAT
    return None
