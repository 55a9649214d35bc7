import re
import unicodedata

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.settings import Settings

TITLE_MAX = 255
_ENTITY = re.compile(r"&(#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REPEATED = re.compile(r"(\S)\1{9}")
# Only characters with emoji presentation: ★ and ♪ are ordinary in Japanese titles.
EMOJI = re.compile(
    "[\U0001f000-\U0001faff\ufe0f\u20e3\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653"
    "\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705"
    "\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55]",
)
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


def text_fault(text: str) -> str | None:
    """The first violation of the rules for plain texts (titles, attribute names and values), or None."""
    if _CONTROL.search(text):
        return "control characters"
    if _ENTITY.search(text):
        return "HTML entities"
    if EMOJI.search(text):
        return "emoji"
    if is_repetitive(text):
        return "a character repeated more than 9 times"
    if text and is_only_symbols(text):
        return "only symbols"
    return None


def is_repetitive(text: str) -> bool:
    """Whether a character occurs more than nine times in a row."""
    return _REPEATED.search(text) is not None


def is_only_symbols(text: str) -> bool:
    """Whether there is neither a letter nor a digit of any script."""
    return not any(unicodedata.category(letter)[0] in "LN" for letter in text)


def check_chinese(text: str, code: Code, what: str, settings: Settings) -> None:
    """Refuse characters that are in simplified Chinese but not in Japanese, if the settings say so."""
    if settings.chinese_characters == "refused" and any(map(_is_simplified, _HAN.findall(text))):
        raise ApiError(code, f"Chinese characters are not supported in {what}")


def check_title_length(title: str | None) -> None:
    """Check the length in code points."""
    if len(title or "") > TITLE_MAX:
        raise ApiError(Code.TITLE_TOO_LONG, f"title has {len(title or '')} characters, at most {TITLE_MAX} are allowed")


def check_title(title: str | None, settings: Settings) -> None:
    """Check 1 to 255 characters that are allowed in plain text."""
    if not title or not title.strip():
        raise ApiError(Code.TITLE_EMPTY, "title is empty")
    check_title_length(title)
    check_chinese(title, Code.TITLE_CHINESE, "title", settings)
    if settings.illegal_title_prefixes and title.startswith(settings.illegal_title_prefixes):
        raise ApiError(Code.TITLE_PREFIX, "the title's prefix is illegal")
    fault = text_fault(title)
    if fault:
        raise ApiError(Code.TITLE_CHARACTERS, f"title contains {fault}")


def _is_simplified(letter: str) -> bool:
    """Whether the character is in GB 2312 but not in JIS X 0213."""
    return _encodes(letter, "gb2312") and not _encodes(letter, "euc_jis_2004")


def _encodes(letter: str, charset: str) -> bool:
    try:
        letter.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
