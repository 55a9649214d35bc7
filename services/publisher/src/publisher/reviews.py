"""What became of listings at TikTok: told by webhooks, asked for while a review runs, reported when it changed."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from publisher.errors import Passing, PublisherError, ShopResting
from publisher.finding import look
from publisher.ids import derived_id
from publisher.metrics import REVIEWS
from publisher.model import Listing, Review, ReviewMark
from publisher.outbox import Outbox
from publisher.outcomes import adopted
from publisher.remote import RemoteProduct, reasons_digest, review_of
from publisher.shops import Shops
from publisher.store import Listings
from shopsync_contracts.events import Reason, ReviewChanged, ReviewState
from shopsync_runtime.cancelling import raise_if_cancelled

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


class Reviews:
    """Reads due listings and reports changes.

    A webhook only makes its listing due: what counts is what is read, so repeated, late and swapped ones do no harm.
    """

    def __init__(
        self, listings: Listings, shops: Shops, outbox: Outbox, *, poll_interval: timedelta, rest: timedelta,
        lease: timedelta, at_once: int, clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._listings = listings
        self._shops = shops
        self._outbox = outbox
        self._poll_interval = poll_interval
        self._rest = rest.total_seconds()
        # A claim of a killed process holds its listing back this long; two readings of one listing do no harm.
        self._lease = lease
        self._at_once = at_once
        self._clock = clock
        # One slow shop must leave readers to the others.
        self._per_shop = max(1, at_once // 2)
        self._reading: Counter[str] = Counter()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A listing became due."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._at_once):
                group.create_task(self._read_for_ever(), name=f"reviews-{number}")

    async def _read_for_ever(self) -> None:
        while True:
            raise_if_cancelled()
            if await self._read_one():
                continue
            self._wake.clear()
            # Not wait_for: in Python 3.11 it loses a cancellation that meets the wake-up.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rest):
                    await self._wake.wait()

    async def _read_one(self) -> bool:
        """False: nothing is due, or only of shops that have their share of the readers."""
        busy = [shop for shop, readers in self._reading.items() if readers >= self._per_shop]
        claimed = await self._listings.claim_review(now=self._clock(), lease=self._lease, but_not_of=busy)
        if claimed is None:
            return False
        shop_key = claimed[0].shop_key
        self._reading[shop_key] += 1
        try:
            await self.check(*claimed)
        finally:
            self._reading[shop_key] -= 1
            if not self._reading[shop_key]:
                del self._reading[shop_key]
        return True

    async def check(self, listing: Listing, claimed_until: datetime) -> None:
        """Read one listing and report its state when it is another than the recorded one."""
        if listing.intent is not None or listing.tiktok_product_id is None:
            return  # its push is under way and makes it due again
        try:
            seen = await look(self._shops.api(listing.shop_key, urgent=False), listing)
        except ShopResting as resting:
            # Pushes go first.
            await self._listings.defer_review(listing, claimed_until, self._clock() + resting.wait)
            return
        except PublisherError as error:
            if not isinstance(error, Passing):
                await self._listings.defer_review(listing, claimed_until, self._clock() + self._poll_interval)
            log.info(
                "review not read, again later", shop_key=listing.shop_key, product_no=listing.product_no,
                code=error.code, reason=error.message,
            )  # fmt: skip
            return
        await self._record(listing, seen, claimed_until)
        await self._outbox.publish(listing.subject)

    async def _record(self, listing: Listing, seen: RemoteProduct, claimed_until: datetime) -> None:
        state, reasons = review_of(seen)
        review = Review(state, listing.pushed_content_version, reasons_digest(reasons))
        changed = review if not _is_same(listing.review, review) else None
        learned = adopted(listing, seen)
        event = None
        if changed is not None and state in _REPORTED:
            body = _event(listing, _REPORTED[state], reasons, self._clock())
            event = self._outbox.entry(
                body, derived_id("review", listing.subject, listing.pushes, *_parts(listing, review))
            )
        due = self._clock() + self._poll_interval if state in _UNSETTLED else None
        recorded = await self._listings.record_review(
            listing,
            changed,
            claimed_until=claimed_until,
            live_digest=learned.live_digest,
            event=event,
            due_at=due,
        )
        if recorded and event is not None:
            REVIEWS.labels(state).inc()
            log.info("review changed", shop_key=listing.shop_key, product_no=listing.product_no, review=state)


def _is_same(recorded: Review | None, read: Review) -> bool:
    if recorded is None:
        return False
    known = "approved" if recorded.state == "live" else recorded.state
    return (known, recorded.content_version, recorded.reasons_digest) == (
        read.state, read.content_version, read.reasons_digest,
    )  # fmt: skip


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
