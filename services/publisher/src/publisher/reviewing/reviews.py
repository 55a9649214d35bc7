"""Reads the state of listings at TikTok, after webhooks and while a review runs, and reports what changed."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

import structlog

from publisher.errors import Passing, PublisherError, ShopResting
from publisher.ids import derived_id
from publisher.metrics import REVIEWS
from publisher.model import Listing, Review, ReviewMark
from publisher.pushing.finding import read_listing
from publisher.pushing.outbox import Outbox
from publisher.pushing.outcomes import adopted
from publisher.settings import PublisherSettings
from publisher.store import Listings
from publisher.tiktok.remote_product import RemoteProduct, reasons_digest, review_of
from publisher.tiktok.shops import Shops
from shopsync_contracts.events import Reason, ReviewChanged, ReviewState
from shopsync_runtime.cancelling import raise_if_cancelled
from shopsync_runtime.tracing import continuing

log = structlog.get_logger(__name__)

_REPORTED: dict[ReviewMark, ReviewState] = {
    "approved": "approved",
    "live": "approved",
    "rejected": "rejected",
    "pre_approved": "pre_approved",
    "deactivated": "deactivated",
    "frozen": "frozen",
    "deleted": "deleted",
}
_UNSETTLED = frozenset({"in_review", "pre_approved"})
_AT_ONCE = 48
"""Readings in progress in this replica. Chosen: 24 shops with two each."""
_APART = 0.2
"""Seconds between two looks for due listings, so that those of all shops are claimed together. Chosen: a review takes
hours, and a shop with many due listings is read twice a second.
"""
_PER_SHOP = 2
"""Readings of one shop at a time: one in flight and one in the queue. A slow shop leaves readings to others."""


class Reviews:
    """Reads due listings and reports changes.

    A webhook only makes its listing due, and what is read then counts: repeated, late and reordered ones do no harm.
    """

    def __init__(
        self,
        listings: Listings,
        shops: Shops,
        outbox: Outbox,
        *,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._listings = listings
        self._shops = shops
        self._outbox = outbox
        self._poll_interval = settings.review_poll_interval
        self._rest = settings.poll_interval.total_seconds()
        # So long a killed process delays a listing that it had claimed. Two readings of one listing do no harm.
        self._lease = settings.job_lease
        self._clock = clock
        self._reading: Counter[str] = Counter()
        #: shops whose calls go to pushes, and until when none of their listings has to be claimed
        self._resting: dict[str, datetime] = {}
        self._wake = asyncio.Event()
        #: shops of which a listing may be due although none was claimed; None: of every shop
        self._passed_over: AbstractSet[str] | None = None

    def wake(self) -> None:
        """A listing may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                raise_if_cancelled()
                self._wake.clear()
                until = self._clock() + self._lease
                claimed = await self._claim(until)
                raise_if_cancelled()  # a group that is being ended takes no task
                for listing in claimed:
                    self._reading[listing.shop_key] += 1
                    group.create_task(self._read(listing, until), name=f"review-{listing.shop_key}")
                # Not wait_for: in Python 3.11 it loses a cancellation that meets the wake-up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._rest):
                        await asyncio.sleep(_APART)
                        await self._wake.wait()

    async def _claim(self, until: datetime) -> list[Listing]:
        """Due listings of shops that have not their share of readings. They are due again at `until`."""
        self._passed_over = None
        places = _AT_ONCE - self._reading.total()
        if places <= 0:
            return []
        now = self._clock()
        self._resting = {shop: end for shop, end in self._resting.items() if end > now}
        busy = {shop for shop, readings in self._reading.items() if readings >= _PER_SHOP} | self._resting.keys()
        busy |= self._shops.set_aside
        due = await self._listings.due_reviews(now=now, limit=_AT_ONCE, but_not_of=sorted(busy))
        chosen, others = self._share(due, places)
        if len(due) < _AT_ONCE and len(chosen) < places:
            self._passed_over = busy | others
        elif chosen:
            self._wake.set()  # behind them may be those of other shops
        return await self._listings.claim_reviews(chosen, until) if chosen else []

    def _share(
        self, due: Sequence[tuple[Listing, datetime]], places: int
    ) -> tuple[list[tuple[Listing, datetime]], set[str]]:
        """Those to read now, and the shops of the others."""
        reading = self._reading.copy()
        chosen: list[tuple[Listing, datetime]] = []
        others = set()
        for listing, at in due:
            if reading[listing.shop_key] < _PER_SHOP and len(chosen) < places:
                reading[listing.shop_key] += 1
                chosen.append((listing, at))
            else:
                others.add(listing.shop_key)
        return chosen, others

    async def _read(self, listing: Listing, claimed_until: datetime) -> None:
        try:
            await self.check(listing, claimed_until)
        finally:
            self._reading[listing.shop_key] -= 1
            if not self._reading[listing.shop_key]:
                del self._reading[listing.shop_key]
            if self._passed_over is None or listing.shop_key in self._passed_over:
                self._wake.set()

    async def check(self, listing: Listing, claimed_until: datetime) -> None:
        """Read one listing, and report its state if it differs from the stored one."""
        is_under_way = listing.intent is not None and not listing.intent.is_settled
        if is_under_way or listing.tiktok_product_id is None:
            return  # a push is writing it, and makes it due again
        try:
            seen = await read_listing(self._shops.api(listing.shop_key, urgent=False), listing)
        except ShopResting as resting:
            # Pushes go first.
            until = self._clock() + resting.wait
            self._resting[listing.shop_key] = until
            await self._listings.defer_review(listing, claimed_until, until)
            return
        except PublisherError as error:
            if not isinstance(error, Passing):
                await self._listings.defer_review(listing, claimed_until, self._clock() + self._poll_interval)
            log.info(
                "review not read, again later",
                shop_key=listing.shop_key,
                product_no=listing.product_no,
                code=error.code,
                reason=error.message,
            )
            return
        self._resting.pop(listing.shop_key, None)
        await self._record(listing, seen, claimed_until)

    async def _record(self, listing: Listing, seen: RemoteProduct, claimed_until: datetime) -> None:
        state, reasons = review_of(seen)
        review = Review(state, listing.pushed_content_version, reasons_digest(reasons))
        changed = review if not _is_same(listing.review, review) else None
        learned = adopted(listing, seen)
        event = None
        if changed is not None and state in _REPORTED:
            body = _event(listing, _REPORTED[state], reasons, self._clock())
            with continuing(listing.traceparent):
                event = self._outbox.entry(
                    body, derived_id("review", listing.subject, listing.pushes, *_parts(listing, review))
                )
        due = self._clock() + self._poll_interval if state in _UNSETTLED else None
        async with self._outbox.line(listing.subject) as send:
            recorded = await self._listings.record_review(
                listing,
                changed,
                claimed_until=claimed_until,
                learned=learned,
                event=event,
                due_at=due,
            )
            if recorded is not None:
                await send(recorded.unsent)
        if recorded is None:
            # A push or another reading was quicker: read again now, not when the claim expires.
            await self._listings.defer_review(listing, claimed_until, self._clock())
            self.wake()
        if recorded is not None and event is not None:
            REVIEWS.labels(state).inc()
            log.info("review changed", shop_key=listing.shop_key, product_no=listing.product_no, review=state)


def _is_same(recorded: Review | None, read: Review) -> bool:
    if recorded is None:
        return False
    known = "approved" if recorded.state == "live" else recorded.state
    return (known, recorded.content_version, recorded.reasons_digest) == (
        read.state,
        read.content_version,
        read.reasons_digest,
    )


def _parts(listing: Listing, review: Review) -> tuple[str, ...]:
    before = listing.review
    return ("" if before is None else f"{before.state} {before.reasons_digest}", review.state, review.reasons_digest)


def _event(listing: Listing, review: ReviewState, reasons: tuple[Reason, ...], now: datetime) -> ReviewChanged:
    return ReviewChanged(
        shop_key=listing.shop_key,
        product_no=listing.product_no,
        tiktok_product_id=listing.tiktok_product_id or "",
        content_version=listing.pushed_content_version,
        review=review,
        reasons=reasons,
        occurred_at=now,
    )
