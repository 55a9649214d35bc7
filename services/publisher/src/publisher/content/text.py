"""Cleaning texts to what TikTok Shop's content rules allow. Pure.

No control characters, emoji, HTML entities or tags, and no character more than nine times in a row, in titles,
names and descriptions. What counts as emoji is not published: the symbol blocks U+2600-27BF (★, ♪) go too, and the
private-use characters, where Japanese carriers kept theirs.
"""

import html
import re

MAX_TITLE = 255
MAX_AXIS_NAME = 20
MAX_CHOICE_NAME = 50
MAX_RUN = 9

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
# C0 and C1, and what is not seen: soft hyphen, zero width, directions, joiners, tags, specials.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\U000e0000-\U000e007f]"
)
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\ufe00-\ufe0f\u20e3\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u25fd\u25fe"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
_SPACE = re.compile(r"\s+")
_RUN = re.compile(rf"(\S)\1{{{MAX_RUN},}}")
# Written out full-width, so that no HTML entity is needed, which the content rules forbid.
_FULL_WIDTH = str.maketrans({"&": "＆", "<": "＜", ">": "＞"})


def clean_line(text: str) -> str:
    """A title or name: one line of plain text."""
    return _SPACE.sub(" ", clean_text(_TAG.sub(" ", html.unescape(text)))).strip()


def clean_text(text: str) -> str:
    """Plain text without what the content rules forbid; white space is kept."""
    kept = _EMOJI.sub("", _CONTROL.sub("", text)).translate(_FULL_WIDTH)
    return _RUN.sub(lambda run: run[1] * MAX_RUN, kept)


def says_something(text: str) -> bool:
    """Whether a letter or digit is in it: texts of symbols alone are refused."""
    return any(letter.isalnum() for letter in text)
