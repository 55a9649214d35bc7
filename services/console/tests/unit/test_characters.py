"""Characters that nobody sees are left out of what is entered; what a reader sees stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.forms.characters import line_of, lines_of
from console.forms.fields import ONE_LINE, TEXTS, plain

TRICKY = "\u200b\u200c\u200d\ufeff\u202e\u2066\u00ad\x00\x1b\x85\u2028\r\n\t 👩🏴❤\ufe0f\U000e0067\U000e007fシャツa"
texts = st.text(max_size=20) | st.text(alphabet=TRICKY, max_size=20)


@pytest.mark.parametrize(
    ("entered", "taken"),
    [
        ("\ufeff夏の\u200bシャ\u2060ツ\u200e", "夏のシャツ"),
        ("シャツ\u202e\u2066x\u2069", "シャツx"),
        ("シャ\u200dツ\u200c", "シャツ"),
        ("co\u00adtton\x00\x07\x1b\x9f", "cotton"),
        ("a\r\nb", "a b"),
        (" a \t\n\n\u2028 b\x0b\tc ", "a b c"),
        ("夏　の\u00a0シャツ", "夏　の\u00a0シャツ"),
        ("家族👨\u200d👩\u200d👧\u200d👦", "家族👨\u200d👩\u200d👧\u200d👦"),
        ("👩🏽\u200d🔬❤\ufe0f\u200d🔥🏳\ufe0f\u200d🌈", "👩🏽\u200d🔬❤\ufe0f\u200d🔥🏳\ufe0f\u200d🌈"),
        ("👩\u200dx\u200d👩", "👩x👩"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e007f\U000e0067", "🏴\U000e0067\U000e0062\U000e0065\U000e007f"),
        ("辻\U000e0100", "辻\U000e0100"),
        ("が", "が"),
        ("\u200b \ufeff", ""),
    ],
)
def test_a_line(entered, taken):
    assert line_of(entered) == taken


def test_lines_stay_lines():
    assert lines_of("\ufeffa\u200b\r\nb\tc\u2029d\re\n") == "a\nb\tc\nd\ne"


@given(texts)
def test_what_was_taken_is_taken_as_it_is(text):
    """Else a field that nobody touched would count as changed."""
    for name in TEXTS:
        assert plain(name, plain(name, text)) == plain(name, text)


@given(texts)
def test_nothing_unseen_is_left_and_nothing_seen_is_lost(text):
    line = line_of(text)
    assert not [one for one in line if unicodedata.category(one) == "Cc"]
    assert "\u200b" not in line
    assert "\ufeff" not in line
    seen = [one for one in text if unicodedata.category(one) not in {"Cc", "Cf"} and not one.isspace()]
    assert [one for one in line if one in seen] == [one for one in seen if one in line]
    assert {one for one in seen if unicodedata.category(one)[0] in "LNPS"} <= set(line)


def test_only_descriptions_and_images_have_lines():
    assert set(TEXTS) - ONE_LINE == {"description", "images"}
