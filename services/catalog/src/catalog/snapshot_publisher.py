"""Publishes the merged products: snapshots, and null values for deleted ones."""

from collections.abc import Iterable, Sequence

from catalog.rules.model import State
from catalog.store.documents import product_id
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import EventPublisher, OutgoingMessage


class SnapshotPublisher:
    """Publishes to `catalog-products`.

    Two replicas may change a product one after the other and publish in the opposite order. `snapshot_repair` reads the
    topic and makes sure that the last record of a key becomes its newest state.
    """

    def __init__(self, events: EventPublisher) -> None:
        self._events = events

    def message(self, state: State) -> OutgoingMessage | None:
        """The snapshot of a product that is there, the null value of a deleted one; None for one never seen."""
        known = state.record or state.tombstone
        if known is None:
            return None
        subject, snapshot = product_id(known.shop_key, known.product_no), state.snapshot
        if snapshot is None:
            return self._events.null_message(CATALOG_PRODUCTS, subject.encode())
        # The same version always has the same event id.
        id_ = catalog_id(subject, ProductSnapshot.TYPE, snapshot["version"])
        event = self._events.plain_event(
            ProductSnapshot, snapshot, subject=subject, event_id=id_, time=snapshot["changed_at"]
        )
        return self._events.message(CATALOG_PRODUCTS, event)

    async def send(self, messages: Sequence[OutgoingMessage]) -> None:
        """Publish these, of different products, and wait for the acknowledgements."""
        await self._events.send(messages)

    async def publish(self, states: Iterable[State]) -> None:
        """Publish the snapshot or null value of each state, of different products."""
        await self.send([message for state in states if (message := self.message(state)) is not None])
