import pytest

from shopsync_contracts import parse
from shopsync_contracts.topics import PRODUCT_CHANGES, TOOL_EDITS
from shopsync_rehearsals.bench.catalogue.delays.messages import changed, edited
from shopsync_rehearsals.bench.catalogue.delays.trips import Board, Trip, delays, percentile


def trip(mark, *, key=b"shop/A", sent=None, arrived=None):
    return Trip(key, b"", mark, sent=sent, arrived=arrived)


def test_a_snapshot_ends_the_trip_whose_mark_it_shows():
    board, one, other = Board(), trip(b'"1"'), trip(b'"1"', key=b"shop/B")
    board.depart(one)
    board.depart(other)
    board.arrive(b"shop/A", b'{"name":"0"}', 1.0)
    assert (board.underway, one.arrived) == (2, None)
    board.arrive(b"shop/A", b'{"name":"1"}', 2.0)
    assert (board.underway, one.arrived, other.arrived) == (1, 2.0, None)


def test_a_snapshot_of_several_versions_ends_the_older_ones_too():
    board, trips = Board(), [trip(mark) for mark in (b'"1"', b'"2"', b'"3"')]
    for one in trips:
        board.depart(one)
    board.arrive(b"shop/A", b'{"name":"2"}', 2.0)
    board.arrive(b"shop/A", b'{"name":"2"}', 3.0)  # published twice
    board.arrive(b"shop/A", b'{"name":"3"}', 4.0)
    assert [one.arrived for one in trips] == [2.0, 2.0, 4.0]
    assert board.underway == 0


def test_a_delay_needs_both_ends_and_is_never_negative():
    assert trip(b"", arrived=2.0).delay is None
    assert trip(b"", sent=2.0).delay is None
    assert trip(b"", sent=2.0, arrived=2.5).delay == 0.5
    assert trip(b"", sent=2.0, arrived=1.9).delay == 0.0  # read before this process learnt of the acknowledgement


def test_percentiles_are_of_those_that_arrived():
    found = delays([trip(b"", sent=0.0, arrived=number / 1000) for number in range(1, 201)] + [trip(b"", sent=0.0)])
    assert found is not None
    assert (found.messages, found.percentiles, found.longest) == (200, {50: 100.0, 95: 190.0, 99: 198.0}, 200.0)
    assert found.p99 == 198.0
    assert delays([trip(b"", sent=0.0)]) is None


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 1), (51, 2), (99, 2), (100, 2)])
def test_a_percentile_is_one_of_the_values(percent, value):
    assert percentile([1, 2], percent) == value


def test_the_messages_are_valid_and_marked_by_the_name():
    change = changed("P-1", 3, 7, shop="other", kind="change")
    event = parse(change.value, key=change.key, topic=PRODUCT_CHANGES)
    assert (event.subject, change.kind) == ("other/P-1", "change")
    assert change.mark == f'"{event.data.product.name}"'.encode()
    assert change.mark != changed("P-1", 31, 7, shop="other").mark
    edit = edited("P-1", 5, shop="other")
    event = parse(edit.value, key=edit.key, topic=TOOL_EDITS)
    assert edit.mark == f'"{event.data.changes.name}"'.encode()
    assert event.data.edited_at > parse(change.value, key=change.key, topic=PRODUCT_CHANGES).data.observed_at
