"""Which records of the snapshot topic are repaired, and that in the end the newest state stands last."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.rules.own_records import OwnRecords
from catalog.rules.suspects import UNREADABLE, Suspects, version_shown
from catalog.snapshot_repair import SnapshotRepair
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import Delivery

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)
DELETED = "deleted"


def value_of(key, version):
    shop_key, _, product_no = key.partition("/")
    return json.dumps({"data": {"shop_key": shop_key, "product_no": product_no, "version": version}}).encode()


def record(key, version, offset, partition=ONE):
    """A record of the topic; version None is a null value, bytes are what they are."""
    value = value_of(key, version) if isinstance(version, int) else version
    return Delivery(
        topic=partition.topic,
        partition=partition.partition,
        offset=offset,
        timestamp=datetime(2026, 11, 23, tzinfo=UTC),
        key=key if isinstance(key, bytes) else key.encode(),
        value=value,
        headers=(),
        spec=CATALOG_PRODUCTS,
        parsed=None,
    )


class Products:
    """The stored states: a version, DELETED, or nothing."""

    def __init__(self):
        self.states, self.queries = {}, 0

    async def versions(self, ids):
        self.queries += 1
        return {one: self.states[one] for one in ids if isinstance(self.states.get(one), int)}

    async def raise_versions(self, beyond):
        for one, seen in beyond.items():
            if isinstance(self.states.get(one), int):
                self.states[one] = max(self.states[one], seen + 1)

    async def load(self, ids):
        return {one: SimpleNamespace(state=self._state(one)) for one in ids}

    def _state(self, one):
        known = self.states.get(one)
        alive = isinstance(known, int)
        return SimpleNamespace(
            record=alive or None,
            tombstone=known == DELETED or None,
            version=known if alive else None,
            snapshot={"version": known} if alive else None,
            key=one,
        )


class Topic:
    """One partition's log, and the feed that appends to it."""

    def __init__(self):
        self.log, self.fail = [], {}

    async def publish(self, states):
        states = list(states)
        for state in states:
            if error := self.fail.get(state.key):
                raise error
        for state in states:
            self.append(state.key, state.version)

    def append(self, key, version):
        self.log.append((key, version))

    def last(self):
        return dict(self.log)


class Reading:
    """A subscription over one partition, with commits that stay below what is not settled."""

    def __init__(self, topic, check):
        self.topic, self.check, self.position, self.committed = topic, check, 0, 0

    def read_to(self, partition):
        return self.position

    async def ends(self, partitions):
        return dict.fromkeys(partitions, len(self.topic.log))

    async def take(self, most=None):
        batch = [
            record(key, version, offset)
            for offset, (key, version) in enumerate(self.topic.log[self.position :][:most], self.position)
        ]
        if batch:
            assert await self.check(batch) == []
            self.position += len(batch)
        self.commit()
        return len(batch)

    def commit(self):
        self.committed = min(self.position, self.check.first_pending().get(ONE, self.position))


@pytest.fixture
def products():
    return Products()


@pytest.fixture
def topic():
    return Topic()


def repair(products: Any, topic: Any) -> SnapshotRepair:
    return SnapshotRepair(products, topic, OwnRecords(100), interval=timedelta(seconds=1))


@pytest.fixture
def check(products, topic):
    return repair(products, topic)


@pytest.fixture
def reading(topic, check):
    return Reading(topic, check)


