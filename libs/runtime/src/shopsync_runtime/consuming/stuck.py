from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from shopsync_runtime.metrics import STUCK
from shopsync_runtime.wording import error_text

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    reason: str


class StuckPartitions:
    """Partitions of a subscription that are stuck before an unreadable record, and why.

    Every other process would read the same bytes, so neither a restart nor another replica helps. It is shown to an
    operator, but is no reason to take the process out of service.
    """

    def __init__(self, group: str) -> None:
        self._group = group
        self._places: dict[TopicPartition, _Place] = {}

    def add(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """Note that reading at `offset` failed."""
        known, reason = self._places.get(partition), error_text(error)
        self._places[partition] = _Place(offset, reason)
        if known is None or known.offset != offset:
            STUCK.labels(*self._labels(partition)).set(1)
            log.error(
                "a record cannot be read, the partition stands still",
                group=self._group,
                topic=partition.topic,
                partition=partition.partition,
                offset=offset,
                error=reason,
            )

    def reached(self, positions: Mapping[TopicPartition, int]) -> None:
        """Note the present positions. A partition that has moved past its bad record is no longer stuck."""
        for partition in [one for one, place in self._places.items() if positions.get(one, 0) > place.offset]:
            place = self._places.pop(partition)
            STUCK.labels(*self._labels(partition)).set(0)
            log.info(
                "the partition is read on", topic=partition.topic, partition=partition.partition, offset=place.offset
            )

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop partitions that were revoked or are read from another offset."""
        for partition in partitions:
            if self._places.pop(partition, None) is not None:
                STUCK.remove(*self._labels(partition))

    def notes(self) -> dict[str, str]:
        """One line per stuck partition, by its name."""
        return {
            f"partition {one.topic}/{one.partition}": f"stands still before offset {place.offset}: {place.reason}"
            for one, place in sorted(self._places.items())
        }

    def _labels(self, partition: TopicPartition) -> tuple[str, str, str]:
        return self._group, partition.topic, str(partition.partition)
