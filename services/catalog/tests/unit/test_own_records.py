"""Which records of the snapshot topic a replica need not compare with MongoDB."""

import random
from dataclasses import dataclass, field

import pytest

from catalog.rules.own_records import OwnRecords

P0 = ("catalog-products", 0)
P1 = ("catalog-products", 1)


@pytest.fixture
def own():
    """It reads both partitions from their beginnings on."""
    records = OwnRecords(limit=100)
    assert not records.read("demo/first", P0, 0)
    assert not records.read("demo/first", P1, 0)
    return records


def test_the_record_of_an_own_write_is_certain(own):
    turn = own.begin(["demo/A", "demo/B"])
    own.published("demo/A", turn, P0, 1)
    own.published("demo/B", turn, P1, 1)
    assert own.read("demo/A", P0, 1)
    assert own.read("demo/B", P1, 1)
    assert not own.read("demo/A", P0, 2)


def test_the_first_record_of_a_partition_is_not_nor_one_that_was_written_before_it():
    own = OwnRecords(limit=100)
    early = own.begin(["demo/A"])
    assert not own.read("demo/first", P0, 7)
    own.published("demo/A", early, P0, 8)
    assert not own.read("demo/A", P0, 8)


def test_another_record_of_the_product_in_between_makes_it_uncertain(own):
    turn = own.begin(["demo/A"])
    assert not own.read("demo/A", P0, 1)
    own.published("demo/A", turn, P0, 2)
    assert not own.read("demo/A", P0, 2)


def test_of_two_writes_at_once_only_the_second_can_be_certain(own):
    first, second = own.begin(["demo/A"]), own.begin(["demo/A"])
    own.published("demo/A", second, P0, 1)
    own.published("demo/A", first, P0, 2)
    assert own.read("demo/A", P0, 1)
    assert not own.read("demo/A", P0, 2)
    own.published("demo/A", own.begin(["demo/A"]), P0, 3)
    assert own.read("demo/A", P0, 3)


def test_a_gap_makes_all_earlier_writes_of_the_partition_uncertain(own):
    """Compaction may have removed the record that tells."""
    turn = own.begin(["demo/A", "demo/B"])
    own.published("demo/A", turn, P0, 3)
    own.published("demo/B", turn, P1, 1)
    assert not own.read("demo/A", P0, 3)
    assert own.read("demo/B", P1, 1)


def test_a_repeated_snapshot_is_not_taken_for_the_write_of_the_same_product(own):
    turn = own.begin(["demo/A"])
    own.published("demo/A", turn - 1, P0, 1)
    assert not own.read("demo/A", P0, 1)


def test_a_record_that_was_read_before_it_was_acknowledged_leaves_nothing_behind(own):
    turn = own.begin(["demo/A"])
    assert not own.read("demo/A", P0, 1)
    own.published("demo/A", turn, P0, 1)
    own.published("demo/A", own.begin(["demo/A"]), P0, 2)
    assert own.read("demo/A", P0, 2)


def test_what_another_replica_reads_from_now_on_is_forgotten(own):
    turn = own.begin(["demo/A"])
    own.published("demo/A", turn, P0, 1)
    own.forget([P0])
    assert not own.read("demo/A", P0, 1)


def test_beyond_the_limit_all_is_forgotten(own):
    turn = own.begin([f"demo/{number}" for number in range(101)])
    own.published("demo/0", turn, P0, 1)
    own.begin(["demo/X"])
    assert not own.read("demo/0", P0, 1)


@dataclass
class Written:
    """A write that is not published yet."""

    writer: int
    product: str
    turn: int | None
    version: int


@dataclass
class World:
    """Some replicas, one partition with a log that is compacted, and the versions in the database."""

    rng: random.Random
    replicas: list[OwnRecords] = field(default_factory=lambda: [OwnRecords(limit=8) for _ in range(3)])
    stored: dict[str, int] = field(default_factory=lambda: dict.fromkeys([f"demo/{number}" for number in range(4)], 0))
    log: dict[int, tuple[str, int]] = field(default_factory=dict)
    end: int = 0
    writes: list[Written] = field(default_factory=list)
    unacknowledged: list[tuple[Written, int]] = field(default_factory=list)
    reader: int = 0
    position: int = 0
    committed: int = 0
    last: dict[str, bool] = field(default_factory=dict)
    skipped: int = 0

    def write(self) -> None:
        """One that another writer was faster than has begun for nothing."""
        writer, product = self.rng.randrange(3), self.rng.choice(list(self.stored))
        turn = self.replicas[writer].begin([product])
        if self.rng.random() < 0.8:
            self.stored[product] += 1
            self.writes.append(Written(writer, product, turn, self.stored[product]))

    def repeat(self) -> None:
        """A redelivered message: the snapshot as it was read is published again, without a write."""
        product = self.rng.choice(list(self.stored))
        self.writes.append(Written(self.rng.randrange(3), product, None, self.stored[product]))

    def publish(self) -> None:
        """Any of those that are written, at any later time, also one whose replica was frozen meanwhile."""
        if self.writes:
            one = self.writes.pop(self.rng.randrange(len(self.writes)))
            self.log[self.end] = one.product, one.version
            self.unacknowledged.append((one, self.end))
            self.end += 1

    def acknowledge(self) -> None:
        if self.unacknowledged:
            one, offset = self.unacknowledged.pop(self.rng.randrange(len(self.unacknowledged)))
            if one.turn is not None:
                self.replicas[one.writer].published(one.product, one.turn, P0, offset)

    def compact(self) -> None:
        """Remove one record with a newer one of its product behind it."""
        old = [
            at for at, (product, _) in self.log.items() if any(p == product for o, (p, _) in self.log.items() if o > at)
        ]
        if old:
            del self.log[self.rng.choice(old)]

    def read(self) -> None:
        there = [offset for offset in sorted(self.log) if offset >= self.position]
        if there:
            offset = there[0]
            product, version = self.log[offset]
            is_certain = self.replicas[self.reader].read(product, P0, offset)
            self.skipped += is_certain
            # A record that differs holds back the commit, so the next reader sees it again.
            self.last[product] = is_certain or version == self.stored[product]
            self.position = offset + 1
            if all(self.last.values()):
                self.committed = self.position

    def move(self) -> None:
        """Another replica reads the partition, from the last commit."""
        self.replicas[self.reader].forget([P0])
        self.reader, self.position, self.last = self.rng.randrange(3), self.committed, {}

    def settle(self) -> None:
        """Everything that is written gets published and read."""
        while self.writes or self.unacknowledged:
            self.publish()
            self.acknowledge()
        while any(offset >= self.position for offset in self.log):
            self.read()


@pytest.mark.parametrize("seed", range(30))
def test_no_record_that_is_left_out_is_an_old_state(seed):
    """Replicas write, publish, freeze and take over in any order, and compaction removes what it may."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    skipped = 0
    for _ in range(100):
        world = World(rng)
        moves = [world.write, world.repeat, world.publish, world.acknowledge, world.compact, world.read, world.move]
        weights = [6, 1, 8, 10, 4, 9, 0.3]
        for _ in range(rng.randrange(5, 120)):
            rng.choices(moves, weights)[0]()
        world.settle()
        skipped += world.skipped
        for product, was_right in world.last.items():
            newest = [version for _, (one, version) in sorted(world.log.items()) if one == product][-1]
            assert not was_right or newest == world.stored[product]
    assert skipped > 10
