"""Decides which products need their snapshot published again, and when. Pure.

A suspect is a record on the snapshot topic that differs from the product's present state.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from catalog.rules.model import Partition

ShownVersion = int | None
"""Version of the product in a record; None for a null value (deleted), `UNREADABLE` for anything else."""

UNREADABLE = -1


def version_shown(key: str, value: bytes | None) -> ShownVersion:
    """The version in a snapshot. `UNREADABLE` unless it is of the product that the key names."""
    if value is None:
        return None
    try:
        data = orjson.loads(value)["data"]
        named, version = f"{data['shop_key']}/{data['product_no']}", data["version"]
    except (ValueError, KeyError, TypeError):
        return UNREADABLE
    return version if named == key and type(version) is int and version > 0 else UNREADABLE


@dataclass(slots=True, eq=False)
class Suspect:
    """A record that differs from the state. `end` is the partition's end, asked for after the record was read.

    `shown`: the version in the record.
    """

    partition: Partition
    key: str
    offset: int
    end: int | None = None
    shown: ShownVersion = None


@dataclass(slots=True)
class Suspects:
    """The last record of each key, as long as it differs from the state.

    A newer record of a key replaces the older one, whether it differs or not. A suspect that is left when its partition
    has been read to the end has no newer record, so no ordinary update is on its way and the state must be published
    again. With more than `limit` suspects, none waits for the end: that costs repeated snapshots instead of memory.
    """

    limit: int
    _open: dict[tuple[Partition, str], Suspect] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._open)

    def read(self, partition: Partition, key: str, offset: int, *, differs: bool, shown: ShownVersion = None) -> None:
        """Note the next record of a partition."""
        if differs:
            self._open[partition, key] = Suspect(partition, key, offset, shown=shown)
        else:
            self._open.pop((partition, key), None)

    def first_pending(self) -> dict[Partition, int]:
        """The lowest offset of a suspect in each partition."""
        first: dict[Partition, int] = {}
        for one in self._open.values():
            first[one.partition] = min(one.offset, first.get(one.partition, one.offset))
        return first

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop the suspects of these partitions."""
        gone = set(partitions)
        self._open = {name: one for name, one in self._open.items() if one.partition not in gone}

    def without_end(self) -> set[Partition]:
        """Partitions with suspects whose end is not known yet."""
        return {one.partition for one in self._open.values() if one.end is None}

    def set_ends(self, ends: Mapping[Partition, int], seen: Collection[Suspect]) -> None:
        """Set the partitions' ends, which were asked for after these suspects were seen."""
        for one in seen:
            if one.end is None:
                one.end = ends.get(one.partition)

    def all(self) -> list[Suspect]:
        """All suspects, oldest first."""
        return list(self._open.values())

    def due(self, read_to: Mapping[Partition, int]) -> list[Suspect]:
        """Suspects whose partition has been read to the end."""
        if len(self._open) > self.limit:
            return self.all()
        return [one for one in self._open.values() if one.end is not None and read_to[one.partition] >= one.end]

    def remove(self, suspects: Iterable[Suspect]) -> None:
        """Drop these suspects, but not newer ones of the same key."""
        for one in suspects:
            if self._open.get((one.partition, one.key)) is one:
                del self._open[one.partition, one.key]
