"""The text of an error reply as one line for reports and logs: decoded, shortened, without secrets. Pure."""

import base64
import binascii
import codecs
import contextlib
import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import nh3

LONGEST = 300
"""Characters of a reply that are shown."""

_LOOKED_AT = 16 * 1024
_KANA = re.compile(r"[\u3001\u3002\u3041-\u30fe\uff61-\uff9f]")
"""Punctuation, hiragana and katakana. Nearly every Japanese sentence has some."""

_COMMON_EUC = re.compile(rb"(?:[\x00-\x7f]|\x8e[\xa1-\xdf]|[\xa1-\xcf][\xa1-\xfe])*[\x8e\xa1-\xcf]?")
"""EUC-JP without rare kanji (JIS level 2), which look like half-width katakana in Shift_JIS."""

# Names as browsers read them (WHATWG): shift_jis means Windows' superset of it.
_NAMES = {
    **dict.fromkeys(("utf-8", "utf8"), "utf_8"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "windows-31j", "cp932", "ms932"), "cp932"),
    **dict.fromkeys(("euc-jp", "x-euc-jp", "eucjp", "cp51932"), "euc_jp"),
    **dict.fromkeys(("iso-2022-jp", "csiso2022jp"), "iso2022_jp"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf_16_le"),
    "utf-16be": "utf_16_be",
}
_MARKS = [(codecs.BOM_UTF8, "utf_8_sig"), (codecs.BOM_UTF16_LE, "utf_16"), (codecs.BOM_UTF16_BE, "utf_16")]
_DECLARED = re.compile(r"""(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.ASCII | re.IGNORECASE)
_SECRET = re.compile(
    r"""(?ix) (\b (?: bearer | basic ) \s+) [\w.~+/=-]{6,}
    | ( (?: token | secret | passw(?:or)?d | api_?key | authorization | cookie | session_?id )
        ["']? \s* [:=] \s* ["']? )
      (?! (?: bearer | basic ) \s ) [^\s"'&<>,;]+ """
)
_HIDDEN = "***"
_NOT_SEEN = {"script", "style", "template", "noscript"}
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff\s]+")


def error_text(body: bytes, content_type: str = "", secrets: Iterable[str] = (), *, longest: int = LONGEST) -> str:
    """The reply's text on one line of at most `longest` characters; "" when there is none.

    For JSON in the error format of futureshop or OAuth these are its members, for HTML its visible text.
    """
    text = decoded(body, content_type)
    document = _json(text)
    words = _visible(text) if document is None else _members(document) or text
    return _shortened(without_secrets(_UNSEEN.sub(" ", words).strip(), secrets), longest)


def decoded(body: bytes, content_type: str = "") -> str:
    """The start of the body as text, decoded by byte order mark, header, declaration or guess. Never raises.

    A declaration that does not fit the bytes is ignored, and so is that of a single-byte encoding, which fits anything.
    """
    start = body[:_LOOKED_AT]
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return start.decode(encoding, errors="replace")
    declared = [*_DECLARED.findall(content_type), *_DECLARED.findall(start[:2048].decode("latin-1"))]
    for encoding in filter(None, (_NAMES.get(name.lower()) for name in declared)):
        try:
            return _decoded_as(start, encoding)
        except UnicodeDecodeError:
            continue
    return _guessed(start)


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without these values, plain, percent-encoded or escaped, and without what looks like a secret."""
    for secret in sorted((one for one in secrets if len(one) >= 4), key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), html.escape(secret)):
            text = text.replace(form, _HIDDEN)
    return _SECRET.sub(lambda match: f"{match[1] or match[2]}{_HIDDEN}", text)


def secrets_of(headers: Mapping[str, str]) -> list[str]:
    """The secrets in a request's Authorization header: the token, or the client secret and its encoded pair."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    found = [value]
    if scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error, UnicodeDecodeError):
            found += base64.b64decode(value).decode().partition(":")[2:]
    return [one for one in found if one]


def _decoded_as(start: bytes, encoding: str) -> str:
    """Decode strictly, but leave out a character that was cut."""
    return codecs.getincrementaldecoder(encoding)("strict").decode(start, final=False)


def _guessed(start: bytes) -> str:
    """Guess among Japanese encodings. General detectors take short pages for Korean, or EUC-JP for Shift_JIS."""
    readings = {}
    for encoding in ("iso2022_jp", "utf_8", "euc_jp", "cp932"):
        with contextlib.suppress(UnicodeDecodeError):
            readings[encoding] = _decoded_as(start, encoding)
    if b"\x1b$" not in start:
        readings.pop("iso2022_jp", None)
    euc = readings.get("euc_jp")
    if euc is not None and not _KANA.search(euc) and not _COMMON_EUC.fullmatch(start):
        readings["euc_jp"] = readings.pop("cp932", euc)
    return next(iter(readings.values()), start.decode("utf-8", errors="replace"))


def _json(text: str) -> Any | None:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _members(document: Any) -> str:
    """The text of `{"errors": [{"code", "path"?, "message"}]}`, or of OAuth's `{"error", "error_description"}`."""
    if not isinstance(document, dict):
        return ""
    errors = document.get("errors")
    told = [_joined(error, "code", "path", "message") for error in errors] if isinstance(errors, list) else []
    told.append(_joined(document, "code", "error", "error_description", "message"))
    return "; ".join(filter(None, told))


def _joined(error: Any, *members: str) -> str:
    if not isinstance(error, dict):
        return ""
    values = [error.get(member) for member in members]
    return " ".join(str(value) for value in values if isinstance(value, str | int) and value)


def _visible(text: str) -> str:
    """The visible text of a page. Every tag becomes a blank, so that adjacent blocks do not run together."""
    if "<" not in text:
        return text
    return html.unescape(nh3.clean(text.replace("<", " <"), tags=set(), clean_content_tags=_NOT_SEEN))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
