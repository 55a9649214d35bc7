"""What the services said is forgotten as soon as no open action needs it."""

from datetime import UTC, datetime

import pytest

from console.live.knowledge import Knowledge
from shopsync_contracts import new_event
from shopsync_contracts.events import PushSkipped

AT = datetime(2026, 11, 23, tzinfo=UTC)


def skipped(number):
    body = PushSkipped(shop_key="demo", product_no=number, why="incomplete")
    return new_event(body, source="/shopsync/publisher", id=number, time=AT)


@pytest.fixture
def known():
    """Of a shop that pushes without end: a product a minute."""
    known = Knowledge()
    for minute in range(60):
        known.take_push(skipped(f"P-{minute}"), minute * 60.0)
    return known


def test_of_a_shop_without_a_sync_the_results_of_five_minutes_are_kept(known):
    known.forget((), (), 59 * 60.0)
    assert list(known.pushes("demo", AT)) == [f"P-{minute}" for minute in range(54, 60)]
    known.forget((), (), 65 * 60.0)
    assert not known.pushes("demo", AT)


def test_a_result_that_came_again_is_as_young_as_the_last_one(known):
    known.take_push(skipped("P-0"), 59 * 60.0)
    known.forget((), (), 64 * 60.0)
    assert list(known.pushes("demo", AT)) == ["P-59", "P-0"]


def test_of_a_shop_with_an_open_sync_all_are_kept(known):
    known.forget((), {"demo"}, 600 * 60.0)
    assert len(known.pushes("demo", AT)) == 60