async def settled(check, reading):
    """Until nothing is read and nothing is open, as the service does it by the clock."""
    while await reading.take() or check.first_pending():
        await check.repair_due(reading)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("demo/A", value_of("demo/A", 7), 7),
        ("demo/A", None, None),
        ("demo/A", value_of("demo/B", 7), UNREADABLE),
        ("demo/A", value_of("demo/A", 0), UNREADABLE),
        ("demo/A", value_of("demo/A", True), UNREADABLE),
        ("demo/A", value_of("demo/A", -1), UNREADABLE),
        ("demo/A", b'{"data": {"shop_key": "demo", "product_no": "A", "version": "7"}}', UNREADABLE),
        ("demo/A", b'{"data": {"shop_key": "demo", "product_no": "A"}}', UNREADABLE),
        ("demo/A", b'{"data": []}', UNREADABLE),
        ("demo/A", b"[]", UNREADABLE),
        ("demo/A", b"7", UNREADABLE),
        ("demo/A", b"", UNREADABLE),
        ("demo/A", b"\xff\x00 no JSON", UNREADABLE),
    ],
)
def test_what_a_record_shows(key, value, shown):
    assert version_shown(key, value) == shown


@pytest.mark.parametrize(
    ("stored", "last", "repaired"),
    [
        (3, 3, []),
        (DELETED, None, []),
        (None, None, []),
        (3, 2, [("demo/A", 3)]),  # a frozen replica woke up
        (3, 4, [("demo/A", 5)]),  # the database was restored: readers have seen version 4
        (3, None, [("demo/A", 3)]),
        (3, b"no JSON", [("demo/A", 3)]),
        (DELETED, 2, [("demo/A", None)]),
        (DELETED, b"no JSON", [("demo/A", None)]),
        (None, 2, []),  # a lost database must not empty the feed
        (None, b"no JSON", []),
    ],
)
async def test_the_state_is_published_where_the_last_record_is_not_it(
    products, topic, check, reading, stored, last, repaired
):
    products.states = {} if stored is None else {"demo/A": stored}
    topic.append("demo/A", last)
    await settled(check, reading)
    assert topic.log[1:] == repaired
    assert reading.committed == len(topic.log)


@pytest.mark.parametrize("key", [b"\xff\xfe", b"", b"no-slash"])
async def test_keys_that_can_be_nobodys_are_passed_by(products, check, key):
    assert await check([record(key, b"{}", 0)]) == []
    assert check.first_pending() == {}


async def test_running_updates_cause_no_repeats(products, topic, check, reading):
    """Each snapshot is behind the next one when it is read, as with any product that is edited all the time."""
    for version in range(1, 200):
        products.states["demo/A"] = version
        topic.append("demo/A", version)
        if version % 2:
            await reading.take(1)
            await check.repair_due(reading)
    await settled(check, reading)
    assert topic.log == [("demo/A", version) for version in range(1, 200)]


async def test_a_snapshot_on_its_way_when_the_difference_is_seen_is_waited_for(products, topic, check, reading):
    products.states["demo/A"] = 2
    topic.append("demo/A", 1)
    await reading.take()
    await check.repair_due(reading)
    topic.append("demo/A", 2)
    await settled(check, reading)
    assert topic.log == [("demo/A", 1), ("demo/A", 2)]


async def test_commits_wait_for_what_differs_and_go_on_when_it_is_settled(products, topic, check, reading):
    products.states = {"demo/A": 2, "demo/B": 1}
    for key in ("demo/B", "demo/A", "demo/B"):
        topic.append(key, 1)
    await reading.take()
    assert reading.committed == 1
    await settled(check, reading)
    assert reading.committed == len(topic.log) == 4


async def test_one_query_per_batch(products, check):
    await check([record(f"demo/{number}", 1, number) for number in range(500)])
    assert products.queries == 1


async def test_what_passes_is_tried_again_with_nothing_committed(products, topic, check, reading):
    products.states["demo/A"], topic.fail["demo/A"] = 2, KafkaConnectionError()
    topic.append("demo/A", 1)
    await reading.take()
    await check.repair_due(reading)
    with pytest.raises(KafkaConnectionError):
        await check.repair_due(reading)
    reading.commit()
    assert reading.committed == 0
    topic.fail.clear()
    await settled(check, reading)
    assert topic.log == [("demo/A", 1), ("demo/A", 2)]


