"""What is written in place of pictographs and dingbats, which TikTok Shop takes for emoji. Pure.

TikTok does not publish what counts as emoji, and tells sellers to keep symbols out of titles. So none is sent: neither
the blocks of symbols (U+2600-27BF) and pictures, nor private-use characters, which Japanese carriers used for emoji.

- A symbol with a plain equivalent is written as that, in every text: ❶ (1), ✖ ×, ➡ →, 🅰 (A), 🈚 (無).
- ♂, ♀, suits of cards, telephones and flags (🇯🇵製) have a meaning: their Japanese names are written, in every text.
- All others are decoration: they are left out of names and descriptions. In choice names, which may differ by them
  only, their names are written: ♥ (ハート), 🐱 (ネコの顔).
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import emoji

_JOINERS = "\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010fffd"
_CLASS = (
    "\u2600-\u27bf\U0001f000-\U0001faff\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u25fd\u25fe\u2b05-\u2b07\u2b1b\u2b1c\u2b50"
    "\u2b55"
)
_ANY = re.compile(f"[{_CLASS}{_JOINERS}{_PRIVATE}]")
_PICTURE = re.compile(f"[{_CLASS}]")
_ONLY_JOINERS = re.compile(f"[{_JOINERS}]+")
_IS_PRIVATE = re.compile(f"[{_PRIVATE}]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")

_EQUIVALENTS = {
    **dict.fromkeys("\u2794\u27a1", "→"),
    **dict.fromkeys((chr(code) for code in (*range(0x2798, 0x27B0), *range(0x27B1, 0x27BF))), "→"),
    "⬅": "←",
    "⬆": "↑",
    "⬇": "↓",
    **dict.fromkeys("✕✖✗✘❌❎", "×"),
    **dict.fromkeys("✙✚➕", "＋"),
    "➖": "－",
    "➗": "÷",
    "⭕": "○",
    "⬛": "■",
    "⬜": "□",
    "◾": "■",
    "◽": "□",
    **dict.fromkeys("❓❔", "？"),
    **dict.fromkeys("❗❕", "！"),
    "❛": "‘",
    "❜": "’",
    "❝": "“",
    "❞": "”",
    "🔟": "(10)",
}
_MEANINGFUL = frozenset("♂♀⚢⚣⚤⚥⚦⚧⚨⚩♠♣♦♤♧♢☎☏✆")
_JAPANESE = {
    "★": "黒い星",
    "☆": "白い星",
    "♪": "八分音符",
    "♫": "連桁付き八分音符",
    "♬": "連桁付き十六分音符",
    "♭": "フラット",
    "♮": "ナチュラル",
    "♯": "シャープ",
    "♡": "白抜きハート",
    "♢": "白抜きダイヤ",
    "♤": "白抜きスペード",
    "♧": "白抜きクラブ",
    "☏": "白抜き電話",
    "✆": "電話番号",
    "⚥": "両性のマーク",
    "✿": "黒い花",
    "❀": "白い花",
    "✓": "チェック",
}
_LETTER = re.compile(
    r"(?:NEGATIVE |CROSSED NEGATIVE )?(?:CIRCLED|SQUARED|PARENTHESIZED) (?:LATIN CAPITAL LETTER )?([A-Z]{1,4}!?)"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A text without symbols. `replaced`: what each symbol is written as. `dropped`: symbols that are left out."""

    text: str
    replaced: dict[str, str]
    dropped: tuple[str, ...]


def without_symbols(text: str, *, name_all: bool) -> Written:
    """Write the text without symbols. `name_all`: only private-use characters, which have no name, are left out."""
    if _ANY.search(text) is None:
        return Written(text, {}, ())
    replaced: dict[str, str] = {}
    dropped: dict[str, None] = {}

    def write(symbol: str) -> str:
        stand_in = _stand_in(symbol, name_all=name_all)
        if stand_in:
            replaced[symbol] = stand_in
        elif _ONLY_JOINERS.fullmatch(symbol) is None:
            dropped[symbol] = None
        return stand_in

    plain = _KEYCAP.sub(lambda cap: write(cap[0]), text)
    return Written("".join(_rewritten(plain, write)), replaced, tuple(dropped))


def _rewritten(text: str, write: Callable[[str], str]) -> Iterator[str]:
    """Replace whole emoji, which may be several characters, then the remaining symbols one by one."""
    begin = 0
    for found in emoji.emoji_list(text):
        if _PICTURE.search(found["emoji"]) is not None:
            yield _ANY.sub(lambda one: write(one[0]), text[begin : found["match_start"]])
            yield write(found["emoji"])
            begin = found["match_end"]
    yield _ANY.sub(lambda one: write(one[0]), text[begin:])


@functools.lru_cache(maxsize=2_000)
def _stand_in(symbol: str, *, name_all: bool) -> str:
    keycap = _KEYCAP.fullmatch(symbol)
    if keycap is not None:
        return f"({keycap[1]})"
    if _ONLY_JOINERS.fullmatch(symbol) is not None or _IS_PRIVATE.fullmatch(symbol) is not None:
        return ""
    bare = _ONLY_JOINERS.sub("", symbol)
    equivalent = _equivalent(bare) if len(bare) == 1 else None
    if equivalent is not None:
        return equivalent
    return f"({_name(symbol)})" if name_all or bare in _MEANINGFUL or _FLAG.fullmatch(symbol) else ""


def _equivalent(symbol: str) -> str | None:
    if symbol in _EQUIVALENTS:
        return _EQUIVALENTS[symbol]
    number = unicodedata.numeric(symbol, None)
    if number is not None and number.is_integer():
        return f"({int(number)})"
    compatible = unicodedata.normalize("NFKC", symbol)
    if compatible != symbol:
        return f"({compatible.strip('()〔〕')})"
    letter = _LETTER.fullmatch(unicodedata.name(symbol, ""))
    return f"({letter[1]})" if letter is not None else None


def _name(symbol: str) -> str:
    """The Japanese name in Unicode, or the English one where there is none."""
    known = _JAPANESE.get(symbol)
    if known is not None:
        return known
    japanese = emoji.demojize(symbol, language="ja", delimiters=("", ""))
    if japanese != symbol:
        return japanese.removeprefix("旗_").replace("_", "・")
    parts = (unicodedata.name(letter, f"U+{ord(letter):04X}") for letter in _ONLY_JOINERS.sub("", symbol) or symbol)
    return " ".join(parts).lower()
