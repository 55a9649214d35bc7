"""Stores what a push did together with its event, then publishes the event."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from publisher.errors import (
    AppStopped,
    KeyMissing,
    Passing,
    PublisherError,
    ShopResting,
    Unavailable,
    Unclear,
    Withheld,
)
from publisher.ids import derived_id
from publisher.metrics import PUSHES
from publisher.model import Intent, Job, Listing, Review, WriteAnswer
from publisher.pushing import outcomes
from publisher.pushing.facts import known
from publisher.pushing.machine import Fail
from publisher.pushing.outbox import Outbox
from publisher.pushing.refusals import content_refusal, failure, failure_id, refusal_of, unclear_refusal
from publisher.store import CatalogueReader, Listings
from publisher.tiktok.remote_product import RemoteProduct, reasons_digest, review_of
from shopsync_contracts.events import (
    ProductSnapshot,
    PushSkipped,
    PushSucceeded,
    ReviewAfterPush,
    ReviewChanged,
    SkipReason,
)
from shopsync_runtime import failpoint
from shopsync_runtime.metrics import shop_label

log = structlog.get_logger(__name__)


def still_ours(listing: Listing | None) -> Listing:
    """The listing as written. Raises Passing when it was not written because another worker changed it first."""
    if listing is None:
        raise Passing("overtaken", "another worker has this product now")
    return listing


class Recorder:
    """Stores what a push did to its listing together with the event that tells it, then publishes the event.

    Methods that return a listing return it as stored, or raise Passing when another worker was quicker.
    """

    def __init__(
        self,
        listings: Listings,
        catalogue: CatalogueReader,
        outbox: Outbox,
        *,
        review_poll: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._listings = listings
        self._catalogue = catalogue
        self._outbox = outbox
        self._review_poll = review_poll
        self._clock = clock

    # Before and after a call ---------------------------------------------------------------------------------

    async def stored(self, job: Job) -> Listing | None:
        """The listing as it is stored now."""
        return await self._listings.get(job.id)

    async def start_over(self, listing: Listing) -> Listing:
        """The product is another one with the same number: its former listing is left at TikTok (DL-13)."""
        return still_ours(await self._listings.start_over(listing))

    async def intend(self, listing: Listing, intent: Intent) -> Listing:
        """Store the write that is about to be sent, with the time."""
        return still_ours(await self._listings.intend(listing, replace(intent, sent_at=self._clock())))

    async def write_failed(self, job: Job, listing: Listing, error: PublisherError, *, is_repeat: bool) -> None:
        """What the answer to a write means for its intent and for later pushes of the same content.

        The intent of a repeated create stays whenever its outcome is unknown: the answer to the second try says
        nothing of the first.
        """
        intent = known(listing.intent)
        answer = WriteAnswer(error.code, error.message, job.command_id, settles=not error.outcome_unknown)
        refusal = content_refusal(error, intent, self._clock())
        if isinstance(error, Unclear):
            await self._listings.answered(listing, answer)
        elif error.outcome_unknown or is_repeat:
            return
        elif isinstance(error, Unavailable | ShopResting | AppStopped | KeyMissing | Withheld) or (
            intent.kind == "edit" and not intent.stock
        ):
            # It was not sent, or may be done twice.
            await self._listings.forget_intent(listing, refusal)
        else:
            await self._listings.answered(listing, answer, refusal)

    async def create_not_done(self, listing: Listing) -> Listing:
        """TikTok's unclear answer to a create was a refusal: it cannot be found, so it was not done."""
        intent = known(listing.intent)
        answer = replace(known(intent.answer), settles=True)
        return still_ours(await self._listings.answered(listing, answer, unclear_refusal(intent, self._clock())))

    async def corrected(self, listing: Listing, *, refused: Intent | None = None) -> Listing:
        """What was found out about a write; nothing is reported yet, the push goes on.

        `refused`: an intent whose answer was unclear and which turned out not to be done.
        """
        now = self._clock()
        refusal = None if refused is None else unclear_refusal(refused, now)
        due_at = now + self._review_poll
        return still_ours(await self._listings.record_push(listing, [], review_due_at=due_at, now=now, refusal=refusal))

    # Outcomes ------------------------------------------------------------------------------------------------

    async def succeeded(self, job: Job, listing: Listing, event: PushSucceeded, *, look_now: bool = False) -> Listing:
        """A create, edit or relisting. `look_now`: read it at once, its review may be over unnoticed."""
        entry = self._outbox.entry(event, derived_id(job.command_id, job.id, listing.pushes, event.action))
        now = self._clock()
        due_at = now if look_now else now + self._review_poll
        async with self._outbox.line(job.id) as send:
            recorded = still_ours(await self._listings.record_push(listing, [entry], review_due_at=due_at, now=now))
            failpoint("publisher_recorded")
            await send(recorded.unsent)
        PUSHES.labels(shop_label(job.shop_key), event.action).inc()
        log.info(
            "pushed",
            shop_key=job.shop_key,
            product_no=job.product_no,
            action=event.action,
            tiktok_product_id=event.tiktok_product_id,
            event_id=entry.id,
        )
        return recorded

    async def unchanged(
        self, job: Job, listing: Listing, seen: RemoteProduct | None, review: ReviewAfterPush, content_version: int
    ) -> None:
        """TikTok has this content already: it counts as pushed, and the merchant sees its state.

        `seen` None: the overview confirmed it, the listing was not read.
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
            PUSHES.labels(shop_label(job.shop_key), "unchanged").inc()
            await send(recorded.unsent)

    async def still_rejected(self, job: Job, listing: Listing, seen: RemoteProduct, content_version: int) -> None:
        """Nothing was sent: the reasons of the rejection are reported again, for the version they are about now."""
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

    # Without a change of the listing -------------------------------------------------------------------------

    async def publish_unsent(self, job: Job) -> None:
        """Publish what an earlier push stored and could not publish."""
        await self._outbox.publish(job.id)

    async def skipped(self, job: Job, why: SkipReason) -> None:
        """Report that there is nothing to send, and why."""
        PUSHES.labels(shop_label(job.shop_key), "skipped").inc()
        body = PushSkipped(shop_key=job.shop_key, product_no=job.product_no, why=why)
        await self._outbox.publish_event(body, derived_id(job.command_id, job.id, job.attempts, "skipped", why))

    async def failed(self, job: Job, product: ProductSnapshot | None, step: Fail) -> None:
        """Report why the product was not sent, unless that was reported since the newest command."""
        PUSHES.labels(shop_label(job.shop_key), "failed").inc()
        if job.reported != step.code:
            await self._outbox.publish_event(failure(job, product, step), failure_id(job, step.code))

    async def refused(self, job: Job, error: PublisherError, *, until: datetime | None = None) -> None:
        """Report what TikTok or an image server answered. `until`: when the push is tried again without a command."""
        product = await self._catalogue.product(job.shop_key, job.product_no)
        step = replace(refusal_of(error, product), until=until)
        await self._outbox.publish_event(failure(job, product, step), failure_id(job, step.code))
        PUSHES.labels(shop_label(job.shop_key), "failed").inc()
