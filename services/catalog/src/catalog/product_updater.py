"""Applies messages to the stored products: one read, one fold, one guarded write, then the snapshots."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

import structlog
from msgspec.structs import replace

from catalog.errors import CatalogRefusal, NotKnownYet
from catalog.fold_traces import NO_TRACES, Fold, FoldTraces, traces_of
from catalog.rules.merge import Folded, Note, ReceivedMessage, refresh_for_settings, refresh_snapshot, remember_refused
from catalog.rules.model import Rules, State
from catalog.snapshot_publisher import SnapshotPublisher
from catalog.store.products import ProductStore, Write, prepare
from catalog.store.shops import ShopStore
from catalog.store.sizes import fold_within_limits
from shopsync_contracts.events import TaxDefaults
from shopsync_runtime import OutgoingMessage, RetryableError, failpoint
from shopsync_runtime.chunks import batched
from shopsync_runtime.gathering import all_ended

log = structlog.get_logger(__name__)

Hold = Callable[[Sequence[ReceivedMessage]], Awaitable[None]]

_MAX_ATTEMPTS = 20
_AT_ONCE = 4
_FEWEST_TOGETHER = 50


@dataclass(slots=True)
class ApplyResult:
    """Messages that were not applied, and why. All others are stored and their snapshots are published."""

    refused: list[tuple[ReceivedMessage, CatalogRefusal]] = field(default_factory=list)
    waiting: list[tuple[ReceivedMessage, NotKnownYet]] = field(default_factory=list)


class ProductUpdater:
    """The only writer of products. It may run in several replicas, and any step may be repeated."""

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
        """Fold each product's messages in the given order, write, publish. Only raises retryable errors.

        `hold` is called with the waiting messages before anything is written. A later message of their partition moves
        the product's stored offset past them, and after that a redelivery would look like a repeat.
        """
        by_product = _by_product(messages)

        def fold_one(one: str, state: State, rules: Rules) -> Folded:
            return fold_within_limits(state, by_product[one], rules, self._clock())

        result = ApplyResult()
        for outcome in await self._run(list(by_product), fold_one, hold, traces_of(messages)):
            result.refused += outcome.refused
            result.waiting += outcome.waiting
            _log(outcome.notes)
        return result

    async def remember_refused(self, messages: Sequence[ReceivedMessage]) -> None:
        """Store the offsets of held messages whose dead letters are published, so that a repeat is recognised."""
        by_product = _by_product(messages)
        await self._run(list(by_product), lambda one, state, _: remember_refused(state, by_product[one]))

    async def reprice(self, shop_key: str, cause: ReceivedMessage) -> int:
        """Apply a shop's present tax settings to all its products, in pages. Returns the number of products."""
        seen = 0
        async for page in self._products.ids_of_shop(shop_key):
            await self._run(page, lambda _one, state, rules: refresh_for_settings(state, cause, rules, self._clock()))
            seen += len(page)
        return seen

    async def _run(
        self, ids: Sequence[str], fold_one: Fold, hold: Hold | None = None, traces: FoldTraces = NO_TRACES
    ) -> Sequence["_Outcome"]:
        """Read, fold, write and publish, some products beside others, so that one waits while another is folded.

        Returns what else the folds found. A second fold, for new tax settings, only sees messages already applied.
        """
        taxes = await self._taxes(ids)
        rules = {shop: replace(self._rules, tax=tax) for shop, tax in taxes.items()}
        work = _Work(traces.around(fold_one), taxes, rules, hold, traces)
        await all_ended(*(self._update(some, work) for some in batched(ids, _share(len(ids)))))
        if work.turns and (fresh := await self._taxes(ids)) != work.taxes:
            # The settings changed while these products were priced with the old ones. The settings handler may
            # have repriced the shop before this batch was written, so this batch must reprice its products.
            stale = [one for one in ids if fresh[_shop(one)] != work.taxes[_shop(one)]]
            await self._run(stale, self._refresh)
        return list(work.outcomes.values())

    def _refresh(self, _one: str, state: State, rules: Rules) -> Folded:
        return refresh_snapshot(state, rules, self._clock())

    async def _update(self, ids: Sequence[str], work: "_Work") -> None:
        """Try until no other writer was faster, then publish what changed or may be unpublished."""
        pending_ids: Sequence[str] = ids
        for _ in range(_MAX_ATTEMPTS):
            pending_ids = await self._attempt(pending_ids, work)
            if not pending_ids:
                failpoint("catalog_after_write_before_publish")
                await self._feed.send({one: work.messages[one] for one in ids if one in work.messages}, work.turns)
                failpoint("catalog_after_publish")
                return
        raise RetryableError(f"other replicas kept changing the same products through {_MAX_ATTEMPTS} rounds")

    async def _attempt(self, ids: Sequence[str], work: "_Work") -> list[str]:
        writer = uuid4().hex
        writes: list[Write] = []
        async for one, stored in self._products.states(ids):
            folded = work.fold_one(one, stored.state, work.rules[_shop(one)])
            if folded.state is not stored.state:
                writes.append(prepare(one, stored, folded.state, writer, work.traces.kept(one)))
            is_visible = folded.state.snapshot is not stored.state.snapshot
            is_sent = is_visible or folded.repeated
            work.note(one, folded, self._feed.message(folded.state, work.traces.of(one)) if is_sent else None)
        waiting = [message for one in ids if one in work.outcomes for message, _ in work.outcomes[one].waiting]
        if work.hold is not None and waiting:
            await work.hold(waiting)
        visible = [write.id for write in writes if write.is_visible]
        turn = self._feed.begin(visible)
        lost = await self._products.write(writes, writer) if writes else set()
        work.turns |= {one: turn for one in visible if one not in lost}
        return sorted(lost)

    async def _taxes(self, ids: Iterable[str]) -> dict[str, TaxDefaults]:
        return await self._shops.tax_settings({_shop(one) for one in ids})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a fold found besides the state. The states of a batch are many, and needed no longer once encoded."""

    refused: list[tuple[ReceivedMessage, CatalogRefusal]]
    waiting: list[tuple[ReceivedMessage, NotKnownYet]]
    notes: list[Note]


@dataclass(slots=True)
class _Work:
    """What happens to a batch's products.

    `taxes` and `rules` are by shop. `outcomes` are those of the products' last folds that found something, `messages`
    the snapshots to publish: those that have changed or may be unpublished. `turns` are those of snapshots that have
    changed and were written.
    """

    fold_one: Fold
    taxes: Mapping[str, TaxDefaults]
    rules: Mapping[str, Rules]
    hold: Hold | None
    traces: FoldTraces
    outcomes: dict[str, _Outcome] = field(default_factory=dict)
    messages: dict[str, OutgoingMessage] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)

    def note(self, one: str, folded: Folded, message: OutgoingMessage | None) -> None:
        """Note what a fold found, in place of what an earlier one found whose write was lost to another writer."""
        self.outcomes.pop(one, None)
        self.messages.pop(one, None)
        if folded.refused or folded.waiting or folded.notes:
            self.outcomes[one] = _Outcome(folded.refused, folded.waiting, folded.notes)
        if message is not None:
            self.messages[one] = message


def _share(products: int) -> int:
    """How many of a batch's products go together. Few products are not worth further questions to MongoDB."""
    return max(_FEWEST_TOGETHER, -(-products // _AT_ONCE))


def _by_product(messages: Sequence[ReceivedMessage]) -> dict[str, list[ReceivedMessage]]:
    by_product: dict[str, list[ReceivedMessage]] = {}
    for message in messages:
        by_product.setdefault(message.event.subject, []).append(message)
    return by_product


def _shop(one: str) -> str:
    return one.partition("/")[0]


def _log(notes: Sequence[Note]) -> None:
    for note in notes:
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
