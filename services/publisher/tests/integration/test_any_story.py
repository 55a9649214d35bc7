"""Seeded stories of all that happens to products, with faults in between: the promises hold at the end of each."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from shopsync_sandbox.tiktok import ApiError, Fault
from shopsync_testkit.polling import eventually

PRODUCTS = ("A-1", "A-2", "A-3")
STEPS = 40
FAULTS = (
    {"kind": "drop", "after": True},
    {"kind": "drop", "after": False},
    {"kind": "gateway_timeout", "after": True},
    {"kind": "error", "after": True},
    {"kind": "error", "after": False},
    {"kind": "html", "after": True},
    {"kind": "truncate"},
    {"kind": "rate_limit", "retry_after": False},
    {"kind": "slow", "seconds": 0.1, "after": True},
)


class Story:
    """Random actions of the tool, the merchant in Seller Center, the reviewer and the network."""

    def __init__(self, world, seed, sku):
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311 - a story, no secret
        self.sku = sku
        self.tool: dict[str, dict[str, Any]] = {
            number: {"version": 1, "name": f"靴下 {number}", "price": 1000, "sizes": ["M"], "on": True}
            for number in PRODUCTS
        }
        self.sent_while_off = []

    async def save(self, number):
        it = self.tool[number]
        await self.world.store(
            number,
            axes={"vertical": "サイズ"},
            skus=[self.sku(size, stock=5) for size in it["sizes"]],
            content={"name": it["name"], "price": it["price"]},
            content_version=it["version"],
            sync_enabled=it["on"],
        )

    def listing_at_tiktok(self, number):
        products = self.world.sandbox.world.shop("demo").products.values()
        return [product for product in products if product.content.external_product_id == number]

    def writes(self, number):
        """What the API has done to the product: creates, edits, activates."""
        done = self.world.sandbox.journal.per_product
        return sum((Counter(done.get(product.id, {})) for product in self.listing_at_tiktok(number)), Counter())

    async def edit(self, number):
        it = self.tool[number]
        it["version"] += 1
        match self.chance.randrange(3):
            case 0:
                it["name"] = f"靴下 {number} 第{it['version']}版"
            case 1:
                it["price"] += 100
            case 2:
                it["sizes"] = [*it["sizes"], f"S{it['version']}"]
        await self.save(number)

    async def switch(self, number):
        """Switch OFF only while no call for it is in flight: what was sent before was allowed."""
        it = self.tool[number]
        if it["on"]:
            await self.world.quiet()
        it["on"] = not it["on"]
        await self.save(number)

    async def seller(self, number):
        for product in self.listing_at_tiktok(number):
            deed = self.chance.choice(["hide", "hide", "rename", "sell", "delete"])
            try:
                if deed == "rename":
                    if product.status == "ACTIVATE":
                        self.world.sandbox.edit_title(product, "店の名前")
                elif deed == "sell":
                    for sku_id in product.stock:
                        self.world.sandbox.set_stock(product, sku_id, 1)
                elif deed == "hide" or self.chance.random() < 0.2:
                    getattr(self.world.sandbox.lifecycle, deed)(product)
            except ApiError:
                pass  # the state does not allow it

    async def review(self, _):
        for product in list(self.world.sandbox.world.shop("demo").products.values()):
            if product.audit == "AUDITING":
                if self.chance.random() < 0.8:
                    self.world.sandbox.reviews.approve(product)
                else:
                    self.world.sandbox.reviews.reject(product, "理由")

    async def fault(self, _):
        operation = self.chance.choice(["create*", "edit*", "get_product", "search*", "activate*"])
        self.world.sandbox.faults.add(Fault(operation=operation, **self.chance.choice(FAULTS)))

    async def push(self, number):
        before = self.writes(number)
        await self.world.command(number, reason=self.chance.choice(["auto", "scheduled", "manual"]))
        if not self.tool[number]["on"]:
            await self.world.quiet()
            self.sent_while_off.append(self.writes(number) - before)
        elif self.chance.random() < 0.5:
            await self.world.quiet()

    async def run(self):
        for number in PRODUCTS:
            await self.save(number)
        deeds = (
            [self.push] * 5 + [self.edit] * 2 + [self.review] * 2 + [self.seller, self.fault, self.fault, self.switch]
        )
        for _ in range(STEPS):
            await self.chance.choice(deeds)(self.chance.choice(PRODUCTS))

    async def settle(self):
        """No faults, everything ON, reviews decided, and as many syncs as it takes until nothing changes."""
        self.world.sandbox.faults.clear()
        self.world.sandbox.settings.search_delay_seconds = 0
        await self.world.quiet()
        for number in PRODUCTS:
            self.tool[number]["on"] = True
            await self.save(number)
        for _ in range(4):
            await self.world.push(*PRODUCTS, reason="manual")
            self.world.sandbox.reviews.decide_all()
            await eventually(lambda: self.world.sandbox.webhooks.waiting == 0)


@pytest.fixture
def publisher_settings():
    return {"retry_longest": timedelta(milliseconds=100), "breaker_failures": 1000}


@pytest.mark.parametrize("seed", range(4))
async def test_nv1_nv3_nv4_nv8_any_story_ends_with_one_listing_and_stock_sent_once(demo, seed, sku):
    demo.sandbox.settings.search_delay_seconds = 0.2 * (seed % 2)
    demo.sandbox.settings.idempotency = "error" if seed // 2 % 2 else "same"
    story = Story(demo, seed, sku)
    await story.run()
    await story.settle()
    journal = demo.sandbox.journal
    assert journal.done["creates"] > 0
    assert not {"deletes", "deactivates", "inventory_updates"} & set(journal.done)
    assert all(entry.method != "DELETE" for entry in journal.entries)
    assert [sent for sent in story.sent_while_off if sent] == []
    assert max(journal.stock_writes.values()) == 1, dict(journal.stock_writes)
    assert max(journal.creates_per_sku.values()) == 1
    for number in PRODUCTS:
        (product,) = story.listing_at_tiktok(number)
        listing = await demo.listing(f"demo/{number}")
        assert listing["tiktok_product_id"] == product.id
        assert listing["outbox"] == []
        assert "intent" not in listing
        if product.status == "DELETED":
            (failed, *_) = [e for e in reversed(demo.events("push.failed")) if e["product_no"] == number]
            assert failed["code"] == "deleted_in_seller_center"
            continue
        wanted = story.tool[number]
        assert (product.status, product.content.title) == ("ACTIVATE", wanted["name"])
        assert {one.seller_sku for one in product.content.skus} == {f"{number}_{size}" for size in wanted["sizes"]}
        assert set(product.prices.values()) == {wanted["price"]}
        ids = {one["vertical_no"]: one["tiktok_sku_id"] for one in listing["skus"]}
        assert ids == {one.seller_sku.removeprefix(f"{number}_"): one.id for one in product.content.skus}
        assert listing["pushed_content_version"] == wanted["version"]
        last = [e for e in demo.events("push.succeeded") if e["product_no"] == number][-1]
        assert (last["action"], last["review"]) == ("unchanged", "live")
    assert await demo.database["push_jobs"].count_documents({}) == 0
