"""The stretches of 更新日 a changed_only import reads: nothing falls between them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestor.records.values import stamp
from ingestor.windows import Checkpoint, Interval, WindowRules, as_stamp, interval_of, windows

MOST = timedelta(days=31)
"""What futureshop takes."""

NOW = datetime(2026, 11, 23, 1, 2, 3, 456000, tzinfo=UTC)
RULES = WindowRules(overlap=timedelta(hours=1), full_read_every=timedelta(hours=24))

moments = st.timedeltas(timedelta(0), timedelta(days=36_000)).map(
    lambda since: datetime(2001, 1, 1, tzinfo=UTC) + since
)
spans = st.timedeltas(timedelta(0), timedelta(days=4000))


def checkpoint(ago, read_fully_ago=None):
    return Checkpoint(NOW - ago, NOW - (ago if read_fully_ago is None else read_fully_ago))


@given(since=moments, span=spans)
def test_windows_cover_their_interval_without_a_gap(since, span):
    interval = Interval(since, since + span)
    pieces = windows(interval)
    assert (pieces[0].since, pieces[-1].until) == (interval.since, interval.until)
    assert all(earlier.until == later.since for earlier, later in pairwise(pieces))
    assert all(piece.until - piece.since <= MOST for piece in pieces)
    assert all(piece.since < piece.until for piece in pieces) or span == timedelta(0)


def as_told(moment, name):
    """The moment that futureshop reads from our stamp."""
    read = stamp(as_stamp(moment), name)
    assert read is not None
    return read


@given(
    taken=moments,
    age=spans,
    read_fully=spans,
    overlap=st.timedeltas(timedelta(seconds=1), timedelta(days=60)),
    edited=st.floats(0, 1),
)
def test_every_change_since_the_checkpoint_lies_in_a_window(taken, age, read_fully, overlap, edited):
    """Also one whose stamp is off by as much as the overlap, to either side; stamps are what futureshop is told."""
    now = taken + age
    rules = WindowRules(overlap=overlap, full_read_every=timedelta(days=10_000))
    interval = interval_of(Checkpoint(taken, now - read_fully), now, rules)
    assert interval is not None
    change = taken - overlap + (age + 2 * overlap) * edited
    stamped = change.replace(microsecond=0)
    told = [(as_told(piece.since, "since"), as_told(piece.until, "until")) for piece in windows(interval)]
    assert any(since <= stamped <= until for since, until in told)
    assert all(until - since <= MOST for since, until in told)


@given(age=spans, overlap=st.timedeltas(timedelta(seconds=1), timedelta(days=60)))
def test_a_clock_that_was_set_back_leaves_the_overlap(age, overlap):
    rules = WindowRules(overlap=overlap, full_read_every=timedelta(days=10_000))
    interval = interval_of(Checkpoint(NOW + age, NOW), NOW, rules)
    assert interval.since <= NOW - overlap
    assert interval.until >= NOW + overlap


@pytest.mark.parametrize(
    ("known", "complete"),
    [
        (None, True),
        (checkpoint(timedelta(hours=2)), False),
        (checkpoint(timedelta(hours=1), timedelta(hours=23, minutes=59)), False),
        (checkpoint(timedelta(hours=1), timedelta(hours=24)), True),
        (Checkpoint(NOW, NOW, NOW), True),  # a pre-order period began or ended since
        (Checkpoint(NOW, NOW, NOW + timedelta(seconds=1)), False),
        (checkpoint(timedelta(0), timedelta(hours=-1)), True),  # read in the future: some clock is wrong
    ],
)
def test_the_complete_listing_is_read_at_first_and_once_a_day(known, complete):
    assert (interval_of(known, NOW, RULES) is None) is complete


def test_stamps_are_japanese_time_without_zone():
    assert as_stamp(datetime(2026, 11, 22, 15, 30, tzinfo=UTC)) == "2026-11-23T00:30:00"
    interval = interval_of(checkpoint(timedelta(minutes=30)), NOW, RULES)
    assert (as_stamp(interval.since), as_stamp(interval.until)) == ("2026-11-23T08:32:03", "2026-11-23T11:02:04")
