"""Characters that nobody sees, in what a merchant types or pastes: they are left out. Pure."""

import re
from typing import Final

_PICTURES: Final = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_KEPT: Final = (
    # A flag of a region; families, professions and the like, whose pictures a joiner makes one.
    f"\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f|(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])"
)
_UNSEEN: Final = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_CHOSEN: Final = re.compile(f"({_KEPT})|[{_UNSEEN}]")
_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BREAKS: Final = re.compile(r"\s*[\t\n]\s*")


def lines_of(text: str) -> str:
    """For a field of several lines: each ends with a line feed, and holds no character that nobody sees."""
    return _CHOSEN.sub(lambda found: found[1] or "", _LINE_ENDS.sub("\n", text)).strip()


def line_of(text: str) -> str:
    """For a field of one line, in which line ends and tabs are a blank."""
    return _BREAKS.sub(" ", lines_of(text))
