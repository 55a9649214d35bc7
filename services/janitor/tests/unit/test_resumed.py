"""A sweep that goes on after a crash: what was published before it counts, whatever was written down of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from janitor.model import Sweep
from janitor.steps import StepOptions, Steps
from janitor.verdicts import Found

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)


class Store:
    """Keeps nothing; the sweep in flight is looked at."""

    async def save(self, sweep, token):
        pass

    async def save_commanded(self, sweep, token):
        pass


class Catalog:
    """Has not come to the command when the sweep goes on; `products` is what it has then."""

    def __init__(self):
        self.products = {"A": Found(exists=True, removed_upstream=True)}

    async def look_up(self, shop_key, numbers):
        return {one: self.products[one] for one in numbers if one in self.products}


class Events:
    """Takes commands."""

    def __init__(self):
        self.published = []

    def event(self, body, id):  # noqa: A002 - as the publisher has it
        return body

    async def publish_all(self, events):
        self.published += events


class Lease:
    """Held all the time."""

    token = 1

    def check(self):
        pass


class Barrier:
    """The catalog's lag on the delete commands."""

    def __init__(self):
        self.is_passed, self.topics = False, None

    async def make(self, specs):
        self.topics = [spec.name for spec in specs]
        return self

    async def passed(self):
        return self.is_passed


def resumed(**members):
    return Sweep(
        id="s1",
        shop_key="demo",
        request_id="r1",
        requested_at=NOW - timedelta(hours=2),
        enumeration_request_id="e",
        state="commanded",
        deadline=NOW + timedelta(minutes=5),
        enumeration_id="e1",
        enumeration_completed_at=NOW - timedelta(hours=1),
        **members,
    )


@pytest.fixture
def catalog():
    return Catalog()


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def barrier():
    return Barrier()


@pytest.fixture
def steps(catalog, events, barrier):
    store: Any = Store()
    return Steps(store, catalog, events, barrier.make, options=StepOptions(), clock=lambda: NOW)


@pytest.mark.parametrize("counted", [0, 1])
async def test_dl12_it_judges_behind_its_commands_also_when_none_was_counted(steps, catalog, events, barrier, counted):
    """Killed between a chunk and its count, and down until no further command may go out."""
    sweep = resumed(candidates=["A"], commanded=counted, commands_until=NOW - timedelta(minutes=1))
    assert not await steps.advance(sweep, Lease())
    assert (sweep.state, sweep.verdicts) == ("commanded", {})
    assert barrier.topics == ["delete-commands.v1"]
    catalog.products = {"A": Found(exists=False, deleted_by="s1")}
    barrier.is_passed = True
    assert await steps.advance(sweep, Lease())
    assert (sweep.state, sweep.verdicts) == ("judged", {"A": "deleted"})
    assert events.published == []


async def test_without_candidates_there_is_nothing_to_wait_for(steps, barrier):
    sweep = resumed()
    assert await steps.advance(sweep, Lease())
    assert (sweep.state, barrier.topics) == ("judged", None)
