"""Lines of plain text: every control, line break, entity and symbol."""

import sys
import unicodedata
from html.entities import html5

import pytest

from publisher.content.description import read_description, reduce_description
from publisher.content.text import clean_line, cleaned_line, cleaned_text
from shopsync_sandbox.tiktok.products.checks.text import text_fault

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
BREAKS = {letter for letter in EVERY if len(f"a{letter}b".splitlines()) > 1} | set("\t\x1f\u2028\u2029")
CONTROLS = {letter for letter in EVERY if unicodedata.category(letter) in {"Cc", "Zl", "Zp"}}
FORMATS = {letter for letter in EVERY if unicodedata.category(letter) == "Cf"}
ARABIC_AND_EGYPTIAN = [
    *range(0x600, 0x606),
    0x6DD,
    0x70F,
    0x890,
    0x891,
    0x8E2,
    0x110BD,
    0x110CD,
    *range(0x13430, 0x13440),
]
VISIBLE_FORMATS = set(map(chr, ARABIC_AND_EGYPTIAN))


def test_every_line_break_separates_words():
    assert {clean_line(f"上段{letter}下段") for letter in BREAKS} == {"上段 下段"}
    assert {clean_line(f"上段{letter}{letter}\r\n下段") for letter in BREAKS} == {"上段 下段"}


def test_other_control_and_invisible_characters_are_removed():
    unseen = (CONTROLS | FORMATS) - BREAKS - VISIBLE_FORMATS
    assert len(unseen) > 150
    assert {clean_line(f"上{letter}段") for letter in unseen} == {"上段"}


def test_every_blank_is_one():
    blanks = {letter for letter in EVERY if unicodedata.category(letter) == "Zs"} | set("\u3164\u115f\u1160\uffa0")
    assert {clean_line(f"上段{letter} 下段") for letter in blanks} == {"上段 下段"}


def test_ideographic_variants_are_kept():
    assert clean_line("葛\U000e0100城") == "葛\U000e0100城"


@pytest.mark.parametrize("name", sorted(html5))
def test_entities_count_with_their_semicolon_only(name):
    """All 2,231 names of HTML."""
    if name.endswith(";"):
        expected = clean_line(html5[name].replace("&", "＆").replace("<", "＜").replace(">", "＞"))
        assert clean_line(f"&{name}") == expected
        assert clean_line(f"&amp;{name}") == expected
    else:
        assert clean_line(f"Pencil&{name}book") == f"Pencil＆{name}book"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("半袖Tシャツ <L> 黒", "半袖Tシャツ ＜L＞ 黒"),
        ("<BRAND> 帆布トート", "＜BRAND＞ 帆布トート"),
        ("a<b と c>d", "a＜b と c＞d"),
        ("<S> <M> <P>", "＜S＞ ＜M＞ ＜P＞"),
        ("10<b>20", "10＜b＞20"),
        ("→<small>", "→＜small＞"),
        ("<b>新作</b>靴下", "新作靴下"),
        ("<B CLASS=x>新作</B>靴下<br/>黒", "新作靴下 黒"),
        ("<span style='color:red'>新作", "新作"),
        ("新作</span>", "新作"),
        ("<!-- 内 -->靴下", "靴下"),
        ("<!内>靴下", "＜!内＞靴下"),
        ("3<5 && 7>5", "3＜5 ＆＆ 7＞5"),
        ("<<A>>", "＜＜A＞＞"),
        ("</M>", "＜/M＞"),
        ("<>", "＜＞"),
        ("&lt;L&gt;", "＜L＞"),
        ("&amp;lt;L&amp;gt;", "＜L＞"),
        ("&#60;L&#x3E;", "＜L＞"),
        ("&lt;b&gt;新&lt;/b&gt;", "新"),
        ("Pencil&notebook", "Pencil＆notebook"),
        ("ホーム&center", "ホーム＆center"),
        ("&amp;amp;", "＆"),
        ("&amp;amp;amp;amp;amp;amp;amp;amp;amp;amp;amp;amp;amp;", "＆"),
        ("R&notit;D", "R＆notit;D"),
        ("&#0;&#x110000;&#xD800;", ""),
        ("型番 A0000000000001", "型番 A0000000000001"),
        ("---------------", "-" * 9),
        ("すごーーーーーーーーーーーーい", "すごーーーーーーーーーい"),
    ],
)
def test_a_line_keeps_its_words(text, clean):
    assert clean_line(text) == clean


def symbols():
    """Every character in the blocks, and some emoji of several characters."""
    blocks = [
        *range(0x2600, 0x27C0),
        *range(0x1F000, 0x1FB00),
        *range(0x231A, 0x231C),
        *range(0x23E9, 0x23FB),
        0x2B1B,
        0x2B1C,
        0x2B50,
        0x2B55,
        *range(0x2B05, 0x2B08),
    ]
    single = [chr(code) for code in blocks if unicodedata.category(chr(code)) != "Cn"]
    return [
        *single,
        "👨\u200d👩\u200d👧",
        "🇯🇵",
        "👍🏽",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "♂\ufe0f",
        "🏴\U000e0067\U000e007f",
    ]


def test_every_symbol_has_a_name_or_an_equivalent_that_tiktok_accepts():
    for symbol in symbols():
        named = cleaned_text(symbol, name_symbols=True)
        assert text_fault(f"色{named.text}") is None, (symbol, named)
        if symbol not in "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff":
            assert named.text, symbol
            assert named.notes, symbol
        plain = cleaned_text(f"色{symbol}")
        assert text_fault(plain.text) is None, (symbol, plain)


def test_two_symbols_seldom_share_a_name():
    """Where they do (❶, ➀, ➊) choices get their numbers."""
    by_text = {}
    for symbol in symbols():
        if len(symbol) == 1:
            by_text.setdefault(cleaned_text(symbol, name_symbols=True).text, []).append(symbol)
    shared = {text for text, found in by_text.items() if len(found) > 1}
    assert {text for text in shared if len(text.strip("()")) > 2} == set()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("🇯🇵製の靴下", "(日本)製の靴下"),
        ("🇮🇹製", "(イタリア)製"),
        ("生産国🇯🇵🇺🇸", "生産国(日本)(アメリカ合衆国)"),
        ("5\u0336,\u03360\u03360\u03360\u0336円\u0336 3,000円", "3,000円"),
        ("定価9\u03350\u03350\u0335円\u0335 靴下", "定価 靴下"),
        ("5&#822;0&#822;円&#822; 靴下", "靴下"),
        ("a\u0338b =\u0338", "a\u0338b =\u0338"),
    ],
)
def test_flags_are_named_and_words_struck_out_by_letters_are_not_sent(text, sent):
    assert clean_line(text) == sent
    assert reduce_description(f"<p>{text}</p>", {}) == f"<p>{sent}</p>"
    assert cleaned_line(text).notes == read_description(f"<p>{text}</p>").notes
    assert bool(cleaned_line(text).notes) == (text != sent)
