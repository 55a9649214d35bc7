"""Carrying out one push: ask the machine, take the step, record its outcome, ask again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from publisher import machine, outcomes
from publisher.checks import problems
from publisher.errors import ProductGone, PublisherError, Refused, Unavailable
from publisher.ids import derived_id
from publisher.images import Images
from publisher.machine import Facts, Fail, Skip, Wait
from publisher.mapping import create_body, edit_body, fingerprint, seller_sku_of, unsent_stock
from publisher.material import gather_material
from publisher.metrics import PUSHES
from publisher.model import Intent, Job, Listing, Review
from publisher.outbox import Outbox
from publisher.remote import RemoteProduct, reasons_digest, review_of
from publisher.replies import Data
from publisher.shop_api import ShopApi
from publisher.shops import Shops
from publisher.store import Authorizations, CatalogueReader, Listings
from shopsync_contracts.events import ProductSnapshot, PushFailed, PushSkipped, PushSucceeded, ReviewChanged
from shopsync_runtime import failpoint

log = structlog.get_logger(__name__)

_MOST_STEPS = 12
_EXTERNAL_ID_TWICE = "12052996"
_GONE = RemoteProduct("", "DELETED", "", "", (), (), (), "")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is done."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The shop does not work: keep the job. `cause` was reported; `until` None: until the shop is authorised anew."""

    cause: str
    until: datetime | None


Result = Finished | Parked | Wait


