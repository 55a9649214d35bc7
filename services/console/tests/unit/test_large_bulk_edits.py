"""A bulk edit of very many products holds up neither the pages nor the actions of other shops."""

from datetime import UTC, datetime

import pytest

from console.live import Follower, Hub, rules
from console.live.knowledge import Letter
from console.model import Action
from shopsync_contracts import bulk_edit_part_id
from shopsync_contracts.events import BulkEditCompleted, EditVerdict, ProductEdited

AT = datetime(2026, 11, 23, tzinfo=UTC)
NUMBERS = tuple(f"P-{number}" for number in range(5_000))


class Stored:
    """The action as it is stored, and products that have all been changed. `looked`: at how many at once."""

    def __init__(self):
        self.action = Action("A", "demo", "bulk_edit", NUMBERS, len(NUMBERS), AT, "sent", event_ids=("A",))
        self.looked = []

    async def all_open(self, _now, _since):
        return [self.action] if self.action.is_open else []

    async def note(self, action):
        self.action = action
        return True

    async def get(self, _shop_key, _action_id, _now):
        return self.action

    async def products(self, _wanted):
        return {}

    async def carrying(self, _shop_key, numbers, _marks, _at):
        self.looked.append(len(numbers))
        return set(numbers)

    async def keep(self, _action, written, _now):
        assert len(written) <= len(NUMBERS)


@pytest.fixture
def stored():
    return Stored()


@pytest.fixture
def follower(stored):
    follower = Follower(stored, stored, Hub(), reports=stored, clock=lambda: AT)
    pages = [NUMBERS[first : first + 500] for first in range(0, len(NUMBERS), 500)]
    for page, numbers in enumerate(pages, 1):
        verdicts = tuple(EditVerdict(product_no=one, verdict="accepted", reason="") for one in numbers)
        told = BulkEditCompleted(
            shop_key="demo", request_id="A", completed_at=AT, page=page, pages=len(pages), verdicts=verdicts
        )
        follower.known.take_report(told, 0.0)
    return follower


@pytest.fixture
def made(monkeypatch):
    """How often the id of a part was made: that is what takes long."""
    ids = []

    def noted(*part):
        ids.append(bulk_edit_part_id(*part))
        return ids[-1]

    monkeypatch.setattr(rules, "bulk_edit_part_id", noted)
    return ids


async def test_in_one_round_some_are_looked_at(follower, stored, made):
    for _ in range(3):
        await follower.round()
    assert stored.looked == [2_000, 2_000, 1_000]
    assert (stored.action.state, stored.action.progress["applied"]) == ("done", len(NUMBERS))
    assert not made


async def test_a_part_that_was_refused_is_found_and_the_others_are_not_looked_for_each_time(follower, stored, made):
    part = bulk_edit_part_id("A", "P-4999", ProductEdited)
    follower.known.take_letter("demo", part, Letter("RefusedEdit", "too long"))
    for _ in range(3):
        await follower.round()
    assert stored.action.refused == (("P-4999", "too long"),)
    assert len(made) <= 2 * len(NUMBERS)


async def test_a_letter_that_comes_later_counts(follower, stored):
    await follower.round()
    follower.known.take_letter("demo", bulk_edit_part_id("A", "P-0", ProductEdited), Letter("RefusedEdit", "too long"))
    for _ in range(3):
        await follower.round()
    assert stored.action.refused == (("P-0", "too long"),)
