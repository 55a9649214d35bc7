"""Tells angle brackets and ampersands that are HTML from those that are text. Pure."""

import html
import re
from html.entities import html5

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
ELEMENTS = VOID | frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "applet",
        "article",
        "aside",
        "audio",
        "b",
        "basefont",
        "bdi",
        "bdo",
        "bgsound",
        "big",
        "blink",
        "blockquote",
        "body",
        "button",
        "canvas",
        "caption",
        "center",
        "cite",
        "code",
        "colgroup",
        "data",
        "datalist",
        "dd",
        "del",
        "details",
        "dfn",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "em",
        "fieldset",
        "figcaption",
        "figure",
        "font",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hgroup",
        "html",
        "i",
        "iframe",
        "ins",
        "isindex",
        "kbd",
        "keygen",
        "label",
        "legend",
        "li",
        "listing",
        "main",
        "map",
        "mark",
        "marquee",
        "math",
        "menu",
        "meter",
        "nav",
        "nobr",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "ol",
        "optgroup",
        "option",
        "output",
        "p",
        "picture",
        "plaintext",
        "pre",
        "progress",
        "q",
        "rb",
        "rp",
        "rt",
        "rtc",
        "ruby",
        "s",
        "samp",
        "script",
        "search",
        "section",
        "select",
        "slot",
        "small",
        "spacer",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "summary",
        "sup",
        "svg",
        "table",
        "tbody",
        "td",
        "template",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "xmp",
    ]
)
_ENDED_BY_NEXT = frozenset(["rb", "rp", "rt", "rtc", "li", "dd", "dt", "td", "th", "tr"])
_BOOLEAN = frozenset(
    ["hidden", "open", "nowrap", "noshade", "compact", "disabled", "checked", "selected", "readonly", "multiple"]
)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][^\s<>/]*)(?P<rest>[^<>]*)(?P<close>>|(?=<)|\Z)")
_ASCII_WORDS = re.compile(r"[\s\w/'\"-]*", re.ASCII)
_COMMENT = re.compile(r"<!--.*?(?:--!?>|\Z)", re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_NESTED = re.compile(r"&(?:amp;|#38;|#[xX]26;)+")
_MOST_DECODINGS = 10


def decoded(text: str) -> str:
    """The text with its entities decoded, nested ones too. Without a `;` it is no entity (`Pencil&notebook`)."""
    for _ in range(_MOST_DECODINGS):
        before, text = text, _ENTITY.sub(_character, _NESTED.sub("&", text))
        if text == before:
            break
    return text


def with_own_ampersands(markup: str) -> str:
    """HTML in which every ampersand that begins no entity is written as `&amp;`."""
    begun = re.sub(r"&(?!(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);)", "&amp;", markup)
    return _ENTITY.sub(lambda entity: entity[0] if _is_entity(entity[0]) else f"&amp;{entity[0][1:]}", begun)


def line_markup(text: str) -> str:
    """A line as HTML, in which brackets that are no tags become full-width. The line must have no entities.

    A tag without attributes counts only in a pair, or when its element has no end tag: `<S>` may be a size.
    """
    text = text.replace("&", "＆")
    comments = [comment.span() for comment in _COMMENT.finditer(text)]
    kept: list[str] = []
    begin = 0
    for first, last in comments:
        kept += [_line_tags(text[begin:first], text), text[first:last]]
        begin = last
    kept.append(_line_tags(text[begin:], text))
    return "".join(kept)


def own_brackets(markup: str) -> str:
    """HTML in which what only looks like a tag (`<L>`, `<BRAND>`, `a<b と c>`) is escaped."""
    lower = markup.lower()
    return _TAG.sub(lambda tag: tag[0] if _may_be_markup(tag, lower) else f"&lt;{tag[0][1:]}", markup)


def _line_tags(part: str, whole: str) -> str:
    lower = whole.lower()
    out: list[str] = []
    begin = 0
    for tag in _TAG.finditer(part):
        if _is_line_tag(tag, lower):
            out += [_full_width(part[begin : tag.start()]), tag[0]]
            begin = tag.end()
    out.append(_full_width(part[begin:]))
    return "".join(out)


def _is_line_tag(tag: re.Match[str], lower: str) -> bool:
    name, rest = tag["name"].lower(), tag["rest"].strip().rstrip("/").strip()
    if name not in ELEMENTS or not tag["close"]:
        return False
    if rest and not _is_pair(tag, lower):
        return "=" in rest or all(word in _BOOLEAN for word in rest.lower().split())
    return bool(tag["end"]) or name in VOID | _ENDED_BY_NEXT or f"</{name}" in lower


def _is_pair(tag: re.Match[str], lower: str) -> bool:
    """Whether an end tag follows, so that words in the tag are attributes: `<del 旧価格>980円</del>`."""
    return bool(tag["rest"][:1].isspace()) and f"</{tag['name'].lower()}" in lower[tag.end() :]


def _may_be_markup(tag: re.Match[str], lower: str) -> bool:
    if "=" in tag["rest"] or (tag["name"].lower() in ELEMENTS and tag["close"] and _is_pair(tag, lower)):
        return True
    name = tag["name"].lower()
    return (name in ELEMENTS or "-" in name or ":" in name) and _ASCII_WORDS.fullmatch(tag["rest"]) is not None


def _full_width(text: str) -> str:
    return text.replace("<", "＜").replace(">", "＞")


def _is_entity(entity: str) -> bool:
    return entity[1] == "#" or entity[1:] in html5


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if _is_entity(entity[0]) else entity[0]
