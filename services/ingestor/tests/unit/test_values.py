"""How systems write "no value", "open end" and whole numbers, for every time and number that futureshop sends."""

from datetime import UTC, datetime, timedelta

import pytest
from bson import BSON
from hypothesis import given
from hypothesis import strategies as st

from ingestor.records.mapping import to_product, to_stock
from ingestor.records.preorder import next_switch
from ingestor.records.source_map import TABLE, SourceMap
from ingestor.records.values import LATEST, MAX_NUMBER, Unreadable, flag, stamp, whole
from shopsync_contracts.events import UpstreamProduct
from shopsync_contracts.limits import MAX_PRICE
from shopsync_contracts.times import JST

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=JST)
SOURCE = SourceMap()

UNSET = [
    None,
    "",
    "  ",
    "null",
    "NULL",
    "None",
    "undefined",
    "-",
    0,
    "0",
    "0000-00-00",
    "0000-00-00T00:00:00",
    "0000-00-00 00:00:00",
    "0000/00/00",
    "-0001-11-30T00:00:00",
    "0001-01-01T00:00:00",
    "0001-01-01T00:00:00+14:00",
    "1899-12-30T00:00:00",
    "1900-01-01T00:00:00",
    "1970-01-01T00:00:00Z",
    "1970-01-01T09:00:00",
]
FAR = [
    "2999-12-31T23:59:59",
    "9999-12-31T23:59:59",
    "9999-12-31 23:59:59.9999999",
    "9999-12-31T23:59:59-09:00",
    "9999-12-31T24:00:00",
    "9999-99-99",
    "9999/12/31",
    "10000-01-01T00:00:00",
    "+275760-09-13T00:00:00Z",
]
NO_TIME = [
    "yesterday",
    "20261122",
    "2026-W47-7",
    "2026-02-30T00:00:00",
    "2026-00-00",
    "2026-11-22T24:00:01",
    20261122,
    [],
    {},
]
OPTIONAL_TIMES = {"created_at": "dateCreated", "preorder.start": "periodStart", "preorder.end": "periodEnd"}
NUMBERS = ("upstream_id", "regular_price", "preorder_price", "tax.rate_percent", "sku_price.price", "stock.count")


def product(*, at=NOW, stock=None, **changes):
    record = {
        "productNo": "A-1",
        "name": "帆布トート",
        "dateUpdated": "2026-11-22T18:30:00",
        "unitPrice": 3500,
        "inventoryEnabled": stock is not None,
        "preorder": {"enabled": True, "price": 3000},
        **changes,
    }
    return UpstreamProduct.model_validate_json(to_product(record, stock, SOURCE, observed_at=at))


def with_period(**period):
    return {"preorder": {"enabled": True, "price": 3000, **period}}


def test_these_are_all_times_and_numbers_of_the_table():
    """A row that is added later has to be looked at here too."""
    times = {"updated_at", *OPTIONAL_TIMES}
    flags = {"visible", "preorder.enabled", "tax.included", "stock_managed", "has_variations"}
    lists = {"images", "skus", "sku_prices", "stock", "preorder_stock"}
    texts = {
        "product_no",
        "name",
        "description",
        "image.url",
        "axes.vertical",
        "axes.horizontal",
        "sku.vertical_no",
        "sku.horizontal_no",
        "sku.vertical_name",
        "sku.horizontal_name",
        "sku.jan_code",
        "sku_price.vertical_no",
        "sku_price.horizontal_no",
        "stock.vertical_no",
        "stock.horizontal_no",
    }
    assert times | flags | lists | texts | set(NUMBERS) == TABLE.keys()


@pytest.mark.parametrize("value", UNSET, ids=repr)
def test_a_time_that_is_not_set_is_null_or_an_open_edge(value):
    assert product(dateCreated=value).created_at is None
    assert product(**with_period(periodStart=value, periodEnd="2026-11-30T23:59:59")).sale_form == "preorder"
    assert product(**with_period(periodStart=value, periodEnd="2026-11-01T23:59:59")).sale_form == "regular"
    assert product(**with_period(periodStart="2026-11-01T00:00:00", periodEnd=value)).sale_form == "preorder"
    assert product(**with_period(periodStart="2026-12-01T00:00:00", periodEnd=value)).sale_form == "regular"
    assert next_switch(with_period(periodStart=value, periodEnd=value), SOURCE, after=NOW) is None