@dataclass(frozen=True, slots=True)
class Push:
    """Everything one push needs. Raises PublisherError for what TikTok or an image server answers."""

    catalogue: CatalogueReader
    listings: Listings
    authorizations: Authorizations
    outbox: Outbox
    shops: Shops
    images: Images
    clock: Callable[[], datetime]
    settings_grace: timedelta
    review_poll: timedelta

    async def run(self, job: Job) -> Result:
        """Take steps until nothing is left to do."""
        await self.outbox.publish(job.id)
        facts = await self._facts(job)
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
                case machine.Unchanged():
                    await self._unchanged(job, facts, step)
                    return Finished()
                case machine.StillRejected():
                    await self._still_rejected(job, facts)
                    return Finished()
            facts = await self._take(job, facts, step)
        raise Unavailable("no_end", "the listing keeps changing while it is sent")

    async def _facts(self, job: Job) -> Facts:
        now = self.clock()
        product = await self.catalogue.product(job.shop_key, job.product_no)
        category_version = await self.catalogue.category_version(job.shop_key)
        listing = await self.listings.get(job.id)
        return Facts(
            shop_key=job.shop_key,
            product=product,
            category_version=category_version,
            shop=await self.authorizations.state(job.shop_key),
            listing=listing,
            fingerprint=fingerprint(product, category_version or "") if product is not None else "",
            problems=problems(product, listing) if product is not None else (),
            now=now,
            settings_overdue=now - job.requested_at >= self.settings_grace,
            by_hand=job.reason in {"manual", "redrive"},
        )

    async def _take(self, job: Job, facts: Facts, step: machine.Step) -> Facts:
        product = _known(facts.product)
        api = self.shops.api(job.shop_key)
        match step:
            case machine.Reconcile():
                return await self._reconcile(job, facts, product, api)
            case machine.Create():
                return await self._create(job, facts, product, api)
            case machine.Look():
                return replace(facts, seen=await _look(api, _known(facts.listing)))
            case machine.Edit():
                return await self._edit(job, facts, product, api)
            case machine.Activate():
                return await self._activate(job, facts, api)
            case _:
                raise AssertionError(f"{step} is no step to take")

    # Steps that write at TikTok ------------------------------------------------------------------------------

    async def _create(self, job: Job, facts: Facts, product: ProductSnapshot, api: ShopApi) -> Facts:
        listing = facts.listing or Listing(job.shop_key, job.product_no)
        material = await gather_material(product, api, self.images)
        intent = listing.intent or Intent(
            kind="create",
            key=derived_id("create", job.id, job.command_id, job.attempts, listing.pushes),
            content_version=product.content_version,
            fingerprint=facts.fingerprint,
            stock={},
        )
        # A repeated create sends the numbers of the first one: they may have arrived.
        intent = replace(intent, stock={**unsent_stock(product, listing), **intent.stock})
        body = create_body(
            product,
            material,
            category_version=_known(facts.category_version),
            warehouse_id=await self.shops.warehouse(job.shop_key),
            stock=intent.stock,
            idempotency_key=intent.key,
        )
        await self.listings.intend(listing, intent)
        failpoint("publisher_before_create")
        data = await self._write(job, api.create_product(body), is_repeat=listing.intent is not None)
        failpoint("publisher_after_create")
        listing = outcomes.reviewed(outcomes.after_write(product, listing, intent, data), "in_review")
        warnings = (*outcomes.warnings_of(data), *material.notes)
        event = outcomes.succeeded(listing, "created", "in_review", stock=intent.stock, warnings=warnings)
        return await self._record(job, facts, listing, event)

    async def _edit(self, job: Job, facts: Facts, product: ProductSnapshot, api: ShopApi) -> Facts:
        listing = _known(facts.listing)
        material = await gather_material(product, api, self.images)
        stock = unsent_stock(product, listing)
        intent = Intent("edit", "", product.content_version, facts.fingerprint, stock)
        body = edit_body(
            product,
            material,
            listing,
            category_version=_known(facts.category_version),
            warehouse_id=await self.shops.warehouse(job.shop_key) if stock else None,
            stock=stock,
        )
        await self.listings.intend(listing, intent)
        failpoint("publisher_before_edit")
        data = await self._write(job, api.edit_product(_known(listing.tiktok_product_id), body))
        failpoint("publisher_after_edit")
        review = outcomes.review_after_edit(data, facts.seen)
        listing = outcomes.reviewed(outcomes.after_write(product, listing, intent, data), review)
        warnings = (*outcomes.warnings_of(data), *material.notes)
        event = outcomes.succeeded(listing, "edited", review, stock=stock, warnings=warnings)
        was_hidden = facts.seen is not None and facts.seen.status == "SELLER_DEACTIVATED"
        facts = await self._record(job, facts, listing, event)
        # An edit may leave a hidden listing hidden.
        return replace(facts, seen=await _look(api, listing)) if was_hidden else facts

    async def _activate(self, job: Job, facts: Facts, api: ShopApi) -> Facts:
        listing = _known(facts.listing)
        await api.activate_product(_known(listing.tiktok_product_id))
        listing = outcomes.reviewed(listing, "in_review")
        return await self._record(job, facts, listing, outcomes.succeeded(listing, "relisted", "in_review", stock={}))

    async def _reconcile(self, job: Job, facts: Facts, product: ProductSnapshot, api: ShopApi) -> Facts:
        listing = _known(facts.listing)
        intent = _known(listing.intent)
        if intent.kind == "edit":
            try:
                newest = await api.newest_version(_known(listing.tiktok_product_id))
                listing = outcomes.after_finding(product, listing, intent, newest)
            except ProductGone:
                listing = replace(listing, intent=None)
            await self.listings.record_push(listing, [], review_due_at=self.clock() + self.review_poll)
            return replace(facts, listing=await self.listings.get(job.id), seen=None)
        found = await self._find(product, api)
        if found is None:
            # Not there (or not to be found yet): the same key cannot make a second one.
            return await self._create(job, facts, product, api)
        log.info("a create whose reply was lost is found", shop_key=job.shop_key, product_no=job.product_no)
        listing = outcomes.reviewed(outcomes.after_finding(product, listing, intent, found), "in_review")
        event = outcomes.succeeded(listing, "created", "in_review", stock=intent.stock)
        # Its review may be over already, and the webhooks came when nobody knew the listing.
        return await self._record(job, facts, listing, event, look_after=timedelta(0))

    async def _find(self, product: ProductSnapshot, api: ShopApi) -> RemoteProduct | None:
        """Our listing by its SKU names. A product that the merchant made by hand with the same names is not ours."""
        names = [seller_sku_of(product, sku) for sku in product.skus]
        for product_id in await api.find_by_seller_skus(names):
            found = await api.get_product(product_id)
            if found.external_product_id == product.product_no:
                return found
        return None

    async def _write(self, job: Job, call: Awaitable[Data], *, is_repeat: bool = False) -> Data:
        """Await a write; when it was certainly not done, its intent goes."""
        try:
            return await call
        except Unavailable as error:
            if not error.outcome_unknown and not is_repeat:
                await self.listings.forget_intent(job.id)
            raise
        except Refused as error:
            if is_repeat and _was_done_before(error):
                text = f"an earlier create was carried out but is not to be found yet ({error.message})"
                raise Unavailable(error.code, text, outcome_unknown=True) from error
            await self.listings.forget_intent(job.id)
            raise
        except PublisherError:
            if not is_repeat:
                await self.listings.forget_intent(job.id)
            raise

    # Outcomes ------------------------------------------------------------------------------------------------

    async def _record(
        self, job: Job, facts: Facts, listing: Listing, event: PushSucceeded, *, look_after: timedelta | None = None
    ) -> Facts:
        entry = self.outbox.entry(event, derived_id(job.command_id, job.id, job.attempts, event.action))
        look_at = self.clock() + (self.review_poll if look_after is None else look_after)
        await self.listings.record_push(listing, [entry], review_due_at=look_at)
        failpoint("publisher_recorded")
        await self.outbox.publish(job.id)
        PUSHES.labels(event.action).inc()
        log.info(
            "pushed", shop_key=job.shop_key, product_no=job.product_no, action=event.action,
            tiktok_product_id=event.tiktok_product_id, event_id=entry.id,
        )  # fmt: skip
        return replace(facts, listing=await self.listings.get(job.id), seen=None, acted=True)

    async def _unchanged(self, job: Job, facts: Facts, step: machine.Unchanged) -> None:
        product = _known(facts.product)
        listing, seen = _known(facts.listing), _known(facts.seen)
        digest = listing.live_digest or (seen.digest if seen.is_settled else None)
        listing = replace(listing, pushed_content_version=product.content_version, live_digest=digest)
        event = outcomes.succeeded(listing, "unchanged", step.review, stock={})
        entry = self.outbox.entry(event, derived_id(job.command_id, job.id, job.attempts, "unchanged"))
        due_at = self.clock() + self.review_poll if step.review == "in_review" else None
        review = Review("approved" if step.review == "live" else "in_review", listing.pushed_content_version)
        listing = replace(listing, review=review)
        await self.listings.record_push(listing, [entry], review_due_at=due_at)
        PUSHES.labels("unchanged").inc()
        await self.outbox.publish(job.id)

    async def _still_rejected(self, job: Job, facts: Facts) -> None:
        listing, seen = _known(facts.listing), _known(facts.seen)
        state, reasons = review_of(seen)
        body = ReviewChanged(
            shop_key=job.shop_key,
            product_no=job.product_no,
            tiktok_product_id=seen.id,
            content_version=listing.pushed_content_version,
            review="rejected",
            reasons=reasons,
            occurred_at=self.clock(),
        )
        entry = self.outbox.entry(body, derived_id(job.command_id, job.id, job.attempts, "rejected"))
        review = Review(state, listing.pushed_content_version, reasons_digest(reasons))
        await self.listings.record_push(replace(listing, review=review), [entry], review_due_at=None)
        await self.outbox.publish(job.id)

    async def _refused(self, job: Job, facts: Facts, step: Skip | Fail) -> Result:
        PUSHES.labels("skipped" if isinstance(step, Skip) else "failed").inc()
        if isinstance(step, Skip):
            body = PushSkipped(shop_key=job.shop_key, product_no=job.product_no, why=step.why)
            await self.outbox.tell(body, derived_id(job.command_id, job.id, job.attempts, "skipped", step.why))
            return Finished()
        if not step.park or job.reported != step.code:
            version = facts.product.content_version if facts.product is not None else 0
            await self.outbox.tell(failure(job, version, step), failure_id(job, step.code))
        return Parked(step.code, step.until) if step.park else Finished()


def _was_done_before(error: Refused) -> bool:
    """What a repeated idempotency key gives is not documented: an error about the key means the first one worked."""
    return error.code == _EXTERNAL_ID_TWICE or "idempoten" in error.message.lower()


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


async def _look(api: ShopApi, listing: Listing) -> RemoteProduct:
    """TikTok's view of the listing; a product it does not know (any more) reads as deleted.

    The one place to answer from a search of the whole shop instead of one read per product.
    """
    try:
        return await api.get_product(_known(listing.tiktok_product_id))
    except ProductGone:
        return _GONE


def _known(value: T | None) -> T:
    if value is None:
        raise AssertionError("the machine decided on a step whose facts are missing")
    return value
