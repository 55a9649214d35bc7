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
    """Partitions of a subscription that stand still before a record that cannot be read, and why.

    Whoever holds the partition next meets the same bytes: neither a restart nor another replica helps, so this is
    for an operator to see, not a reason to take the process out of service.
    """

    def __init__(self, subscription: str) -> None:
        self._subscription = subscription
        self._places: dict[TopicPartition, _Place] = {}

    def stand_still(self, partition: TopicPartition, offset: int, error: Exception) -> None:
        """An attempt to read on at `offset` has failed."""
        known, reason = self._places.get(partition), error_text(error)
        self._places[partition] = _Place(offset, reason)
        if known is None or known.offset != offset:
            STUCK.labels(*self._labels(partition)).set(1)
            log.error(
                "a record cannot be read, the partition stands still",
                subscription=self._subscription,
                topic=partition.topic,
                partition=partition.partition,
                offset=offset,
                error=reason,
            )

    def reached(self, positions: Mapping[TopicPartition, int]) -> None:
        """Reading goes on at these offsets: what lies behind one of them stands still no more."""
        for partition in [one for one, place in self._places.items() if positions.get(one, 0) > place.offset]:
            place = self._places.pop(partition)
            STUCK.labels(*self._labels(partition)).set(0)
            log.info(
                "the partition is read on", topic=partition.topic, partition=partition.partition, offset=place.offset
            )

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Another process holds these now, or they are read again from elsewhere."""
        for partition in partitions:
            if self._places.pop(partition, None) is not None:
                STUCK.remove(*self._labels(partition))

    def notes(self) -> dict[str, str]:
        """One line per partition, under its name."""
        return {
            f"partition {one.topic}/{one.partition}": f"stands still before offset {place.offset}: {place.reason}"
            for one, place in sorted(self._places.items())
        }

    def _labels(self, partition: TopicPartition) -> tuple[str, str, str]:
        return self._subscription, partition.topic, str(partition.partition)
