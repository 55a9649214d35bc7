"""Group "snapshot-check": reads the snapshot topic and publishes a product again whose last record is not its state.

A process that froze between its write and its publish can publish an old snapshot at any later time, and be killed
right after. So no publisher can guarantee that the last record is the newest state, but a reader of the topic can.

Why this is enough: every record is compared after it was written, even after a crash, since no offset is committed past
one that differs. Only records of this replica's own writes that cannot be old are left out, see `own_records`: where
one replica writes, nearly all. If the last record of a product is not its state, the state is published again, and the
new record is compared in turn. If it is, a later change is published in the ordinary way, at least once.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog
from aiokafka import TopicPartition

from catalog.metrics import SNAPSHOTS_REPAIRED
from catalog.rules.model import State
from catalog.rules.own_records import OwnRecords
from catalog.rules.suspects import Suspect, Suspects, version_shown
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.store.products import ProductStore, Stored
from shopsync_runtime import Delivery, RefusedDelivery
from shopsync_runtime.chunks import batched
from shopsync_runtime.failures import is_retryable

log = structlog.get_logger(__name__)

_AT_ONCE = 500
_MAX_SUSPECTS = 20_000
_LOGGED_KEYS = 10


class Reading(Protocol):
    """The part of the subscription that is used here."""

    def read_to(self, partition: TopicPartition) -> int:
        """Offset after the last record that was read."""

    async def ends(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Present ends of the partitions that are assigned to this process."""


class SnapshotRepair:
    """Handles the records and, in `run`, repairs in the background. Safe to run in several replicas."""

    def __init__(
        self, products: ProductStore, feed: SnapshotPublisher, own: OwnRecords, *, interval: timedelta
    ) -> None:
        self._products = products
        self._feed = feed
        self._own = own
        self._interval = interval.total_seconds()
        self._suspects = Suspects(_MAX_SUSPECTS)

    async def __call__(self, batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        """Compare the newest record of each key with the stored one. At most one query, no write, for any content."""
        newest: dict[tuple[TopicPartition, str], tuple[Delivery, bool]] = {}
        for delivery in batch:
            if (key := _product_of(delivery)) is not None:
                partition = delivery.position[0]
                newest[partition, key] = delivery, self._own.read(key, partition, delivery.offset)
        unsure = {key for (_, key), (_, is_certain) in newest.items() if not is_certain}
        present = await self._products.versions(unsure) if unsure else {}
        for (partition, key), (delivery, is_certain) in newest.items():
            shown = None if is_certain else version_shown(key, delivery.value)
            differs = not is_certain and shown != present.get(key)
            self._suspects.read(partition, key, delivery.offset, differs=differs, shown=shown)
        return []

    def first_pending(self) -> Mapping[TopicPartition, int]:
        """The first record of each partition that differs. Commits stay below it."""
        return self._suspects.first_pending()

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop the partitions. Their next owner reads from the last commit, so it sees the same records."""
        gone = set(partitions)
        self._suspects.forget(gone)
        self._own.forget(gone)

    async def run(self, reading: Reading) -> None:
        """Repair, indefinitely."""
        while True:
            await asyncio.sleep(self._interval)
            await self.repair_due(reading)

    async def repair_due(self, reading: Reading) -> None:
        """Publish products whose last record still differs; ask how far to read for newly found suspects.

        A suspect found since the last call is left for the next one, because the snapshot of a change that is being
        written takes a moment to be published.
        """
        if not len(self._suspects):
            return
        read_to = {one.partition: reading.read_to(one.partition) for one in self._suspects.all()}
        due = self._suspects.due(read_to)
        for some in batched(due, _AT_ONCE):
            await self._repair(some)
        seen = self._suspects.all()
        if asked := self._suspects.without_end():
            self._suspects.set_ends(await reading.ends(asked), seen)

    async def _repair(self, due: Sequence[Suspect]) -> None:
        stored = await self._products.load({one.key for one in due})
        if ahead := _newer(due, stored):
            # The database is older than the topic, as after a restore: readers order by version.
            await self._products.raise_versions(ahead)
            stored |= await self._products.load(ahead)
        known = {key: one.state for key, one in stored.items() if one.state.record or one.state.tombstone}
        if unknown := sorted(stored.keys() - known.keys()):
            # A lost or wrong database must not empty the topic, so records of unknown products stay.
            SNAPSHOTS_REPAIRED.labels("unknown").inc(len(unknown))
            log.warning(
                "snapshots of products that the database has no trace of, left as they are",
                products=len(unknown),
                first=unknown[:_LOGGED_KEYS],
            )
        if known:
            await self._publish_again(known)
        self._suspects.remove(due)

    async def _publish_again(self, states: Mapping[str, State]) -> None:
        try:
            await self._feed.publish(states.values())
        except Exception as error:
            if is_retryable(error):
                raise
            # A snapshot that can never be published must not block the others.
            states = {key: state for key, state in states.items() if await self._publish_alone(key, state)}
        gone = sum(state.record is None for state in states.values())
        SNAPSHOTS_REPAIRED.labels("deleted").inc(gone)
        SNAPSHOTS_REPAIRED.labels("published").inc(len(states) - gone)
        log.warning(
            "the newest snapshot of some products was not their state, published again",
            products=len(states),
            first=sorted(states)[:_LOGGED_KEYS],
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


def _newer(due: Sequence[Suspect], stored: Mapping[str, Stored]) -> dict[str, int]:
    """Products whose record has a higher version than their state, and that version."""
    newer = {}
    for one in due:
        snapshot = stored[one.key].state.snapshot
        if snapshot is not None and one.shown is not None and one.shown > snapshot["version"]:
            newer[one.key] = one.shown
    return newer


def _product_of(delivery: Delivery) -> str | None:
    """The product that a key names; None when no product can have this key."""
    try:
        key = (delivery.key or b"").decode()
    except UnicodeDecodeError:
        return None
    return key if "/" in key else None
