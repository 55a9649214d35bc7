"""Carrying out one push: ask the machine, take the step, record its outcome, ask again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from publisher.content.checks import problems
from publisher.content.mapping import fingerprint
from publisher.content.material import MaterialGatherer
from publisher.errors import Refused, Unavailable, Withheld
from publisher.ids import derived_id
from publisher.metrics import PUSHES
from publisher.model import Job, Listing
from publisher.pushing import machine
from publisher.pushing.facts import known
from publisher.pushing.machine import Facts, Fail, Skip, Wait
from publisher.pushing.outbox import Outbox
from publisher.pushing.overview import OverviewCache
from publisher.pushing.reconciling import Reconciler
from publisher.pushing.recording import Recorder, still_ours
from publisher.pushing.refusals import refusal_of
from publisher.pushing.sending import Sender
from publisher.store import Listings, Permissions, Situations
from publisher.tiktok.shops import Shops
from shopsync_contracts.events import ProductSnapshot, PushFailed, PushSkipped

log = structlog.get_logger(__name__)

_MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The shop does not work: keep the job. `cause` was reported; `until` None: until the shop is authorised again."""

    cause: str
    until: datetime | None


class ShopPaused(Exception):
    """An operator lets the shop's pushes wait: nothing was sent, the job stays as it is."""


Result = Finished | Parked | Wait


class Push:
    """Everything one push needs. Raises PublisherError for what TikTok or an image server answers, and ShopPaused."""

    def __init__(
        self,
        *,
        situations: Situations,
        listings: Listings,
        outbox: Outbox,
        shops: Shops,
        overviews: OverviewCache,
        permissions: Permissions,
        materials: MaterialGatherer,
        clock: Callable[[], datetime],
        settings_grace: timedelta,
        review_poll: timedelta,
        search_lag: timedelta,
        send_locale: bool,
    ) -> None:
        self.shops = shops
        self.materials = materials
        self._situations = situations
        self._listings = listings
        self._outbox = outbox
        self._clock = clock
        self._settings_grace = settings_grace
        self._search_lag = search_lag
        self._recorder = Recorder(listings, outbox, clock, review_poll)
        self._sender = Sender(
            listings=listings,
            shops=shops,
            overviews=overviews,
            materials=materials,
            recorder=self._recorder,
            permissions=permissions,
            clock=clock,
            send_locale=send_locale,
        )
        reconciler = Reconciler(listings=listings, shops=shops, recorder=self._recorder, clock=clock)
        self._steps: dict[type[machine.Step], Callable[[Job, Facts], Awaitable[Facts]]] = {
            machine.Reconcile: reconciler.find_out,
            machine.Settle: reconciler.settle,
            machine.Create: self._sender.create,
            machine.ReadListing: self._sender.read_listing,
            machine.Edit: self._sender.edit,
            machine.Activate: self._sender.activate,
        }

    async def run(self, job: Job) -> Result:
        """Take steps until nothing is left to do."""
        facts = await self._facts(job)
        if facts.listing is not None and facts.listing.unsent:
            await self._outbox.publish(job.id)
        for _ in range(_MOST_STEPS):
            step = machine.decide(facts)
            log.debug("next step", shop_key=job.shop_key, product_no=job.product_no, step=type(step).__name__)
            match step:
                case Wait():
                    return step
                case Skip() | Fail():
                    return await self._refused(job, facts, step)
                case machine.Done():
                    return Finished()
                case machine.Unchanged(review):
                    version = known(facts.product).content_version
                    await self._recorder.unchanged(job, known(facts.listing), facts.seen, review, version)
                    return Finished()
                case machine.StillRefused(refusal):
                    failed = refusal_of(Refused(refusal.code, refusal.message), facts.product)
                    return await self._refused(job, facts, failed)
                case machine.StillRejected():
                    version = known(facts.product).content_version
                    await self._recorder.still_rejected(job, known(facts.listing), known(facts.seen), version)
                    return Finished()
            facts = await self._take(job, facts, step)
        raise Unavailable("no_end", "the listing keeps changing while it is sent")

    async def _facts(self, job: Job) -> Facts:
        now = self._clock()
        stored = await self._situations.read(job.shop_key, job.product_no)
        if stored.paused:
            raise ShopPaused(job.shop_key)
        product, category_version, listing = stored.product, stored.category_version, stored.listing
        if listing is not None and product is not None and _is_former(listing, product):
            log.info("the product is new, its former listing is left", shop_key=job.shop_key, product_no=job.product_no)
            listing = still_ours(await self._listings.start_over(listing))
        return Facts(
            shop_key=job.shop_key,
            product=product,
            category_version=category_version,
            shop=stored.shop,
            listing=listing,
            fingerprint=fingerprint(product, category_version or "") if product is not None else "",
            problems=problems(product, listing) if product is not None else (),
            now=now,
            settings_overdue=now - job.requested_at >= self._settings_grace,
            by_hand=job.reason in {"manual", "redrive"},
            command_id=job.command_id,
            search_lag=self._search_lag,
        )

    async def _take(self, job: Job, facts: Facts, step: machine.Step) -> Facts:
        if isinstance(step, machine.CheckOverview):
            facts = await self._sender.check_overview(job, facts)
            # A search takes its time: what it did not settle is decided by what is stored now, OFF above all.
            return facts if facts.confirmed is not None else replace(await self._facts(job), overview_checked=True)
        try:
            return await self._steps[type(step)](job, facts)
        except Withheld:
            log.info("not sent, it is decided again", shop_key=job.shop_key, product_no=job.product_no)
            return await self._facts(job)

    async def _refused(self, job: Job, facts: Facts, step: Skip | Fail) -> Result:
        PUSHES.labels("skipped" if isinstance(step, Skip) else "failed").inc()
        if isinstance(step, Skip):
            body = PushSkipped(shop_key=job.shop_key, product_no=job.product_no, why=step.why)
            await self._outbox.tell(body, derived_id(job.command_id, job.id, job.attempts, "skipped", step.why))
            return Finished()
        if job.reported != step.code:
            version = facts.product.content_version if facts.product is not None else 0
            await self._outbox.tell(failure(job, version, step), failure_id(job, step.code))
        return Parked(step.code, step.until) if step.park else Finished()


def _is_former(listing: Listing, product: ProductSnapshot) -> bool:
    """A product registered again after its record was deleted has no part in the listing of the first one (DL-13)."""
    former = product.former_listing
    return former is not None and listing.tiktok_product_id == former.tiktok_product_id


def failure(job: Job, content_version: int, step: Fail, *, will_retry_at: datetime | None = None) -> PushFailed:
    """The event that tells why a product was not sent."""
    return PushFailed(
        shop_key=job.shop_key,
        product_no=job.product_no,
        content_version=content_version,
        status=step.status,
        code=step.code,
        message=step.message,
        missing=step.missing,
        attempts=job.attempts + 1,
        will_retry_at=will_retry_at or step.until,
    )


def failure_id(job: Job, code: str) -> str:
    """The id that a repeat of this failure event carries."""
    return derived_id(job.command_id, job.id, job.attempts, "failed", code)
