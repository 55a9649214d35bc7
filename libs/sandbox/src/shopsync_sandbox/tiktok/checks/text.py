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
# Emoji by default presentation only: ★ and ♪ are ordinary in Japanese titles.
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\ufe0f\u20e3\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653"
    "\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705"
    "\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55]",
)


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
    """Counted in code points."""
    if len(title or "") > TITLE_MAX:
        raise ApiError(Code.TITLE_TOO_LONG, f"title has {len(title or '')} characters, at most {TITLE_MAX} are allowed")


def check_title(title: str | None) -> None:
    """1 to 255 characters that plain text may hold."""
    if not title or not title.strip():
        raise ApiError(Code.TITLE_EMPTY, "title is empty")
    check_title_length(title)
    fault = content_fault(title)
    if fault:
        raise ApiError(Code.TITLE_CHARACTERS, f"title contains {fault}")


def check_description(description: str | None) -> None:
    """HTML of at most 10,000 characters; &amp; &lt; &gt; &quot; are allowed, other entities are not."""
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
