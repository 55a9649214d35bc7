"""The steps that write to TikTok: create, edit, activate."""

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from publisher.concurrency.gathering import both
from publisher.content.mapping import create_body, edit_body, unsent_stock
from publisher.content.material import MaterialGatherer
from publisher.content.variations import sku_path
from publisher.errors import (
    PublisherError,
    Refused,
    Unavailable,
    Withheld,
)
from publisher.ids import derived_id
from publisher.model import Intent, Job, Listing, SentContent
from publisher.pushing import outcomes
from publisher.pushing.facts import known
from publisher.pushing.finding import read_listing, with_current_ids
from publisher.pushing.machine import Facts
from publisher.pushing.recording import Recorder
from publisher.pushing.refusals import SKU_OF_ANOTHER_PRODUCT, STATUS_FORBIDS
from publisher.store import Permissions
from publisher.tiktok.remote_product import core_of
from publisher.tiktok.replies import Data
from publisher.tiktok.shop_api import Permit, ShopApi
from publisher.tiktok.shops import Shops
from shopsync_contracts.content_digests import content_digests
from shopsync_contracts.events import ProductSnapshot
from shopsync_runtime import failpoint

log = structlog.get_logger(__name__)

_EXTERNAL_ID_TWICE = "12052996"


class Sender:
    """Takes one step and returns the facts after it. Raises PublisherError for what TikTok or an image server answers.

    Uploads, the intent and the rate limit take time between the facts of a push and its write. So a write is sent only
    if the product is still ON and its shop is not paused (TG-6); else it raises Withheld.
    """

    def __init__(
        self,
        shops: Shops,
        materials: MaterialGatherer,
        recorder: Recorder,
        permissions: Permissions,
        *,
        send_locale: bool,
    ) -> None:
        self._shops = shops
        self._materials = materials
        self._recorder = recorder
        self._permissions = permissions
        self._unsent = frozenset() if send_locale else frozenset({"locale"})

    async def create(self, job: Job, facts: Facts) -> Facts:
        """List the product. While an earlier try is not settled, it is repeated with the same idempotency key."""
        product, api = known(facts.product), self._api(job)
        listing = facts.listing or Listing(job.shop_key, job.product_no)
        earlier = None if listing.intent is None or listing.intent.is_settled else listing.intent
        is_repeat = earlier is not None
        category_version = known(facts.category_version)
        # The first products of a shop wait for its warehouse: asked for side by side it costs no time.
        material, warehouse_id = await both(
            self._materials.gather(product, api, category_version), self._shops.warehouse(job.shop_key)
        )
        stock, sent = unsent_stock(product, listing), SentContent(content_digests(product), material.notes)
        key = earlier.key if earlier is not None else derived_id("create", job.id, job.command_id, listing.pushes)
        body = create_body(
            product,
            material,
            category_version=category_version,
            warehouse_id=warehouse_id,
            stock=stock,
            idempotency_key=key,
        )
        intent = Intent("create", key, product.content_version, facts.fingerprint, stock, core_of(body), sent=sent)
        if earlier is not None:
            intent = _once_more(earlier, intent)
        listing = await self._recorder.intend(listing, intent)
        failpoint("publisher_before_create")
        call = api.create_product(self._sendable(body), permit=self._permit(job))
        data = await self._write(job, listing, call, is_repeat=is_repeat)
        failpoint("publisher_after_create")
        listing = outcomes.after_write(product, listing, intent, data)
        if is_repeat:
            # This may be the reply to the first try: what TikTok has decides.
            found = await api.newest_version(known(listing.tiktok_product_id))
            listing = outcomes.after_finding(replace(listing, skus=()), intent, found)
        listing, notes = await self._with_all_ids(product, listing, intent, api)
        listing = outcomes.reviewed(listing, "in_review")
        warnings = (*outcomes.warnings_of(data), *material.notes, *notes)
        event = outcomes.succeeded(listing, "created", "in_review", stock=listing.stock_sent, warnings=warnings)
        listing = outcomes.with_notes(listing, event.warnings)
        listing = await self._recorder.succeeded(job, listing, event, look_now=is_repeat)
        return replace(facts, listing=listing, seen=None, acted=True, edited=True)

    async def edit(self, job: Job, facts: Facts) -> Facts:
        """Send the whole content, with stock only for SKUs whose stock was never sent."""
        product, api, seen = known(facts.product), self._api(job), known(facts.seen)
        before = known(facts.listing)
        material = await self._materials.gather(product, api, known(facts.category_version))
        stock, sent = unsent_stock(product, before), SentContent(content_digests(product), material.notes)
        body = edit_body(
            product,
            material,
            before,
            category_version=known(facts.category_version),
            warehouse_id=await self._shops.warehouse(job.shop_key) if stock else None,
            stock=stock,
        )
        intent = Intent("edit", "", product.content_version, facts.fingerprint, stock, core_of(body), sent=sent)
        listing = await self._recorder.intend(before, intent)
        failpoint("publisher_before_edit")
        try:
            call = api.edit_product(
                known(listing.tiktok_product_id), self._sendable(body), permit=self._permit(job), once=bool(stock)
            )
            data = await self._write(job, listing, call)
        except Refused as refused:
            return await self._edit_refused(job, facts, refused)
        failpoint("publisher_after_edit")
        listing = outcomes.after_write(product, listing, intent, data)
        listing, notes = await self._with_all_ids(product, listing, intent, api)
        is_answer = before.fingerprint == facts.fingerprint and seen.is_settled
        review = outcomes.review_after_edit(data, seen)
        listing = outcomes.reviewed(replace(listing, overwritten=seen.digest if is_answer else None), review)
        gone = [f"skus: {name}, added in Seller Center, was taken away" for name in outcomes.strangers(before, seen)]
        warnings = (*outcomes.warnings_of(data), *material.notes, *notes, *gone)
        numbers = {key: number for key, number in listing.stock_sent.items() if key in stock}
        event = outcomes.succeeded(listing, "edited", review, stock=numbers, warnings=warnings)
        listing = await self._recorder.succeeded(job, outcomes.with_notes(listing, event.warnings), event)
        facts = replace(facts, listing=listing, seen=None, acted=True, edited=True)
        was_hidden = seen.status in {"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED"}
        # An edit may leave a hidden listing hidden.
        return await self._read_again(job, facts) if was_hidden else facts

    async def activate(self, job: Job, facts: Facts) -> Facts:
        """Put a hidden listing on sale again, through review (LY-6, RB-10)."""
        listing = known(facts.listing)
        try:
            await self._api(job).activate_product(known(listing.tiktok_product_id), permit=self._permit(job))
        except Refused as refused:
            return await self._other_state(job, facts, refused)
        # Versions whose content is the one TikTok has count as pushed.
        listing = replace(listing, pushed_content_version=known(facts.product).content_version)
        listing = outcomes.reviewed(listing, "in_review")
        event = outcomes.succeeded(listing, "relisted", "in_review", stock={})
        return replace(facts, listing=await self._recorder.succeeded(job, listing, event), seen=None, acted=True)

    # ---------------------------------------------------------------------------------------------------------

    def forget_warehouse(self, shop_key: str) -> None:
        """TikTok refused the shop's warehouse: ask for it again at the next push."""
        self._shops.forget_warehouse(shop_key)

    async def forget_images(self, product: ProductSnapshot) -> None:
        """TikTok does not know an upload of this product any more: upload all of them again at the next push."""
        await self._materials.forget_images(product)

    async def _read_again(self, job: Job, facts: Facts) -> Facts:
        return replace(facts, seen=await read_listing(self._api(job), known(facts.listing)))

    def _api(self, job: Job) -> ShopApi:
        return self._shops.api(job.shop_key, rank=job.rank)

    def _permit(self, job: Job) -> Permit:
        return partial(self._ask_permission, job)

    async def _ask_permission(self, job: Job) -> None:
        if not await self._permissions.given(job.shop_key, job.product_no):
            raise Withheld("withheld", "switched OFF, deleted or paused since the push began")

    def _sendable(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {member: value for member, value in body.items() if member not in self._unsent}

    async def _edit_refused(self, job: Job, facts: Facts, refused: Refused) -> Facts:
        facts = replace(facts, listing=known(await self._recorder.stored(job)))
        if refused.code != SKU_OF_ANOTHER_PRODUCT:
            return await self._other_state(job, facts, refused)
        before = known(facts.listing)
        listing, newest = await with_current_ids(self._api(job), known(facts.product), before)
        if listing.skus == before.skus:
            raise refused
        return replace(facts, listing=await self._recorder.corrected(listing), seen=newest)

    async def _other_state(self, job: Job, facts: Facts, refused: Refused) -> Facts:
        """When the listing's state does not allow the step, it may have changed since it was read: read it again."""
        if refused.code == STATUS_FORBIDS:
            again = await self._read_again(job, facts)
            if known(again.seen).status != known(facts.seen).status:
                return again
        raise refused

    async def _with_all_ids(
        self, product: ProductSnapshot, listing: Listing, intent: Intent, api: ShopApi
    ) -> tuple[Listing, tuple[str, ...]]:
        """Ask once for SKU ids that the reply lacks. SKUs that TikTok does not have then were not accepted."""
        if not outcomes.without_id(product, listing):
            return listing, ()
        newest = await api.newest_version(known(listing.tiktok_product_id))
        listing = outcomes.with_ids_of(listing, intent, newest)
        if not listing.skus:
            raise Unavailable("reply", "TikTok Shop names none of the product's SKUs", outcome_unknown=True)
        lacking = outcomes.without_id(product, listing)
        return listing, tuple(f"{sku_path(sku)}: TikTok Shop did not take this SKU" for sku in lacking)

    async def _write(self, job: Job, listing: Listing, call: Awaitable[Data], *, is_repeat: bool = False) -> Data:
        """Await a write; when it fails, store what that means for its intent."""
        try:
            return await call
        except PublisherError as error:
            if isinstance(error, Refused) and _was_done_before(error, is_repeat=is_repeat):
                text = f"an earlier create was carried out but is not to be found yet ({error.message})"
                raise Unavailable(error.code, text, outcome_unknown=True) from error
            await self._recorder.write_failed(job, listing, error, is_repeat=is_repeat)
            raise


def _once_more(earlier: Intent, intent: Intent) -> Intent:
    """The intent of a repeated create keeps the content version of the first try: that may be what TikTok has.

    It is searched for as long as a first create. The stock is today's (ST-3); if the first try was done, TikTok shows
    which numbers it has. SKUs that the product no longer has stay, because the search goes by their names.
    """
    return replace(earlier, stock={**earlier.stock, **intent.stock}, answer=None)


def _was_done_before(error: Refused, *, is_repeat: bool) -> bool:
    """Whether the first try was carried out: the answer to a repeated idempotency key is not documented."""
    return "idempoten" in error.message.lower() or (is_repeat and error.code == _EXTERNAL_ID_TWICE)