@pytest.mark.parametrize("value", FAR, ids=repr)
def test_a_far_end_is_open_and_a_far_start_never_comes(value):
    assert product(dateCreated=value).created_at is None
    assert product(**with_period(periodEnd=value)).sale_form == "preorder"
    assert product(**with_period(periodStart=value)).sale_form == "regular"
    assert product(**with_period(periodStart=value, periodEnd=value)).sale_form == "regular"
    begins = with_period(periodStart="2026-12-01T00:00:00", periodEnd=value)
    assert next_switch(begins, SOURCE, after=NOW) == datetime(2026, 12, 1, tzinfo=JST)
    assert next_switch(with_period(periodStart=value, periodEnd=value), SOURCE, after=NOW) is None


@pytest.mark.parametrize("value", [value for value in UNSET if value is not None], ids=repr)
def test_the_update_time_is_required(value):
    with pytest.raises(Unreadable, match=r"^dateUpdated: stands for no value, but must have one"):
        product(dateUpdated=value)


@pytest.mark.parametrize("value", FAR, ids=repr)
def test_an_update_time_that_is_far_ahead_is_refused_with_what_was_given(value):
    with pytest.raises(Unreadable, match=r"^dateUpdated: lies in the future") as caught:
        product(dateUpdated=value)
    assert value[:20] in str(caught.value)


@pytest.mark.parametrize("member", ["dateUpdated", *OPTIONAL_TIMES.values()])
@pytest.mark.parametrize("value", NO_TIME, ids=repr)
def test_what_is_no_time_is_refused_by_name(member, value):
    changes = with_period(**{member: value}) if member.startswith("period") else {member: value}
    with pytest.raises(Unreadable, match=rf"{member}: must be a time such as"):
        product(**changes)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-22T18:30:00", datetime(2026, 11, 22, 18, 30, tzinfo=JST)),
        ("2026-11-22 18:30", datetime(2026, 11, 22, 18, 30, tzinfo=JST)),
        (" 2026/11/22 18:30:00 ", datetime(2026, 11, 22, 18, 30, tzinfo=JST)),
        ("2026-11-22T18:30:00.250+0900", datetime(2026, 11, 22, 18, 30, 0, 250_000, tzinfo=JST)),
        ("2026-11-22T09:30:00Z", datetime(2026, 11, 22, 18, 30, tzinfo=JST)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=JST)),
        ("1971-01-01T00:00:00", datetime(1971, 1, 1, tzinfo=JST)),
        ("2998-12-31T23:59:59", datetime(2998, 12, 31, 23, 59, 59, tzinfo=JST)),
    ],
)
def test_forms_of_a_time(value, moment):
    assert stamp(value, "x") == moment


def test_a_period_that_ends_on_a_day_lasts_until_its_midnight():
    whole_day = with_period(periodStart="2026-11-23", periodEnd="2026-11-23")
    assert next_switch(whole_day, SOURCE, after=NOW) == datetime(2026, 11, 24, tzinfo=JST)
    assert product(**whole_day).sale_form == "preorder"
    assert product(at=NOW + timedelta(hours=15), **whole_day).sale_form == "regular"


@given(
    st.one_of(
        st.from_regex(
            r"[+-]?[0-9]{4,6}[-/][0-9]{2}[-/][0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{4})?)?",
            fullmatch=True,
        ),
        st.datetimes().map(datetime.isoformat),
        st.text(max_size=30),
        st.integers(),
    )
)
def test_whatever_a_time_is_it_fits_into_every_zone_and_into_mongodb(value):
    try:
        moment = stamp(value, "x")
    except Unreadable:
        return
    if moment is not None:
        utc = moment.astimezone(UTC)
        assert utc <= LATEST
        assert BSON.encode({"at": utc})
        assert moment + timedelta(days=400)