async def test_one_that_can_never_be_published_keeps_no_other_back(products, topic, check, reading):
    products.states = dict.fromkeys(("demo/A", "demo/B", "demo/C"), 2)
    topic.fail["demo/B"] = MessageSizeTooLargeError()
    for key in products.states:
        topic.append(key, 1)
    await settled(check, reading)
    assert topic.last() == {"demo/A": 2, "demo/B": 1, "demo/C": 2}
    assert reading.committed == len(topic.log)


async def test_partitions_that_went_to_another_replica_are_forgotten(products, check):
    products.states = {"demo/A": 2, "demo/B": 2}
    await check([record("demo/A", 1, 5), record("demo/B", 1, 6, OTHER)])
    assert check.first_pending() == {ONE: 5, OTHER: 6}
    check.forget({ONE})
    assert check.first_pending() == {OTHER: 6}


def test_memory_is_bounded_by_repeats():
    """With more than `most`, none waits for the end of the partition any more."""
    suspects = Suspects(limit=3)
    for number in range(3):
        suspects.read(ONE, f"demo/{number}", number, differs=True)
    assert suspects.due({ONE: 3}) == []
    suspects.read(ONE, "demo/3", 3, differs=True)
    assert len(suspects.due({ONE: 4})) == 4


def test_a_newer_record_of_the_key_is_not_settled_with_the_older_one():
    suspects = Suspects(limit=10)
    suspects.read(ONE, "demo/A", 1, differs=True)
    before = suspects.all()
    suspects.read(ONE, "demo/A", 2, differs=True)
    suspects.remove(before)
    assert suspects.first_pending() == {ONE: 2}


def started_again(products, topic, reading):
    """After a kill: nothing in memory, from the last commit."""
    check = repair(products, topic)
    again = Reading(topic, check)
    again.position = again.committed = reading.committed
    return check, again


async def dies_on_the_way(check, reading, products, order):
    for _ in range(order.randint(0, 3)):
        await reading.take(order.randint(1, 9))
        await check.repair_due(reading)
    return started_again(products, reading.topic, reading)


KEYS = ("demo/A", "demo/B", "demo/C")
STEP = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(KEYS)),
    st.tuples(st.just("delete"), st.sampled_from(KEYS)),
    # what somebody took to publish at any earlier time goes out now
    st.tuples(st.just("publish"), st.integers(0, 30)),
    st.tuples(st.just("stray"), st.sampled_from(KEYS), st.sampled_from([None, b"?", 1, 2, 50])),
    st.tuples(st.just("read"), st.integers(1, 4)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("crash")),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=40), order=st.randoms(use_true_random=False))
async def test_in_the_end_the_newest_state_stands_last(steps, order):
    """Changes and deletions by writers that publish late, in any order or twice; strays; a check that dies anywhere."""
    products, topic = Products(), Topic()
    check = repair(products, topic)
    reading = Reading(topic, check)
    versions: Counter[str] = Counter()
    taken: list[tuple[str, int | None]] = []
    for kind, *how in steps:
        match kind:
            case "change":
                known = products.states.get(how[0])
                versions[how[0]] = max(versions[how[0]], known if isinstance(known, int) else 0) + 1
                products.states[how[0]] = versions[how[0]]
                taken.append((how[0], versions[how[0]]))
            case "delete" if how[0] in products.states:
                products.states[how[0]] = DELETED
                taken.append((how[0], None))
            case "publish" if taken:
                topic.append(*taken[how[0] % len(taken)])
            case "stray":
                topic.append(*how)
            case "read":
                await reading.take(how[0])
            case "settle":
                await check.repair_due(reading)
                reading.commit()
            case "crash":
                check, reading = started_again(products, topic, reading)
    # Each write is published at least once, by whoever is given its message again, and by replicas that were frozen.
    order.shuffle(taken)
    topic.log += taken
    check, reading = await dies_on_the_way(check, reading, products, order)
    await settled(check, reading)
    expected = {key: known if isinstance(known, int) else None for key, known in products.states.items()}
    assert {key: topic.last()[key] for key in expected} == expected
    assert reading.committed == len(topic.log)
