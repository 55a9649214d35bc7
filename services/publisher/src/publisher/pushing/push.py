"""Carries out one push: ask the machine for the next step, take it, ask again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from publisher.content.checks import problems
from publisher.content.mapping import fingerprint
from publisher.errors import PublisherError, Refused, Unavailable, WarehouseUnusable, Withheld
from publisher.model import Job, Listing
from publisher.pushing import machine
from publisher.pushing.doubt import in_doubt, is_outlived, with_known_ids
from publisher.pushing.facts import known
from publisher.pushing.machine import Facts, Fail, Skip, Wait
from publisher.pushing.reconciling import Reconciler
from publisher.pushing.recording import Recorder
from publisher.pushing.refusals import refusal_of
from publisher.pushing.sending import Sender
from publisher.settings import PublisherSettings
from publisher.store import Situations
from shopsync_contracts.events import ProductSnapshot

log = structlog.get_logger(__name__)

_MOST_STEPS = 12


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Keep the job, the shop cannot be called. `cause` was reported. `until` None: until it is authorised again."""

    cause: str
    until: datetime | None


class ShopPaused(Exception):
    """An operator paused the shop: nothing was sent, the job stays as it is."""


Result = Finished | Parked | Wait


class Push:
    """Carries out one push. Raises PublisherError for what TikTok or an image server answers, and ShopPaused."""

    def __init__(
        self,
        situations: Situations,
        recorder: Recorder,
        sender: Sender,
        reconciler: Reconciler,
        *,
        settings: PublisherSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._situations = situations
        self._recorder = recorder
        self._sender = sender
        self._reconciler = reconciler
        self._settings_grace = settings.settings_grace
        self._search_lag = settings.search_lag
        self._clock = clock
        self._steps: dict[type[machine.Step], Callable[[Job, Facts], Awaitable[Facts]]] = {
            machine.Reconcile: reconciler.find_out,
            machine.Settle: reconciler.settle,
            machine.ReadListing: reconciler.read_listing,
            machine.Create: sender.create,
            machine.Edit: sender.edit,
            machine.Activate: sender.activate,
        }

    async def run(self, job: Job) -> Result:
        """Take steps until there is nothing left to do."""
        facts = await self._facts(job)
        if facts.listing is not None and facts.listing.unsent:
            await self._recorder.publish_unsent(job)
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

    async def forget(self, job: Job, refused: PublisherError) -> None:
        """Ask again at the next push for what TikTok said it does not know: the warehouse, or uploaded images."""
        if isinstance(refused, WarehouseUnusable):
            self._sender.forget_warehouse(job.shop_key)
            return
        product = (await self._situations.read(job.shop_key, job.product_no)).product
        if product is not None:
            await self._sender.forget_images(product)

    async def _facts(self, job: Job) -> Facts:
        now = self._clock()
        stored = await self._situations.read(job.shop_key, job.product_no)
        if stored.paused:
            raise ShopPaused(job.shop_key)
        product, category_version, listing = stored.product, stored.category_version, stored.listing
        if listing is not None and product is not None and _is_former(listing, product):
            log.info("the product is new, its former listing is left", shop_key=job.shop_key, product_no=job.product_no)
            listing = await self._recorder.start_over(listing)
        found = problems(product, listing) if product is not None else ()
        if product is not None and stored.was_restored:
            listing = await self._doubted(listing, product)
        return Facts(
            shop_key=job.shop_key,
            product=product,
            category_version=category_version,
            shop=stored.shop,
            listing=listing,
            fingerprint=fingerprint(product, category_version or "") if product is not None else "",
            problems=found,
            now=now,
            settings_overdue=now - job.requested_at >= self._settings_grace,
            by_hand=job.reason in {"manual", "redrive"},
            command_id=job.command_id,
            search_lag=self._search_lag,
        )

    async def _doubted(self, listing: Listing | None, product: ProductSnapshot) -> Listing | None:
        """The listing in a restored database: first what the catalogue knows, then what only TikTok can know."""
        if listing is not None and is_outlived(listing, product):
            listing = await self._recorder.start_over(listing)
        known = with_known_ids(listing or Listing(product.shop_key, product.product_no), product)
        if known is not None:
            listing = await self._recorder.corrected(known)
        return in_doubt(listing, product)

    async def _take(self, job: Job, facts: Facts, step: machine.Step) -> Facts:
        if isinstance(step, machine.CheckOverview):
            facts = await self._reconciler.check_overview(job, facts)
            # A search takes a while: what it did not confirm is decided by what is stored now, such as OFF.
            return facts if facts.confirmed is not None else replace(await self._facts(job), overview_checked=True)
        try:
            return await self._steps[type(step)](job, facts)
        except Withheld:
            log.info("not sent, it is decided again", shop_key=job.shop_key, product_no=job.product_no)
            return await self._facts(job)

    async def _refused(self, job: Job, facts: Facts, step: Skip | Fail) -> Result:
        if isinstance(step, Skip):
            await self._recorder.skipped(job, step.why)
            return Finished()
        await self._recorder.failed(job, facts.product, step)
        return Parked(step.code, step.until) if step.park else Finished()


def _is_former(listing: Listing, product: ProductSnapshot) -> bool:
    """Whether the listing belongs to an earlier product with this number, deleted since (DL-13)."""
    former = product.former_listing
    return former is not None and listing.tiktok_product_id == former.tiktok_product_id
