"""Numbers as merchants write them: taken with their unit, and never taken for another number."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.forms.errors import Wrong
from console.forms.fields import value_of
from console.forms.numbers import (
    AMOUNTS,
    CENTIMETRES,
    GRAMS,
    MINUTES,
    PERCENT,
    PRICE,
    STOCK,
    decimal_number,
    whole_number,
)
from console.forms.product import validated
from console.screens.settings_form import Entered, Values, check
from console.text import ALL, text
from shopsync_contracts.events import SyncSettings, TaxDefaults

ALL_AMOUNTS = (PRICE, GRAMS, CENTIMETRES, STOCK, MINUTES, PERCENT)
FULL_WIDTH = str.maketrans("0123456789,", "０１２３４５６７８９，")
amounts = st.sampled_from(ALL_AMOUNTS)


def wrong(entered, amount):
    with pytest.raises(Wrong) as caught:
        whole_number(entered, amount)
    return caught.value.error


@pytest.mark.parametrize(
    ("entered", "amount", "number"),
    [
        ("12", PRICE, 12),
        ("１２", PRICE, 12),
        (" 0012 ", PRICE, 12),
        ("1,200", PRICE, 1200),
        ("1，200", PRICE, 1200),
        ("１，２３４，５６７", PRICE, 1_234_567),
        ("￥1,200", PRICE, 1200),
        ("¥ 1200", PRICE, 1200),
        ("\\1200", PRICE, 1200),
        ("1,200円", PRICE, 1200),
        ("500g", GRAMS, 500),
        ("５００ｇ", GRAMS, 500),
        ("500 G", GRAMS, 500),
        ("500グラム", GRAMS, 500),
        ("30cm", CENTIMETRES, 30),
        ("30㎝", CENTIMETRES, 30),
        ("10個", STOCK, 10),
        ("0", STOCK, 0),
        ("60分", MINUTES, 60),
        ("10％", PERCENT, 10),
    ],
)
def test_what_is_taken(entered, amount, number):
    assert whole_number(entered, amount) == number


@pytest.mark.parametrize("amount", ALL_AMOUNTS)
@pytest.mark.parametrize(
    "entered",
    [
        *("", " ", "一", "x", "1.5", "1e3", "1 200", "1_200", "0x10", "1/2", "+5", "--5", "1-", "5-6"),
        *("1,2,3", "1,2000", "12,34", "1200,", ",200", "1,,200", "0,200", "1234,567", "1、200", "1.200"),
        *("①", "²", "1②", "③0", "10²", "Ⅻ", "㊿", "½", "٣", "१२", "𝟙𝟚", "12кг", "12kg", "12\u200b円半"),
    ],
)
def test_what_is_refused_names_what_is_expected(entered, amount):
    error = wrong(entered, amount)
    assert error.key == "no_whole_number"
    said = text(f"fields.error_{error.key}", "ja", **error.values)
    assert f"{amount.least:,}〜{amount.most:,}{amount.unit.japanese}の整数" in said
    assert amount.unit.english in text(f"fields.error_{error.key}", "en", **error.values)


@pytest.mark.parametrize(("entered", "amount"), [("1,200g", PRICE), ("￥500", GRAMS), ("5円", STOCK), ("0.5kg", GRAMS)])
def test_another_unit_is_another_number(entered, amount):
    assert wrong(entered, amount).key == "no_whole_number"


@pytest.mark.parametrize("amount", ALL_AMOUNTS)
def test_beyond_either_end_both_ends_are_named(amount):
    beyond = [str(amount.most + 1), f"{amount.most + 1:,}", "1000000000000", "９" * 5_000, "-1", "－1", str(-(10**20))]
    for entered in [*beyond, *([str(amount.least - 1)] if amount.least else [])]:
        error = wrong(entered, amount)
        assert error.key == "out_of_range", entered
        ends = f"{amount.least:,}〜{amount.most:,}{amount.unit.japanese}"
        assert ends in text("fields.error_out_of_range", "ja", **error.values)
    assert whole_number(f"{amount.most:,}", amount) == amount.most
    assert whole_number(str(amount.least), amount) == amount.least


@given(amounts.flatmap(lambda one: st.tuples(st.just(one), st.integers(one.least, one.most))), st.booleans())
def test_every_number_of_the_range_is_taken_however_it_is_written(one, is_wide):
    amount, number = one
    for entered in (str(number), f"{number:,}", f"　{number:,} {amount.unit.japanese}"):
        assert whole_number(entered.translate(FULL_WIDTH) if is_wide else entered, amount) == number


@given(st.text(max_size=12), amounts)
def test_only_plain_and_full_width_digits_make_a_number(entered, amount):
    """A character that is some other number in Unicode is never read as one."""
    try:
        number = whole_number(entered, amount)
    except Wrong:
        return
    numeric = [one for one in entered if unicodedata.numeric(one, None) is not None]
    assert all(one in "0123456789０１２３４５６７８９" for one in numeric)
    assert int("".join(numeric)) == number


@pytest.mark.parametrize("name", AMOUNTS)
def test_the_ranges_of_a_product_are_those_of_the_wire_format(name):
    sides = {"length", "width", "height"}

    def document(number):
        return {"package_dimensions_cm": {name: number}} if name in sides else {name: number}

    for number in (AMOUNTS[name].least, AMOUNTS[name].most):
        assert value_of(name, str(number)) == number
        assert not validated(document(number))[1]
    for number in (AMOUNTS[name].least - 1, AMOUNTS[name].most + 1):
        assert validated(document(number))[1]


def test_the_ranges_of_stock_and_settings_are_those_of_the_wire_format():
    def stock(number):
        return validated({"stock": ({"vertical_no": "", "horizontal_no": "", "quantity": number},)}, (0,))[1]

    assert (stock(STOCK.least), stock(STOCK.most)) == ({}, {})
    assert stock(STOCK.least - 1)
    assert stock(STOCK.most + 1)
    now = Values(SyncSettings(), TaxDefaults())
    for interval, rate in ((MINUTES.least, PERCENT.least), (MINUTES.most, PERCENT.most)):
        values = check(Entered("auto", f"{interval}分", (), "yes", f"{rate}%", "down"), now).values
        assert values is not None
        assert (values.sync.interval_minutes, values.tax.rate_percent) == (interval, rate)


@pytest.mark.parametrize(
    ("hint", "amount"),
    [
        ("fields.hint_price", PRICE),
        ("fields.hint_package_weight_g", GRAMS),
        ("fields.hint_package_dimensions_cm", CENTIMETRES),
        ("fields.hint_stock", STOCK),
        ("settings.interval_hint", MINUTES),
        ("settings.rate_hint", PERCENT),
        ("settings.error_interval", MINUTES),
        ("settings.error_rate", PERCENT),
    ],
)
def test_hints_name_both_ends_and_the_unit(hint, amount):
    japanese, english = ALL[hint]
    assert f"{amount.least:,}〜{amount.most:,}{amount.unit.japanese}" in japanese
    assert f"{amount.least:,} to {amount.most:,} " in english
    assert amount.unit.english in english


# Attributes


@pytest.mark.parametrize(
    ("entered", "number"),
    [
        ("120", "120"),
        ("１２０．５", "120.5"),
        ("1,200.50", "1200.50"),
        ("0.5", "0.5"),
        (" 7 ", "7"),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_decimal_has_plain_digits(entered, number):
    assert decimal_number(entered) == number


@pytest.mark.parametrize(
    "entered",
    ["", "0", "0.00", "0,0", "-1", ".5", "5.", "1.2.3", "1,2,3", "②", "1²", "٣", "120W", "1e3", "1,2.5", "inf"],
)
def test_what_is_no_decimal_over_zero(entered):
    assert decimal_number(entered) is None


@pytest.mark.parametrize("times", ["①:00", "３：0①", "25:00", "٣:00", "3時"])
def test_a_time_has_plain_or_full_width_digits(times):
    now = Values(SyncSettings(), TaxDefaults())
    assert "times" in check(Entered("scheduled", "60", (times,), "yes", "10", "down"), now).errors
