"""The steps that only read at TikTok: the state of a listing, and what became of a write (ST-13, RB-8, NV-3)."""

from dataclasses import replace

import structlog

from publisher.errors import Refused, Unavailable, Unclear
from publisher.model import Intent, Job
from publisher.pushing import outcomes
from publisher.pushing.facts import known
from publisher.pushing.finding import find_created, find_edited, read_listing
from publisher.pushing.machine import Facts, look_again_at
from publisher.pushing.overview import OverviewCache
from publisher.pushing.recording import Recorder
from publisher.tiktok.remote_product import review_of
from publisher.tiktok.shop_api import ShopApi
from publisher.tiktok.shops import Shops
from shopsync_contracts.events import ReviewAfterPush

log = structlog.get_logger(__name__)


class Reconciler:
    """Takes the steps that only read at TikTok, and returns the facts after them."""

    def __init__(self, shops: Shops, overviews: OverviewCache, recorder: Recorder) -> None:
        self._shops = shops
        self._overviews = overviews
        self._recorder = recorder

    async def check_overview(self, job: Job, facts: Facts) -> Facts:
        """Whether the shop's overview shows the listing as it is recorded."""
        row = await self._overviews.lookup(job, known(known(facts.listing).tiktok_product_id))
        facts = replace(facts, overview_checked=True)
        # A webhook or a reading during the search counts. A write of another worker means that the job is not ours.
        listing = await self._recorder.stored(job) if row is not None else None
        if row is None or listing is None or listing.pushes != known(facts.listing).pushes:
            return facts
        return replace(facts, listing=listing, confirmed=outcomes.confirmed(listing, row))

    async def read_listing(self, job: Job, facts: Facts) -> Facts:
        """TikTok's view of the listing."""
        return replace(facts, seen=await read_listing(self._api(job), known(facts.listing)))

    async def find_out(self, job: Job, facts: Facts) -> Facts:
        """What became of the intended write (ST-13, scenario 32). While it is not found the intent stays."""
        listing, api = known(facts.listing), self._api(job)
        intent = known(listing.intent)
        if facts.product is not None and intent.fingerprint == facts.fingerprint:
            intent = replace(intent, content_version=facts.product.content_version)
        if intent.kind == "edit":
            return await self._find_out_edit(job, facts, intent)
        try:
            found = await find_created(api, listing, intent)
        except (Refused, Unclear) as error:
            # The search was refused, not the product: without its result nothing is known, and nothing is sent.
            raise Unavailable(error.code, error.message) from error
        if found is None:
            return replace(facts, searched=True)
        log.info("a create whose reply was lost is found", shop_key=job.shop_key, product_no=job.product_no)
        review: ReviewAfterPush = "draft" if review_of(found)[0] == "draft" else "in_review"
        listing = outcomes.reviewed(outcomes.after_finding(listing, intent, found), review)
        event = outcomes.succeeded(listing, "created", review, stock=listing.stock_sent)
        # Its review may be over, and the webhooks came before the listing was known.
        listing = await self._recorder.succeeded(job, listing, event, look_now=True)
        return replace(facts, listing=listing, seen=found, acted=True, searched=True)

    async def settle(self, job: Job, facts: Facts) -> Facts:
        """The create was not done, so TikTok's unclear answer was a refusal."""
        answer = known(known(known(facts.listing).intent).answer)
        log.info(
            "a create with an unclear answer was not done",
            shop_key=job.shop_key,
            product_no=job.product_no,
            code=answer.code,
        )
        return replace(facts, listing=await self._recorder.create_not_done(known(facts.listing)))

    async def _find_out_edit(self, job: Job, facts: Facts, intent: Intent) -> Facts:
        """What became of an edit: SKUs it added have their stock; after an unclear answer content is compared too."""
        before, api = known(facts.listing), self._api(job)
        listing, newest = await find_edited(api, before, intent)
        is_all_there = set(intent.stock) <= set(listing.stock_sent)
        if not is_all_there and not intent.is_settled and look_again_at(intent, facts) is not None:
            return replace(facts, searched=True)
        if intent.answer is None or intent.is_settled:
            return replace(facts, listing=await self._recorder.corrected(listing), seen=None, searched=True)
        if newest is not None and intent.core not in {None, before.core} and newest.core == intent.core:
            listing = outcomes.reviewed(outcomes.with_content_of(listing, intent), "in_review")
            sent = {key: number for key, number in listing.stock_sent.items() if key in intent.stock}
            event = outcomes.succeeded(listing, "edited", "in_review", stock=sent)
            listing = await self._recorder.succeeded(job, listing, event, look_now=True)
            return replace(facts, listing=listing, seen=None, acted=True, edited=True, searched=True)
        listing = await self._recorder.corrected(listing, refused=intent)
        return replace(facts, listing=listing, seen=None, searched=True)

    def _api(self, job: Job) -> ShopApi:
        return self._shops.api(job.shop_key, rank=job.rank)
