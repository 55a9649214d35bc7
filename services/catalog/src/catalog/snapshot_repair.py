"""Group "snapshot-check": reads what stands on the snapshot topic and repairs what is not the products' present state.

A process that was frozen between its write and its publish can publish an old snapshot at any later time, and be killed
right after. So nobody who publishes can promise that the newest state stands last; who reads the topic can.

Why it is enough: every record is looked at after it was written, also after a crash, since no offset is committed past
one that differs. If the last record of a product is not its state, the state is published again, and that record is
looked at in turn. If it is, a later change publishes by the ordinary path, at least once.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog
from aiokafka import TopicPartition

from catalog.metrics import SNAPSHOTS_REPAIRED
from catalog.rules.model import State
from catalog.rules.suspects import Suspect, Suspects, shown_by
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.store.products import ProductStore
from shopsync_runtime import Delivery, Refusal
from shopsync_runtime.failures import is_retryable

log = structlog.get_logger(__name__)

_AT_ONCE = 500
_MOST_SUSPECTS = 20_000
_NAMED = 10


class Reading(Protocol):
    """The subscription, as far as it is needed here."""

    def read_to(self, partition: TopicPartition) -> int:
        """Offset after the last record that was taken."""

    async def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Present ends of those that are held."""


class SnapshotRepair:
    """Handler of the records and, as `run`, the background task that repairs. Safe in several replicas."""

    def __init__(self, products: ProductStore, feed: SnapshotPublisher, *, interval: timedelta) -> None:
        self._products = products
        self._feed = feed
        self._interval = interval.total_seconds()
        self._suspects = Suspects(_MOST_SUSPECTS)

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[Refusal]:
        """Compare the newest record of each key with the stored version: one query, no write, whatever the bytes."""
        newest: dict[tuple[TopicPartition, str], Delivery] = {}
        for delivery in batch:
            if (key := _product_of(delivery)) is not None:
                newest[delivery.position[0], key] = delivery
        present = await self._products.versions({key for _, key in newest})
        for (partition, key), delivery in newest.items():
            differs = shown_by(key, delivery.value) != present.get(key)
            self._suspects.read(partition, key, delivery.offset, differs=differs)
        return []

    def first_unsettled(self) -> Mapping[TopicPartition, int]:
        """Commits stay below the first record that differs."""
        return self._suspects.first_unsettled()

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Another replica reads these from the last commit, so it meets the same records."""
        self._suspects.forget(partitions)

    async def run(self, reading: Reading) -> None:
        """Repair, indefinitely."""
        while True:
            await asyncio.sleep(self._interval)
            await self.settle(reading)

    async def settle(self, reading: Reading) -> None:
        """Publish the state of each product whose last record differs; ask how far to read for those just met.

        A record met since the last call is not judged in this one: the snapshot of a change that is being written needs
        a moment to be published.
        """
        if not len(self._suspects):
            return
        read_to = {one.partition: reading.read_to(one.partition) for one in self._suspects.all()}
        due = self._suspects.due(read_to)
        for start in range(0, len(due), _AT_ONCE):
            await self._repair(due[start : start + _AT_ONCE])
        seen = self._suspects.all()
        if asked := self._suspects.without_end():
            self._suspects.set_ends(await reading.ends(asked), seen)

    async def _repair(self, due: Sequence[Suspect]) -> None:
        stored = await self._products.load({one.key for one in due})
        known = {key: one.state for key, one in stored.items() if one.state.record or one.state.tombstone}
        if unknown := sorted(stored.keys() - known.keys()):
            # A lost or a wrong database must not empty the feed, so what it has no trace of stays.
            SNAPSHOTS_REPAIRED.labels("unknown").inc(len(unknown))
            log.warning(
                "snapshots of products that the database has no trace of, left as they are",
                products=len(unknown),
                first=unknown[:_NAMED],
            )
        if known:
            await self._publish_again(known)
        self._suspects.settle(due)

    async def _publish_again(self, states: Mapping[str, State]) -> None:
        try:
            await self._feed.publish(states.values())
        except Exception as error:
            if is_retryable(error):
                raise
            # One that can never be published must not keep the others back.
            states = {key: state for key, state in states.items() if await self._publish_alone(key, state)}
        gone = sum(state.record is None for state in states.values())
        SNAPSHOTS_REPAIRED.labels("deleted").inc(gone)
        SNAPSHOTS_REPAIRED.labels("published").inc(len(states) - gone)
        log.warning(
            "the newest snapshot of some products was not their state, published again",
            products=len(states),
            first=sorted(states)[:_NAMED],
        )

    async def _publish_alone(self, key: str, state: State) -> bool:
        try:
            await self._feed.publish([state])
        except Exception as error:
            if is_retryable(error):
                raise
            SNAPSHOTS_REPAIRED.labels("failed").inc()
            log.exception("a snapshot cannot be published, the last record of its product stays as it is", product=key)
            return False
        return True


def _product_of(delivery: Delivery) -> str | None:
    """The product that a key names; None for a key that can be nobody's."""
    try:
        key = (delivery.key or b"").decode()
    except UnicodeDecodeError:
        return None
    return key if "/" in key else None
