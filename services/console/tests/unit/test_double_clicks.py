"""Which press on a switch of 連携対象 is the second click of a double click."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.actions.double_clicks import DOUBLE_CLICK, first_click, mode_of
from console.model import Action

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
JUST_UNDER = DOUBLE_CLICK - timedelta(milliseconds=1)


def press(sync_enabled=True, *, ago=timedelta(milliseconds=350), **differs):
    """A press on the switch of A-1 a moment ago."""
    sent = Action("1", "demo", "switch", ("A-1",), 1, NOW - ago, "sent", mode=mode_of(sync_enabled))
    return replace(sent, **differs)


def first_of(*latest, sync_enabled=False, action_id="2"):
    found = first_click(latest, "A-1", sync_enabled, action_id=action_id, now=NOW)
    return None if found is None else found.id


@pytest.mark.parametrize("first", [True, False])
def test_the_opposite_a_moment_later_is_the_second_click(first):
    assert first_of(press(first), sync_enabled=not first) == "1"


@pytest.mark.parametrize("same", [True, False])
def test_the_same_press_again_is_no_second_click(same):
    assert first_of(press(same), sync_enabled=same) is None


@pytest.mark.parametrize(
    ("state", "counts"),
    [("sent", True), ("applying", True), ("waiting", True), ("done", True), ("unknown", False), ("refused", False)],
)
def test_a_press_that_came_to_nothing_is_no_first_click(state, counts):
    assert first_of(press(state=state)) == ("1" if counts else None)


@pytest.mark.parametrize(
    ("ago", "counts"),
    [(timedelta(0), True), (JUST_UNDER, True), (DOUBLE_CLICK, False), (timedelta(minutes=1), False)],
)
def test_whoever_presses_later_means_it(ago, counts):
    assert first_of(press(ago=ago)) == ("1" if counts else None)


def test_only_the_newest_press_of_this_product_counts():
    other = press(id="9", product_nos=("A-2",))
    assert first_of(other) is None
    assert first_of(other, press()) == "1"
    back = press(False, id="3", ago=timedelta(milliseconds=100))
    assert first_of(back, press()) is None
    assert first_of(press(id="3", state="refused"), press()) is None


@pytest.mark.parametrize("kind", ["bulk_edit", "edit"])
def test_only_a_press_on_a_switch_counts(kind):
    other = press(id="9", kind=kind)
    assert first_of(other) is None
    assert first_of(other, press()) == "1"


def test_the_same_form_again_is_no_double_click():
    assert first_of(press(), action_id="1") is None


def test_without_a_press_before_it_is_meant():
    assert first_of() is None
