"""A topic that is read again from any offset changes nothing and refuses nothing that was taken before."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog.rules.merge import fold, remember_refused
from catalog.rules.model import Rules, State
from shopsync_contracts.events import PushFailed, PushSkipped, PushSucceeded, ReviewChanged, SkuSent
from shopsync_contracts.topics import TOOL_EDITS

MINUTES = st.integers(0, 20)
VERSIONS = st.integers(1, 4)
REVIEWS = ("approved", "rejected", "pre_approved", "deactivated", "frozen", "deleted")
WHOSE: dict[str, Any] = {"shop_key": "demo", "product_no": "A-1"}

STEP = st.one_of(
    st.tuples(st.just("change"), MINUTES, MINUTES, st.sampled_from(["changed_only", "overwrite_all"])),
    st.tuples(st.just("removal"), MINUTES),
    st.tuples(st.just("delete"), MINUTES),
    st.tuples(st.just("edit"), MINUTES, st.sampled_from(["甲", "乙", None])),
    st.tuples(st.just("stock"), MINUTES, st.sampled_from(["", "M"]), st.integers(0, 9)),
    st.tuples(st.just("target"), MINUTES, st.booleans()),
    st.tuples(
        st.just("pushed"),
        MINUTES,
        VERSIONS,
        st.sampled_from(["created", "edited", "relisted", "unchanged"]),
        st.sampled_from(["in_review", "live", "draft"]),
        st.sampled_from(["T1", "T2"]),
    ),
    st.tuples(st.just("failed"), VERSIONS, st.sampled_from(["sync_error", "warehouse_missing", "incomplete"])),
    st.tuples(st.just("skipped"), st.sampled_from(["not_authorized", "sync_disabled"])),
    st.tuples(
        st.just("reviewed"),
        MINUTES,
        st.none() | VERSIONS,
        st.sampled_from(REVIEWS),
        st.sampled_from(["T1", "T2"]),
    ),
)
LIFE = [("change", 0, 0, "changed_only"), ("removal", 5), ("delete", 5)]
"""Deletions are rare in arbitrary histories."""

BACK = ("change", 20, 20, "changed_only")


def some(most):
    """Steps, each perhaps sent twice: the second time it changes nothing."""
    twice = st.tuples(STEP, st.booleans()).map(lambda drawn: [drawn[0]] * (2 if drawn[1] else 1))
    return st.lists(twice, max_size=most).map(lambda parts: [step for part in parts for step in part])


STEPS = some(20) | st.builds(
    lambda before, off, between, after: [LIFE[0], *before, *off, *LIFE[1:], *between, BACK, *after],
    some(4),
    st.sampled_from([[], [("target", 20, False)] * 2]),
    some(3),
    some(4),
)


def body_of(story, at_minute, step):
    """The message's body and its envelope's time."""
    kind, *how = step
    match kind:
        case "change":
            return story.change(how[0], how[2], updated=how[1], skus=[{"stock": how[0]}]), at_minute(0)
        case "removal":
            return story.removal(how[0], f"E{how[0]}"), at_minute(0)
        case "delete":
            return story.deletion(f"E{how[0]}", completed=how[0] + 1), at_minute(0)
        case "edit":
            return story.edit(how[0], name=how[1]), at_minute(0)
        case "stock":
            return story.edit(how[0], stock=[{"vertical_no": how[1], "quantity": how[2]}]), at_minute(0)
        case "target":
            return story.target(how[1]), at_minute(how[0])
        case "pushed":
            sku = SkuSent(vertical_no="", horizontal_no="", tiktok_sku_id=f"{how[4]}-1", stock_sent=3)
            pushed = PushSucceeded(
                **WHOSE, content_version=how[1], action=how[2], review=how[3], tiktok_product_id=how[4], skus=(sku,)
            )
            return pushed, at_minute(how[0])
        case "failed":
            return PushFailed(**WHOSE, content_version=how[0], status=how[1], code="1", message="no"), at_minute(0)
        case "skipped":
            return PushSkipped(**WHOSE, why=how[0]), at_minute(0)
        case _:
            reviewed = ReviewChanged(
                **WHOSE, occurred_at=at_minute(how[0]), content_version=how[1], review=how[2], tiktok_product_id=how[3]
            )
            return reviewed, at_minute(0)


@dataclass
class Service:
    """The fold as the service runs it: what waits is held, and becomes a dead letter when waiting was in vain."""

    rules: Rules
    now: datetime
    state: State = field(default_factory=State)
    held: dict = field(default_factory=dict)
    letters: set = field(default_factory=set)
    warnings: set = field(default_factory=set)
    unheard: set = field(default_factory=set)

    def batch(self, messages):
        if self.state == State():
            # Of a product that nobody has seen yet there is no place to keep what was heard of it.
            self.unheard |= {one.place for one in messages}
        folded = self._fold([*self.held.values(), *messages])
        waiting = {one.place for one, _ in (*folded.waiting, *folded.refused)}
        self.held = {place: one for place, one in self.held.items() if place in waiting}
        self.held |= {one.place: replace(one, held=True) for one, _ in folded.waiting}
        self.letters |= {one.place for one, _ in folded.refused if not one.held}

    def keep(self):
        folded = self._fold(list(self.held.values()))
        failed = [one for one, _ in (*folded.waiting, *folded.refused)]
        self.letters |= {one.place for one in failed}
        if self.state == State():
            self.unheard |= {one.place for one in failed}
        self.state = remember_refused(self.state, failed).state
        self.held = {}

    def _fold(self, messages):
        folded = fold(self.state, messages, self.rules, self.now)
        self.state = folded.state
        self.warnings |= {(note.message.place, note.text) for note in folded.notes if note.warn}
        return folded


def play(service, messages, sizes):
    """In batches of these sizes; 0 is a look after what is held."""
    left, sizes = list(messages), list(sizes)
    while left:
        size = sizes.pop(0) if sizes else len(left)
        if size == 0:
            service.keep()
        service.batch(left[:size])
        left = left[size:]
    service.keep()


SIZES = st.lists(st.integers(0, 5), max_size=25)


@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), steps=STEPS, sizes=SIZES)
def test_im7_a_replay_of_any_topic_from_any_offset_changes_nothing(data, steps, sizes, new_story, at_minute):
    story = new_story()
    messages = []
    for step in steps:
        body, time = body_of(story, at_minute, step)
        messages.append(story.message(body, time=time))
    service = Service(story.rules, at_minute(30))
    play(service, messages, sizes)
    topic = data.draw(st.sampled_from(sorted({one.topic for one in messages}) or [TOOL_EDITS.name]))
    since = data.draw(st.integers(0, max(len(messages) - 1, 0)))
    # What met nothing that could remember it is offered again, and may be taken now.
    again = [one for one in messages if one.topic == topic and one.offset >= since and one.place not in service.unheard]
    replayed = Service(story.rules, at_minute(60), state=service.state)
    play(replayed, again, data.draw(SIZES))
    assert replayed.state == service.state
    assert replayed.letters == set()
    assert replayed.warnings == set()


def test_what_changed_nothing_before_a_deletion_is_not_refused_after_it(story):
    """Sent twice, sent late, or with what is there already: the last message of its partition each time."""
    story.changed(0)
    story.edited(2, name="甲")
    story.switched(3, False)
    for useless in (story.edit(2, name="甲"), story.edit(1, name="乙")):
        story.take(useless)
    story.switched(1, True)
    edits = [one for one in story.sent if one.topic == TOOL_EDITS.name]
    story.removed(5)
    story.deleted()
    before = story.state
    folded = story.give(*edits)
    assert (folded.refused, folded.waiting, folded.state) == ([], [], before)
    story.changed(60, updated=60)
    before = story.state
    folded = story.give(*edits)
    assert (folded.refused, folded.waiting, folded.state) == ([], [], before)


def test_a_command_that_was_not_obeyed_is_not_obeyed_later(story):
    """Kept because it was ON. Switched OFF since, the same command must not delete it when its topic is read again."""
    story.changed(0)
    story.switched(1, True)
    story.removed(5)
    story.deleted()
    assert story.state.record is not None
    [command] = [one for one in story.sent if one.event.data.TYPE == "delete.requested"]
    story.switched(6, False)
    before = story.state
    assert story.give(command).state == before


def listing_events(at_minute):
    """One of each kind that can be told of one push of version 1 to T1."""
    for action in ("created", "edited", "relisted", "unchanged"):
        for review in ("in_review", "live", "draft"):
            yield ("pushed", 10, 1, action, review, "T1")
    for status in ("sync_error", "warehouse_missing", "incomplete"):
        yield ("failed", 1, status)
    yield ("skipped", "not_authorized")
    for review in REVIEWS:
        yield ("reviewed", 20, 1, review, "T1")
        yield ("reviewed", 25, None, review, "T1")


EVENTS = list(listing_events(None))


@pytest.mark.parametrize("first", EVENTS, ids=lambda one: "-".join(map(str, one)))
def test_every_listing_event_told_again_after_every_other_takes_nothing_away(first, new_story, at_minute):
    """Published again with its id, at a new offset: by the outbox after a crash, or by hand from the dead letters."""
    for second in EVENTS:
        story = new_story()
        story.changed(0)
        story.complete()
        story.switched(1, True)
        for number, step in enumerate((("pushed", 5, 1, "created", "in_review", "T1"), first, second)):
            body, time = body_of(story, at_minute, step)
            story.take(body, time=time, event_id=f"event-{number}")
        before = story.state
        body, time = body_of(story, at_minute, first)
        story.take(body, time=time, event_id="event-1")
        if first[0] == "reviewed" and second[0] == "reviewed" and first[1:3] == second[1:3]:
            continue  # two verdicts of the same second: the one told last is obeyed
        assert story.state.record == before.record, second
        assert story.state.snapshot == before.snapshot, second


@pytest.mark.parametrize(
    ("verdict", "reply"), [("approved", "live"), ("pre_approved", "in_review"), ("rejected", "in_review")]
)
def test_a_push_that_sent_nothing_leaves_the_verdict_its_time_and_reasons(ready, at_minute, verdict, reply):
    """What a sync that is read again leads to: the publisher finds nothing to send and says so, under a new id."""
    ready.pushed(minute=5)
    ready.reviewed(verdict, 10)
    review = ready.state.record.listing.review
    ready.pushed("unchanged", reply, minute=20)
    assert ready.state.record.listing.review == review
