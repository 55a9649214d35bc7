"""The asynchronous review of products."""

import asyncio
import heapq
import itertools
from dataclasses import dataclass
from typing import Any, Literal, get_args

from shopsync_sandbox.tiktok.journal import Journal
from shopsync_sandbox.tiktok.reasons import KYC_PENDING, RESTRICTED_CATEGORY_PENDING, failed_reason
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.webhooks.notifications import Webhooks

Decision = Literal["approve", "reject", "pre_approve", "hold"]


@dataclass(slots=True)
class Rule:
    """What the automatic reviewer decides about products that match by a part of the title or a seller_sku prefix."""

    decision: Decision
    reason: str = ""
    title_contains: str = ""
    seller_sku_prefix: str = ""

    def __post_init__(self) -> None:
        if self.decision not in get_args(Decision):
            raise ValueError(f"decision {self.decision!r} is not one of {', '.join(get_args(Decision))}")

    def matches(self, product: Product) -> bool:
        content = product.in_review or product.content
        skus = (sku.seller_sku or "" for sku in content.skus)
        by_sku = not self.seller_sku_prefix or any(s.startswith(self.seller_sku_prefix) for s in skus)
        return self.title_contains in content.title and by_sku


class Reviews:
    """The review queue. A decision about an outdated submission has no effect."""

    def __init__(self, world: World, webhooks: Webhooks, journal: Journal) -> None:
        self._world = world
        self._webhooks = webhooks
        self._journal = journal
        self._numbers = itertools.count(1)
        self._queue: list[tuple[float, int, str, str, int]] = []
        self._waiting: dict[str, str] = {}
        self.held = False
        self.rules: list[Rule] = []

    def submit(self, product: Product) -> None:
        """Submit the product's newest content, in place of any earlier submission."""
        product.review_round += 1
        product.audit = "AUDITING"
        product.pre_approved_reasons.clear()
        self._waiting[product.id] = product.shop_key
        shop = self._world.shop(product.shop_key)
        self._webhooks.audit_changed(shop, product)
        delay = self._world.settings.review_seconds
        if delay is not None:
            due = self._world.real_time() + delay
            item = (due, next(self._numbers), product.shop_key, product.id, product.review_round)
            heapq.heappush(self._queue, item)

    def withdraw(self, product: Product) -> None:
        """End the review: the product was hidden or deleted."""
        product.review_round += 1
        product.audit = "NONE"
        product.pre_approved_reasons.clear()
        self._waiting.pop(product.id, None)

    def waiting(self) -> list[str]:
        return list(self._waiting)

    def run_due(self) -> int:
        """Decide everything that is due, unless held. Returns how many."""
        decided, now = 0, self._world.real_time()
        while self._queue and not self.held and self._queue[0][0] <= now:
            _, _, shop_key, product_id, review_round = heapq.heappop(self._queue)
            product = self._world.shop(shop_key).products[product_id]
            if product.review_round == review_round and product.audit == "AUDITING":
                decided += self._decide_by_rule(product)
        return decided

    def decide_all(self) -> int:
        """Decide everything that waits, due or not, held or not. Returns how many."""
        products = [self._world.shop(key).products[pid] for pid, key in list(self._waiting.items())]
        return sum(self._decide_by_rule(product) for product in products if product.audit == "AUDITING")

    def approve(self, product: Product) -> None:
        """The newest content goes live."""
        shop, hidden, first = self._begin(product, "approved"), product.status != "ACTIVATE", not product.ever_live
        if product.under_review is not None:
            shop.unindex(product)
            product.content, product.under_review = product.under_review, None
            shop.index(product)
        prune(product)
        product.status, product.audit, product.ever_live = "ACTIVATE", "APPROVED", True
        product.deactivation_source = None
        self._webhooks.audit_changed(shop, product)
        if hidden:
            status = "PRODUCT_FIRST_PASS_REVIEW" if first else "PRODUCT_STATUS_CHANGED"
            self._webhooks.status_changed(shop, product, status)

    def reject(self, product: Product, reason: str) -> None:
        """A new product fails. An edit of a live product fails too, and its old content stays live."""
        shop = self._begin(product, "rejected")
        if product.status != "ACTIVATE":
            product.status = "FAILED"
        product.audit = "FAILED"
        product.failed_reasons[:] = [failed_reason(reason)]
        self._webhooks.audit_changed(shop, product)
        self._webhooks.status_changed(shop, product, "PRODUCT_AUDIT_FAILURE", reason)

    def pre_approve(self, product: Product, reason: str = KYC_PENDING) -> None:
        """The review is passed, but the shop or category is not ready: PENDING until `approve`."""
        shop = self._begin(product, "pre_approved")
        product.audit = "PRE_APPROVED"
        product.pre_approved_reasons[:] = [reason]
        self._waiting[product.id] = product.shop_key
        self._webhooks.audit_changed(shop, product)

    def describe(self) -> dict[str, Any]:
        counts = {name: self._journal.reviews[name] for name in ("approved", "rejected", "pre_approved")}
        return {"waiting": len(self._waiting), "held": self.held, **counts}

    async def run(self) -> None:
        """Decide what is due, until cancelled."""
        while True:
            self.run_due()
            await asyncio.sleep(0.02)

    def _begin(self, product: Product, outcome: str) -> Shop:
        if product.audit not in {"AUDITING", "PRE_APPROVED"}:
            raise ValueError(f"product {product.id} is {product.status}/{product.audit}: nothing is under review")
        product.pre_approved_reasons.clear()
        product.failed_reasons.clear()
        product.update_time = self._world.now()
        self._waiting.pop(product.id, None)
        self._journal.reviews[outcome] += 1
        return self._world.shop(product.shop_key)

    def _decide_by_rule(self, product: Product) -> bool:
        rule = next((rule for rule in self.rules if rule.matches(product)), None) or self._default_rule(product)
        if rule.decision == "hold":
            return False
        if rule.decision == "reject":
            self.reject(product, rule.reason or "content does not meet the listing policy")
        elif rule.decision == "pre_approve":
            self.pre_approve(product, rule.reason or KYC_PENDING)
        else:
            self.approve(product)
        return True

    def _default_rule(self, product: Product) -> Rule:
        content = product.in_review or product.content
        category = self._world.catalogue.categories.get(content.category_id or "")
        if category is not None and category.permission == "INVITE_ONLY":
            return Rule("pre_approve", RESTRICTED_CATEGORY_PENDING)
        if self._world.shop(product.shop_key).failed_prerequisites:
            return Rule("pre_approve", KYC_PENDING)
        return Rule("approve")


def prune(product: Product) -> None:
    """Remove price and stock of SKUs that are in no version any more."""
    known = product.sku_contents()
    product.prices = {sku: price for sku, price in product.prices.items() if sku in known}
    product.stock = {sku: stock for sku, stock in product.stock.items() if sku in known}
