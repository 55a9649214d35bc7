"""Cleaning texts to what TikTok Shop's content rules allow. Pure.

No control characters, emoji, HTML entities or tags, and no character more than nine times in a row, in titles,
names and descriptions. What counts as emoji is not published: the symbol blocks U+2600-27BF (★, ♪) go too.
"""

import html
import re

MAX_TITLE = 255
MAX_AXIS_NAME = 20
MAX_CHOICE_NAME = 50

_TAG = re.compile(r"<[a-zA-Z/!][^>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff\ufff9-\ufffd]")
_EMOJI = re.compile("[\U0001f000-\U0001faff\U00002600-\U000027bf\ufe00-\ufe0f\u20e3]")
_SPACE = re.compile(r"\s+")
_RUN = re.compile(r"(\S)\1{9,}")
# Written out full-width, so that no HTML entity is needed, which the content rules forbid.
_FULL_WIDTH = str.maketrans({"&": "＆", "<": "＜", ">": "＞"})


def clean_line(text: str) -> str:
    """A title or name: one line of plain text."""
    return _SPACE.sub(" ", clean_text(_TAG.sub(" ", html.unescape(text)))).strip()


def clean_text(text: str) -> str:
    """Plain text without what the content rules forbid; white space is kept."""
    kept = _EMOJI.sub("", _CONTROL.sub("", text))
    return _RUN.sub(lambda run: run[1] * 9, kept).translate(_FULL_WIDTH)
