"""Cleaning texts to what TikTok Shop's content rules allow. Pure.

Titles, names and descriptions must have no control characters, emoji, HTML entities or tags, and no character more than
nine times in a row. Long runs of letters and digits are not cut, as they have a meaning; the checks report them. What
is left out or changed is said in `notes`.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from publisher.content.markup import decoded, line_markup
from publisher.content.symbols import without_symbols
from publisher.content.visible import LeftOut, Visible, read_visible, readable

MAX_TITLE = 255
MAX_AXIS_NAME = 20
MAX_CHOICE_NAME = 50
MAX_RUN = 9
_SHOWN, _NAMED = 60, 5
"""How many characters of an address, and how many addresses, a note has: `data:` addresses are whole files."""

_BREAK = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029\u115f\u1160\u3164\uffa0]")
"""Characters that end a line or look blank: they separate words."""
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Controls, zero width, directions, joiners, tags and specials: invisible, so they separate nothing."""
_SPACE = re.compile(r"\s+")
_STRUCK = re.compile("(?:[^\u0335\u0336][\u0335\u0336]+)+")
"""Words struck out with combining strokes, as text generators write them."""
_RUN = re.compile(rf"(\S)\1{{{MAX_RUN},}}")
_DRAWN_OUT = frozenset("ー〜～ｰ_")
# Full-width, because the content rules forbid the HTML entities that they would need.
_FULL_WIDTH = str.maketrans({"&": "＆", "<": "＜", ">": "＞"})
_WORDS: dict[LeftOut, str] = {
    "hidden": "{} hidden parts were left out, shoppers do not see them",
    "struck": "{} struck-out parts were left out, a former price must not stand beside the price",
    "controls": "the texts of {} form controls (buttons, labels, choices) were left out",
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text as it is sent. `replaced`, `dropped`: its symbols; `left_out`: notes about other parts.

    `struck`: how many words were left out because combining strokes strike them out.
    """

    text: str
    replaced: dict[str, str]
    dropped: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    struck: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or changed, for the merchant."""
        return (*self.left_out, *symbol_notes(self.replaced, self.dropped))


@functools.lru_cache(maxsize=20_000)
def cleaned_line(text: str, *, name_symbols: bool = False) -> Cleaned:
    """A title or name as one line of plain text. `name_symbols`: symbols are replaced by their names, not left out."""
    plain = decoded(text)
    visible = Visible()
    if "<" in plain:
        plain = line_markup(plain)
        if "<" in plain:
            visible = read_visible(plain)
            plain = "".join(readable(visible.parts))
    cleaned = cleaned_text(plain, name_symbols=name_symbols)
    visible.left_out["struck"] += cleaned.struck
    return replace(cleaned, text=_SPACE.sub(" ", cleaned.text).strip(), left_out=left_out_notes(visible))


def clean_line(text: str) -> str:
    """The text of `cleaned_line`."""
    return cleaned_line(text).text


def cleaned_text(text: str, *, name_symbols: bool = False) -> Cleaned:
    """Plain text without what the content rules forbid. White space is kept, line breaks become blanks."""
    plain, struck = _STRUCK.subn("", decoded(text))
    written = without_symbols(_BREAK.sub(" ", plain), name_all=name_symbols)
    kept = _UNSEEN.sub("", written.text).translate(_FULL_WIDTH)
    return Cleaned(_RUN.sub(_shortened, kept), written.replaced, written.dropped, struck=struck)


def left_out_notes(visible: Visible) -> tuple[str, ...]:
    """What was left out, for the merchant."""
    notes = [words.format(visible.left_out[reason]) for reason, words in _WORDS.items() if visible.left_out[reason]]
    if visible.no_addresses:
        named = ", ".join(repr(address[:_SHOWN]) for address in visible.no_addresses[:_NAMED])
        notes.append(f"{len(visible.no_addresses)} images were left out, they have no http(s) address: {named}")
    return tuple(notes)


def symbol_notes(replaced: Mapping[str, str], dropped: Iterable[str]) -> Iterator[str]:
    """What became of symbols, for the merchant. Private-use characters cannot be shown, so their codes are."""
    if replaced:
        yield "symbols are written as " + ", ".join(f"{symbol} {name}" for symbol, name in replaced.items())
    shown = [f"U+{ord(symbol):04X}" if _is_private(symbol) else symbol for symbol in dropped]
    if shown:
        yield "symbols that TikTok takes for emoji were left out: " + " ".join(shown)


def long_run(text: str) -> str | None:
    """The first letter or digit that is repeated more often in a row than TikTok allows, or None."""
    return next((run[1] for run in _RUN.finditer(text) if not may_be_cut(run[1])), None)


def says_something(text: str) -> bool:
    """Whether it has a letter or digit: TikTok refuses texts of symbols alone."""
    return any(letter.isalnum() for letter in text)


def _shortened(run: re.Match[str]) -> str:
    return run[1] * MAX_RUN if may_be_cut(run[1]) else run[0]


def may_be_cut(letter: str) -> bool:
    """Whether a run of this character may be shortened.

    Lines of dashes, stars and drawn-out sounds mean the same when they are shorter; numbers and words do not.
    """
    return letter in _DRAWN_OUT or not letter.isalnum()


def _is_private(symbol: str) -> bool:
    return "\ue000" <= symbol <= "\uf8ff" or symbol >= "\U000f0000"
