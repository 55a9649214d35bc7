"""Publishes the merged products: snapshots, and null values for deleted ones."""

from collections.abc import Iterable, Mapping, Sequence

from catalog.rules.model import State
from catalog.rules.own_records import OwnRecords
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

    def __init__(self, events: EventPublisher, own: OwnRecords) -> None:
        self._events = events
        self._own = own

    def begin(self, products: Iterable[str]) -> int:
        """Call this before products are written whose snapshots are published after that. Returns the turn."""
        return self._own.begin(products)

    def message(self, state: State, traceparent: str | None = None) -> OutgoingMessage | None:
        """The snapshot of a product that is there, the null value of a deleted one; None for one never seen.

        `traceparent`: of the fold that made the state.
        """
        known = state.record or state.tombstone
        if known is None:
            return None
        subject, snapshot = product_id(known.shop_key, known.product_no), state.snapshot
        if snapshot is None:
            return self._events.null_message(CATALOG_PRODUCTS, subject.encode())
        # The same version always has the same event id.
        id_ = catalog_id(subject, ProductSnapshot.TYPE, snapshot["version"])
        event = self._events.plain_event(
            ProductSnapshot,
            snapshot,
            subject=subject,
            event_id=id_,
            time=snapshot["changed_at"],
            traceparent=traceparent,
        )
        return self._events.message(CATALOG_PRODUCTS, event)

    async def send(self, messages: Mapping[str, OutgoingMessage], turns: Mapping[str, int]) -> None:
        """Publish these, by product, and wait for the acknowledgements. `turns` are those of what was written."""
        for product, placed in zip(messages, await self._events.send(list(messages.values())), strict=True):
            if (turn := turns.get(product)) is not None:
                self._own.published(product, turn, (placed.topic, placed.partition), placed.offset)

    async def publish(self, states: Iterable[State]) -> None:
        """Publish the snapshot or null value of each state."""
        messages: Sequence[OutgoingMessage] = [one for state in states if (one := self.message(state)) is not None]
        await self._events.send(messages)
