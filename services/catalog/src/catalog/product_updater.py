"""Applies messages to the stored products: one read, one fold, one guarded write, then the snapshots."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

import structlog

from catalog.errors import CatalogRefusal, NotKnownYet
from catalog.rules.merge import Folded, ReceivedMessage, remember_refused, resettle, settle
from catalog.rules.model import Rules, State
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.store.products import ProductStore, Stored, Write
from catalog.store.shops import ShopStore
from catalog.store.sizes import fold_within_limits
from shopsync_contracts.events import TaxDefaults
from shopsync_runtime import RetryableError, failpoint

log = structlog.get_logger(__name__)

Fold = Callable[[str, State, Rules], Folded]
Hold = Callable[[Sequence[ReceivedMessage]], Awaitable[None]]

_MOST_ROUNDS = 20


@dataclass(slots=True)
class ApplyResult:
    """Messages that the catalogue did not take, and why; all others are in the state and their snapshots are out."""

    refused: list[tuple[ReceivedMessage, CatalogRefusal]] = field(default_factory=list)
    waiting: list[tuple[ReceivedMessage, NotKnownYet]] = field(default_factory=list)


class ProductUpdater:
    """The only writer of products. Safe to run in several replicas and to repeat at any point."""

    def __init__(
        self,
        products: ProductStore,
        shops: ShopStore,
        feed: SnapshotPublisher,
        *,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._products = products
        self._shops = shops
        self._feed = feed
        self._rules = rules
        self._clock = clock

    async def apply(self, messages: Sequence[ReceivedMessage], hold: Hold | None = None) -> ApplyResult:
        """Fold each product's messages in the given order, write, publish. Raises what may pass by itself.

        `hold` gets the waiting messages before anything is written: a later message of their partition moves the
        product's offset past them, after which a redelivery would take them for applied.
        """
        by_product = _by_product(messages)

        def fold_one(one: str, state: State, rules: Rules) -> Folded:
            return fold_within_limits(state, by_product[one], rules, self._clock())

        result = ApplyResult()
        for folded in (await self._run(list(by_product), fold_one, hold)).values():
            result.refused += folded.refused
            result.waiting += folded.waiting
            _log(folded)
        return result

    async def remember_refused(self, messages: Sequence[ReceivedMessage]) -> None:
        """Note on their products that the dead letters of these held messages are out."""
        by_product = _by_product(messages)
        await self._run(list(by_product), lambda one, state, _: remember_refused(state, by_product[one]))

    async def reprice(self, shop_key: str, cause: ReceivedMessage) -> int:
        """Bring every product of a shop to its present tax settings, page by page. Returns how many were looked at."""
        seen = 0
        async for page in self._products.ids_of_shop(shop_key):
            await self._run(page, lambda _one, state, rules: resettle(state, cause, rules, self._clock()))
            seen += len(page)
        return seen

    async def _run(self, ids: Sequence[str], fold_one: Fold, hold: Hold | None = None) -> dict[str, Folded]:
        """Read, fold, write until nobody was faster; then publish what changed or may not have been published."""
        taxes = await self._taxes(ids)
        done: dict[str, Folded] = {}
        changed: set[str] = set()
        open_ids: Iterable[str] = ids
        for _ in range(_MOST_ROUNDS):
            open_ids = await self._round(open_ids, fold_one, taxes, done, changed, hold=hold)
            if not open_ids and (fresh := await self._taxes(ids) if changed else taxes) != taxes:
                # The settings changed while products were priced by the old ones. Repricing by the settings'
                # consumer may have passed before they were written, so it falls to this batch.
                open_ids = [one for one in ids if fresh[_shop(one)] != taxes[_shop(one)]]
                taxes, fold_one = fresh, self._settle
            if not open_ids:
                failpoint("catalog_after_write_before_publish")
                await self._feed.publish(done[one].state for one in ids if one in changed or done[one].repeated)
                failpoint("catalog_after_publish")
                return done
        raise RetryableError(f"other replicas kept changing the same products through {_MOST_ROUNDS} rounds")

    def _settle(self, _one: str, state: State, rules: Rules) -> Folded:
        return settle(state, rules, self._clock())

    async def _round(
        self,
        ids: Iterable[str],
        fold_one: Fold,
        taxes: Mapping[str, TaxDefaults],
        done: dict[str, Folded],
        changed: set[str],
        *,
        hold: Hold | None,
    ) -> list[str]:
        read = await self._products.load(list(ids))
        writes, folds = [], {}
        for one, stored in read.items():
            rules = replace(self._rules, tax=taxes[_shop(one)])
            folds[one] = folded = fold_one(one, stored.state, rules)
            if folded.state is not stored.state:
                writes.append(Write(one, stored, folded.state))
        waiting = [message for folded in folds.values() for message, _ in folded.waiting]
        if hold is not None and waiting:
            await hold(waiting)
        lost = await self._products.write(writes, uuid4().hex) if writes else set()
        for one, folded in folds.items():
            if one not in lost:
                done[one] = _second_look(done.get(one), folded)
        changed |= {write.id for write in writes if write.id not in lost and _is_visible(write.read, write.after)}
        return sorted(lost)

    async def _taxes(self, ids: Iterable[str]) -> dict[str, TaxDefaults]:
        return await self._shops.taxes({_shop(one) for one in ids})


def _by_product(messages: Sequence[ReceivedMessage]) -> dict[str, list[ReceivedMessage]]:
    by_product: dict[str, list[ReceivedMessage]] = {}
    for message in messages:
        by_product.setdefault(message.event.subject, []).append(message)
    return by_product


def _second_look(first: Folded | None, folded: Folded) -> Folded:
    """A product folded again after its write finds its messages applied; what became of them the first fold knows."""
    if first is None:
        return folded
    return Folded(folded.state, first.repeated, first.refused, first.waiting, first.notes)


def _is_visible(read: Stored, after: State) -> bool:
    return after.snapshot is not read.state.snapshot


def _shop(one: str) -> str:
    return one.partition("/")[0]


def _log(folded: Folded) -> None:
    for note in folded.notes:
        body = note.message.event.data
        write = log.warning if note.warn else log.info if note.details else log.debug
        write(
            note.text,
            shop_key=body.shop_key,
            product_no=body.product_no,
            event_id=note.message.event.id,
            event_type=body.TYPE,
            **note.details,
        )
