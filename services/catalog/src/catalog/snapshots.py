"""The feed of merged products: snapshots, and null values for deleted ones."""

import asyncio
from collections.abc import Iterable

from catalog.documents import product_id
from catalog.identity import derived_id
from catalog.model import State
from catalog.store import ProductStore
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import EventPublisher


class SnapshotFeed:
    """Publishes to `catalog-products`, such that the last message of a key is the newest state.

    Two replicas may change one product one after the other and publish the other way round, which on a compacted topic
    would keep the older snapshot for good. So whoever has published looks again and publishes what is newer.
    """

    def __init__(self, events: EventPublisher, products: ProductStore) -> None:
        self._events = events
        self._products = products

    async def publish(self, states: Iterable[State]) -> None:
        """Publish each state's snapshot or null value, and wait for the acknowledgements. Order of keys is free."""
        pending = {subject: state for state in states if (subject := _subject(state)) is not None}
        while pending:
            await self._send(pending)
            present = await self._products.versions(pending)
            overtaken = [
                subject
                for subject, state in pending.items()
                if present.get(subject) != (state.snapshot.version if state.snapshot else None)
            ]
            if not overtaken:
                return
            newer = await self._products.load(overtaken)
            pending = {subject: newer[subject].state for subject in overtaken if _subject(newer[subject].state)}

    async def _send(self, states: dict[str, State]) -> None:
        snapshots = [state.snapshot for state in states.values() if state.snapshot is not None]
        await self._events.publish_all(
            [
                (
                    CATALOG_PRODUCTS,
                    # The same version is the same fact, however often it is published.
                    self._events.event(
                        one, id=derived_id(one.subject, one.TYPE, str(one.version)), time=one.changed_at
                    ),
                )
                for one in snapshots
            ]
        )
        # Side by side: a sweep deletes thousands, and one after the other each would wait for its own acknowledgement.
        gone = [subject.encode() for subject, state in states.items() if state.snapshot is None]
        acks = await asyncio.gather(
            *(self._events.tombstone(CATALOG_PRODUCTS, key) for key in gone), return_exceptions=True
        )
        for ack in acks:
            if isinstance(ack, BaseException):
                raise ack


def _subject(state: State) -> str | None:
    known = state.record or state.tombstone
    return None if known is None else product_id(known.shop_key, known.product_no)
