"""Records of the snapshot topic that are not the product's present state: which to settle, and when. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pydantic_core import from_json

from catalog.rules.model import Partition

Shown = int | None
"""What a record says of its product: the version, None for a null value (deleted), `UNREADABLE` for anything else."""

UNREADABLE = -1


def shown_by(key: str, value: bytes | None) -> Shown:
    """The version in a snapshot, which must be of the product that the key names."""
    if value is None:
        return None
    try:
        data = from_json(value)["data"]
        named, version = f"{data['shop_key']}/{data['product_no']}", data["version"]
    except (ValueError, KeyError, TypeError):
        return UNREADABLE
    return version if named == key and type(version) is int and version > 0 else UNREADABLE


@dataclass(slots=True, eq=False)
class Suspect:
    """A record at odds with the state. `end`: the partition's end after that was seen, once it was asked for."""

    partition: Partition
    key: str
    offset: int
    end: int | None = None


@dataclass(slots=True)
class Suspects:
    """Per key the last record read, while it differs from the state.

    A newer record of the key takes the place of an older one, whether it differs or not. What is left once the
    partition has been read to its end has no newer record: no ordinary update is on its way, and the state has to be
    published again. `most`: beyond so many none waits for the end any more, which costs repeated snapshots instead of
    memory.
    """

    most: int
    _open: dict[tuple[Partition, str], Suspect] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._open)

    def read(self, partition: Partition, key: str, offset: int, *, differs: bool) -> None:
        """Take in the next record of a partition."""
        if differs:
            self._open[partition, key] = Suspect(partition, key, offset)
        else:
            self._open.pop((partition, key), None)

    def first_unsettled(self) -> dict[Partition, int]:
        """The lowest offset of each partition that still differs."""
        first: dict[Partition, int] = {}
        for one in self._open.values():
            first[one.partition] = min(one.offset, first.get(one.partition, one.offset))
        return first

    def forget(self, partitions: Iterable[Partition]) -> None:
        """Drop what belongs to these."""
        gone = set(partitions)
        self._open = {name: one for name, one in self._open.items() if one.partition not in gone}

    def without_end(self) -> set[Partition]:
        """Partitions whose end has to be asked for."""
        return {one.partition for one in self._open.values() if one.end is None}

    def set_ends(self, ends: Mapping[Partition, int], seen: Collection[Suspect]) -> None:
        """The ends, asked for after these suspects were seen."""
        for one in seen:
            if one.end is None:
                one.end = ends.get(one.partition)

    def all(self) -> list[Suspect]:
        """Those of now, the oldest first."""
        return list(self._open.values())

    def due(self, read_to: Mapping[Partition, int]) -> list[Suspect]:
        """Those whose partition has been read to the end that was asked for."""
        if len(self._open) > self.most:
            return self.all()
        return [one for one in self._open.values() if one.end is not None and read_to[one.partition] >= one.end]

    def settle(self, settled: Iterable[Suspect]) -> None:
        """Drop these, but not a newer record of the same key."""
        for one in settled:
            if self._open.get((one.partition, one.key)) is one:
                del self._open[one.partition, one.key]