WHOLE = [
    (1200, 1200),
    (1200.0, 1200),
    (1.2e3, 1200),
    ("1200", 1200),
    ("1200.00", 1200),
    ("1200.", 1200),
    ("8.0", 8),
    ("0.00", 0),
    ("-0", 0),
    (" 1200 ", 1200),
    ("+1200", 1200),
    ("0001200", 1200),
    ("1.2E+3", 1200),
    ("12e2", 1200),
    ("1,200", 1200),
    ("1,200,000.00", 1_200_000),
    ("１２００", 1200),
    ("１，２００．００", 1200),
    (str(MAX_PRICE), MAX_PRICE),
    (f"{MAX_PRICE}.0000", MAX_PRICE),
]
NOT_WHOLE = [
    "1200.50",
    "0.1",
    "1e-3",
    "1.25E+1",
    "1,20",
    "12,00",
    "1,2,3",
    "1200,",
    ".5",
    "1.200,00",
    "1 200",
    "¥1200",
    "1200円",
    "0x4b0",
    "1_200",
    "①",
    "三千",
    "NaN",
    "Infinity",
    "1e999999999",
    "--5",
    True,
    1200.5,
    0.1 + 0.2,
    float("nan"),
    float("inf"),
    [1200],
    {},
]
OUT_OF_RANGE = [-1, "-1", "-1200.00", MAX_NUMBER + 1, f"{MAX_NUMBER + 1}.0", "1e12", "9e99", 10**30, 1e300]


def numbers_with(value):
    """Every number of the table, with this value: (contract field, read value) or the refusal."""
    sku = {"verticalNo": "M", "horizontalNo": ""}
    record = {
        "unitPrice": value,
        "taxRate": value,
        "preorder": {"enabled": True, "price": value},
        "variation": {"verticalName": "サイズ", "skuList": [sku]},
        "optionPriceList": [{**sku, "unitPrice": value}],
    }
    counts = {"inventoryList": [{**sku, "count": value}]}
    stock = to_stock({"inventoryInfo": {"regular": counts, "preorder": counts}}, SOURCE)
    return record, stock


@pytest.mark.parametrize(("value", "number"), WHOLE, ids=repr)
def test_whole_numbers_in_every_form_and_member(value, number):
    assert whole(value, "x") == number
    record, stock = numbers_with(value)
    found = product(stock=stock, **{**record, "taxRate": 10})
    [sku] = found.skus
    assert {found.regular_price, found.preorder_price, sku.price, sku.stock, sku.preorder_stock} == {number}
    if number <= 100:
        assert product(taxRate=value).tax.rate_percent == number


@pytest.mark.parametrize("value", [*NOT_WHOLE, *OUT_OF_RANGE], ids=repr)
@pytest.mark.parametrize(
    ("field", "member"),
    [
        ("unitPrice", "unitPrice"),
        ("taxRate", "taxRate"),
        ("preorder", "preorder.price"),
        ("optionPriceList", "optionPriceList.unitPrice"),
        ("stock", "inventoryInfo.regular.inventoryList.count"),
    ],
)
def test_what_is_no_whole_number_is_refused_by_name(field, member, value):
    record, stock = numbers_with(value)
    changes = {} if field == "stock" else {field: record[field]}
    words = "must be a whole number" if value in NOT_WHOLE or value != value else "must be from 0 to"
    with pytest.raises(Unreadable, match=rf"{member}: {words}.*given: "):
        product(stock=stock if field == "stock" else None, **changes)


@pytest.mark.parametrize("value", [None, "", " ", "null", "-"], ids=repr)
def test_a_number_that_is_not_set_is_null(value):
    record, stock = numbers_with(value)
    found = product(stock=stock, **record)
    [sku] = found.skus
    assert {found.regular_price, found.preorder_price, sku.price, sku.stock, sku.preorder_stock} == {None}
    assert found.tax is None


@given(st.integers(0, MAX_NUMBER), st.integers(0, 4))
def test_zeros_behind_the_point_change_nothing(number, zeros):
    assert whole(f"{number}.{'0' * zeros}", "x") == whole(f"{number:,}", "x") == number


@pytest.mark.parametrize(("value", "expected"), [(1.0, True), (0.0, False), ("TRUE", True), ("0", False), (None, None)])
def test_flags(value, expected):
    assert flag(value, "x") is expected
