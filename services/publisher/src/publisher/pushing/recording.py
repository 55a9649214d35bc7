"""What a push did, put on disk together with the event that tells it, then published."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from publisher.errors import Passing
from publisher.ids import derived_id
from publisher.metrics import PUSHES
from publisher.model import ContentRefusal, Job, Listing, Review
from publisher.pushing import outcomes
from publisher.pushing.outbox import Outbox
from publisher.store import Listings
from publisher.tiktok.remote_product import RemoteProduct, reasons_digest, review_of
from shopsync_contracts.events import PushSucceeded, ReviewAfterPush, ReviewChanged
from shopsync_runtime import failpoint

log = structlog.get_logger(__name__)


def still_ours(listing: Listing | None) -> Listing:
    """The listing as written. Raises Passing when it was not: another worker was at it since it was read."""
    if listing is None:
        raise Passing("overtaken", "another worker has this product now")
    return listing


class Recorder:
    """Every method gives the listing as it stands on disk then, or raises Passing when another worker was quicker."""

    def __init__(
        self, listings: Listings, outbox: Outbox, clock: Callable[[], datetime], review_poll: timedelta
    ) -> None:
        self._listings = listings
        self._outbox = outbox
        self._clock = clock
        self._review_poll = review_poll

    async def succeeded(self, job: Job, listing: Listing, event: PushSucceeded, *, look_now: bool = False) -> Listing:
        """A create, edit or relisting. `look_now`: its review may be over without anybody having been told."""
        entry = self._outbox.entry(event, derived_id(job.command_id, job.id, listing.pushes, event.action))
        now = self._clock()
        due_at = now if look_now else now + self._review_poll
        async with self._outbox.line(job.id) as send:
            recorded = still_ours(await self._listings.record_push(listing, [entry], review_due_at=due_at, now=now))
            failpoint("publisher_recorded")
            await send(recorded.unsent)
        PUSHES.labels(event.action).inc()
        log.info(
            "pushed",
            shop_key=job.shop_key,
            product_no=job.product_no,
            action=event.action,
            tiktok_product_id=event.tiktok_product_id,
            event_id=entry.id,
        )
        return recorded

    async def corrected(self, listing: Listing, refusal: ContentRefusal | None = None) -> Listing:
        """What was found out about a write; nothing is told yet, the push goes on."""
        now = self._clock()
        due_at = now + self._review_poll
        return still_ours(await self._listings.record_push(listing, [], review_due_at=due_at, now=now, refusal=refusal))

    async def unchanged(
        self, job: Job, listing: Listing, seen: RemoteProduct | None, review: ReviewAfterPush, content_version: int
    ) -> None:
        """TikTok has this content: counts as pushed, so that the merchant sees where it stands.

        `seen` None: it stands as it is recorded.
        """
        listing = replace(listing, pushed_content_version=content_version)
        if seen is None:
            listing = outcomes.reviewed(listing, review)
        else:
            state, reasons = review_of(seen)
            listing = outcomes.adopted(listing, seen)
            listing = replace(listing, review=Review(state, content_version, reasons_digest(reasons)))
        event = outcomes.succeeded(listing, "unchanged", review, stock={})
        entry = self._outbox.entry(event, derived_id(job.command_id, job.id, listing.pushes, "unchanged"))
        now = self._clock()
        due_at = now + self._review_poll if review == "in_review" else None
        async with self._outbox.line(job.id) as send:
            recorded = still_ours(
                await self._listings.record_push(
                    listing, [entry], review_due_at=due_at, now=now, is_reading=seen is not None
                )
            )
            PUSHES.labels("unchanged").inc()
            await send(recorded.unsent)

    async def still_rejected(self, job: Job, listing: Listing, seen: RemoteProduct, content_version: int) -> None:
        """Nothing was sent: the reviewer's reasons are told once more, and of which version they are now."""
        state, reasons = review_of(seen)
        now = self._clock()
        entries = []
        if listing.pushed_content_version != content_version:
            listing = replace(listing, pushed_content_version=content_version)
            told = outcomes.succeeded(listing, "unchanged", "in_review", stock={})
            entries.append(self._outbox.entry(told, derived_id(job.command_id, job.id, listing.pushes, "unchanged")))
        body = ReviewChanged(
            shop_key=job.shop_key,
            product_no=job.product_no,
            tiktok_product_id=seen.id,
            content_version=listing.pushed_content_version,
            review="rejected",
            reasons=reasons,
            occurred_at=now,
        )
        entries.append(self._outbox.entry(body, derived_id(job.command_id, job.id, listing.pushes, "rejected")))
        listing = replace(listing, review=Review(state, listing.pushed_content_version, reasons_digest(reasons)))
        async with self._outbox.line(job.id) as send:
            recorded = still_ours(await self._listings.record_push(listing, entries, review_due_at=None, now=now))
            await send(recorded.unsent)
