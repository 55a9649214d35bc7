"""Publishes the merged products: snapshots, and null values for deleted ones."""

from collections.abc import Iterable

from catalog.rules.model import Snapshot, State
from catalog.store.documents import product_id
from shopsync_contracts import PlainEvent
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import EventPublisher
from shopsync_runtime.gathering import all_ended


class SnapshotPublisher:
    """Publishes to `catalog-products`.

    Two replicas may change a product one after the other and publish in the opposite order. `snapshot_repair` reads the
    topic and makes sure that the last record of a key becomes its newest state.
    """

    def __init__(self, events: EventPublisher) -> None:
        self._events = events

    async def publish(self, states: Iterable[State]) -> None:
        """Publish the snapshot or null value of each state, in any order, and wait for the acknowledgements."""
        known = {subject: state for state in states if (subject := _subject(state)) is not None}
        snapshots = [
            (CATALOG_PRODUCTS, self._event(subject, state.snapshot))
            for subject, state in known.items()
            if state.snapshot is not None
        ]
        await self._events.publish_all(snapshots)
        # Concurrently: a sweep deletes thousands, and in sequence each would wait for its own acknowledgement.
        gone = [subject.encode() for subject, state in known.items() if state.snapshot is None]
        await all_ended(*(self._events.tombstone(CATALOG_PRODUCTS, key) for key in gone))

    def _event(self, subject: str, snapshot: Snapshot) -> PlainEvent:
        # The same version always has the same event id.
        id_ = catalog_id(subject, ProductSnapshot.TYPE, snapshot["version"])
        return self._events.plain_event(
            ProductSnapshot, snapshot, subject=subject, event_id=id_, time=snapshot["changed_at"]
        )


def _subject(state: State) -> str | None:
    known = state.record or state.tombstone
    return None if known is None else product_id(known.shop_key, known.product_no)
