"""Tells which records of the snapshot topic need no comparison with MongoDB. Pure.

Most records that a replica reads there are its own, of states that it has just written. One of them may be old only if
another writer was faster with its publishing, see `snapshot_repair`. That writer wrote later than this replica, so its
record came onto the topic after this replica began to write. Whoever has read the partition since then without a gap
has seen it.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from catalog.rules.model import Partition

_NOTHING_READ: Final = -1


class _Write(Struct, eq=False):
    """A product's last write, known from before it happens until its record is read. `turn` orders it among the others.

    It is no longer `alone` when another record of the product is read meanwhile.
    """

    turn: int
    alone: bool = True


class _Reading(Struct):
    """How far a partition was read. Writes with a turn after `whole_since` have missed none of its records."""

    next: int = _NOTHING_READ
    whole_since: int = 0


class OwnRecords:
    """The writes of this replica whose snapshots it has not read yet. At most `limit`; beyond that all are forgotten.

    What it does not know is compared with MongoDB, so forgetting costs time only.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turn = 0
        self._writes: dict[str, _Write] = {}
        self._placed: dict[tuple[Partition, int], _Write] = {}
        self._readings: dict[Partition, _Reading] = {}

    def begin(self, products: Iterable[str]) -> int:
        """These products are about to be written, and their snapshots published after that. Returns the turn."""
        if len(self._writes) > self._limit:
            self._writes.clear()
            self._placed.clear()
        self._turn += 1
        self._writes |= {one: _Write(self._turn) for one in products}
        return self._turn

    def published(self, product: str, turn: int, partition: Partition, offset: int) -> None:
        """The snapshot of the product's write of this turn stands there."""
        write, reading = self._writes.get(product), self._readings.get(partition)
        if write is None or write.turn != turn:
            return
        if reading is None or offset < reading.next:  # not read by this replica, or read before it was acknowledged
            del self._writes[product]
        else:
            self._placed[partition, offset] = write

    def read(self, product: str, partition: Partition, offset: int) -> bool:
        """Note the next record of a partition. Returns whether it certainly is the product's state, or a newer follows.

        Every record must be noted, in the order in which they are read.
        """
        reading = self._readings.setdefault(partition, _Reading())
        if offset != reading.next:
            # What was between them is unknown: it was removed by compaction, or read by another replica.
            reading.whole_since = self._turn
        reading.next = offset + 1
        own, latest = self._placed.pop((partition, offset), None), self._writes.get(product)
        if own is None or own is not latest:
            if latest is not None:
                latest.alone = False
            return False
        del self._writes[product]
        return own.alone and own.turn > reading.whole_since

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Another replica reads these partitions from now on."""
        gone = set(partitions)
        for partition in gone:
            self._readings.pop(partition, None)
        self._placed = {place: write for place, write in self._placed.items() if place[0] not in gone}
