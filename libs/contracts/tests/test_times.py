"""A time is RFC 3339 with offset. Anything else that pydantic would accept is refused."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shopsync_contracts import WrongShape, parse
from shopsync_contracts.events import ProductChanged, ProductEdited, SyncTargetSet
from shopsync_contracts.testing import every_member, with_value
from shopsync_contracts.times import Time

TIMES = [
    pytest.param(body, path, id=f"{body.TYPE}:{'.'.join(map(str, path))}")
    for body, path, node in every_member()
    if node.get("format") == "date-time"
]
READ = TypeAdapter(Time, config={"strict": True}).validate_python

REFUSED = [
    "20261122",
    "1763803800",
    "1763803800.5",
    "-1",
    "0",
    "2026-11-22",
    "2026-11",
    "2026",
    "20261122T183000Z",
    "2026-W47-7T18:30:00+09:00",
    "2026-326T18:30:00+09:00",
    "2026-11-22T18:30:00",
    "2026-11-22T18:30:00.5",
    "2026-11-22T18:30+09:00",
    "2026-11-22T18+09:00",
    "2026-11-22 18:30:00+09:00",
    "2026-11-22_18:30:00+09:00",
    " 2026-11-22T18:30:00+09:00",
    "2026-11-22T18:30:00+09:00 ",
    "2026-11-22T18:30:00+09:00\n",
    "2026-11-22T18:30:00 +09:00",
    "2026-11-22T18:30:00+0900",
    "2026-11-22T18:30:00+09",
    "2026-11-22T18:30:00+9:00",
    "2026-11-22T18:30:00+24:00",
    "2026-11-22T18:30:00+09:60",
    "2026-11-22T18:30:00−09:00",
    "2026-11-22T18:30:00JST",
    "2026-11-22T18:30:00+09:00[Asia/Tokyo]",
    "2026-11-22T18:30:00,5+09:00",
    "2026-11-22T18:30:00.+09:00",
    "2026-11-22T24:00:00Z",
    "2026-11-22T23:60:00Z",
    "2026-11-22T23:59:61Z",
    "2026-11-22T12:00:60Z",
    "2026-11-22T23:59:60+09:00",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-11-00T00:00:00Z",
    "2026-11-31T00:00:00Z",
    "２０２６-11-22T18:30:00Z",
    "٢٠٢٦-11-22T18:30:00Z",
    "+2026-11-22T18:30:00Z",
    "12026-11-22T18:30:00Z",
    "0001-01-01T00:00:00+09:00",
    "1899-12-31T23:59:59Z",
    "9999-01-01T00:00:00Z",
    "9999-12-31T23:59:59-09:00",
    "2026-11-22T18:30:00." + "0" * 60 + "Z",
    "P1D",
    "now",
    "",
    1763803800,
    1763803800.5,
    True,
    None,
    [],
    {},
]


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: repr(value)[:40])
def test_what_is_no_such_time_is_refused_by_member_and_value(value):
    document = with_value(ProductEdited, ("data", "edited_at"), value)
    with pytest.raises(WrongShape) as refused:
        parse(json.dumps(document).encode())
    assert str(refused.value).startswith("data.edited_at: ")
    if isinstance(value, str) and len(value) < 60:
        assert f"(given: {value!r})" in str(refused.value)


@pytest.mark.parametrize("value", ["20261122", "1763803800", "2026-11-22", "2026-11-22T18:30:00", 1763803800])
@pytest.mark.parametrize(("body", "path"), TIMES)
def test_every_time_member_refuses_digits_dates_and_stamps_without_offset(body, path, value):
    with pytest.raises(WrongShape, match=rf"^{path_of(path)}: should be a time in RFC 3339 with offset"):
        parse(json.dumps(with_value(body, path, value)).encode())


@pytest.mark.parametrize("value", ["1899-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00+09:00"])
@pytest.mark.parametrize(("body", "path"), TIMES)
def test_every_time_member_has_years_that_every_zone_and_store_can_hold(body, path, value):
    with pytest.raises(
        WrongShape, match=rf"^{path_of(path)}: the year should be from 1900 to 9998 \(given: '{value[:8]}"
    ):
        parse(json.dumps(with_value(body, path, value)).encode())


@pytest.mark.parametrize("value", ["1900-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59"])
@pytest.mark.parametrize(("body", "path"), TIMES)
def test_every_time_member_takes_its_first_and_last_year(body, path, value):
    parse(json.dumps(with_value(body, path, value)).encode())


def path_of(path):
    return r"\.".join(map(str, path)).replace("[", r"\[")


def test_a_time_may_be_missing_only_where_it_is_optional():
    assert len(TIMES) > 25
    document = with_value(ProductChanged, ("data", "product", "created_at"), None)
    assert parse(json.dumps(document).encode()).data.product.created_at is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T18:30:00+09:00", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("2026-11-22T18:30:00Z", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("2026-11-22t18:30:00z", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("2026-11-22T18:30:00-00:00", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
        ("2026-11-22T18:30:00.5Z", datetime(2026, 11, 22, 18, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22T18:30:00.123456789Z", datetime(2026, 11, 22, 18, 30, 0, 123_456, tzinfo=UTC)),
        ("2024-02-29T00:00:00+23:59", datetime(2024, 2, 28, 0, 1, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T08:59:60.5+09:00", datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_all_of_rfc_3339_is_read(text, moment):
    assert READ(text) == moment
    document = with_value(SyncTargetSet, ("time",), text)
    assert parse(json.dumps(document).encode()).time == moment


FIRST, LAST = datetime.fromisoformat("1900-01-01T00:00:00"), datetime.fromisoformat("9998-12-31T23:59:59.999999")
zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(FIRST, LAST, timezones=zones))
def test_every_moment_inside_the_limits_is_read_back_as_it_was_written(moment):
    assert READ(moment.isoformat()) == moment


@pytest.mark.parametrize("value", [FIRST, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
def test_moments_of_our_own_have_the_same_limits(value):
    with pytest.raises(ValidationError):
        READ(value)
