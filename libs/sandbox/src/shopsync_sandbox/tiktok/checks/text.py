import re
import unicodedata

from shopsync_sandbox.tiktok.codes import ApiError, Code

TITLE_MAX = 255
DESCRIPTION_MAX = 10_000
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)
_HTML_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot);)(#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_IN_HTML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REPEATED = re.compile(r"(\S)\1{9}")
_EMOJI = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\U00002600-\U000026ff\U00002700-\U000027bf\ufe0f\u20e3]")


def content_fault(text: str) -> str | None:
    """The first breach of the rules for plain texts (titles, attribute names and values), or None."""
    if _CONTROL.search(text):
        return "control characters"
    if _ENTITY.search(text):
        return "HTML entities"
    if _EMOJI.search(text):
        return "emoji"
    if _REPEATED.search(text):
        return "a character repeated more than 9 times"
    if text and not any(unicodedata.category(letter)[0] in "LN" for letter in text):
        return "only symbols"
    return None


def check_title_length(title: str | None) -> None:
    if len(title or "") > TITLE_MAX:
        raise ApiError(Code.TITLE_TOO_LONG, f"title has {len(title or '')} characters, at most {TITLE_MAX} are allowed")


def check_title(title: str | None) -> None:
    if not title or not title.strip():
        raise ApiError(Code.TITLE_EMPTY, "title is empty")
    check_title_length(title)
    fault = content_fault(title)
    if fault:
        raise ApiError(Code.TITLE_CHARACTERS, f"title contains {fault}")


def check_description(description: str | None) -> None:
    if not description or not description.strip():
        raise ApiError(Code.DESCRIPTION_MISSING, "description is missing")
    if len(description) > DESCRIPTION_MAX:
        message = f"description has {len(description)} characters, at most {DESCRIPTION_MAX} are allowed"
        raise ApiError(Code.DESCRIPTION_TOO_LONG, message)
    faults = {
        "control characters": _CONTROL_IN_HTML,
        "HTML entities": _HTML_ENTITY,
        "emoji": _EMOJI,
    }
    for fault, pattern in faults.items():
        if pattern.search(description):
            raise ApiError(Code.DESCRIPTION_CHARACTERS, f"description contains {fault}")
