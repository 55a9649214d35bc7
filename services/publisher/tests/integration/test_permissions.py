"""A product is switched OFF, or its shop paused, after its push began: what is sent must be allowed when it is sent."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from publisher.store import Listings, Permissions
from publisher.tiktok.client import TikTokClient
from publisher.tiktok.endpoints import endpoint_of
from shopsync_contracts import new_event
from shopsync_contracts.events import PushPauseSet
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Delivery
from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

AXES = {"vertical": "サイズ"}
MOMENTS = {
    "create": ("image", "upload_image", "create_product"),
    "edit": ("image", "upload_image", "get_product", "edit_product"),
    "stock": ("image", "upload_image", "get_product"),
    "activate": ("get_product", "activate_products"),
    "activate after an edit": ("edit_product",),
}
"""Write that is about to be sent -> what has just been answered. `stock`: an edit that brings a new SKU."""


class Tool:
    """What the merchant and the operator do to demo/A-100; `undo` reverts what was done last."""

    def __init__(self, world):
        self.world = world
        self.products = world.database["products"]
        self.said = 0

    async def off(self):
        await self._switch(on=False)

    async def deleted(self):
        self.kept = await self.products.find_one_and_delete({"_id": "demo/A-100"})
        assert self.kept is not None

    async def paused(self):
        await self._pause(paused=True)

    async def undo(self, what):
        if what == "off":
            await self._switch(on=True)
        elif what == "deleted":
            await self.products.insert_one(self.kept)
        else:
            await self._pause(paused=False)

    async def _switch(self, *, on):
        await self.products.update_one({"_id": "demo/A-100"}, {"$set": {"sync_enabled": on}})

    async def _pause(self, *, paused):
        event = new_event(
            PushPauseSet(shop_key="demo", paused=paused, reason=""),
            source="/shopsync/ops",
            id=str(uuid4()),
            time=self.world.clock(),
        )
        self.said += 1
        stamp = self.world.clock() + timedelta(seconds=self.said)
        said = Delivery("t", 0, self.said, stamp, event.key(), event.to_bytes(), (), PUSH_COMMANDS, event)
        await self.world.handler([said])


@pytest.fixture
def tool(demo):
    return Tool(demo)


@pytest.fixture
def answered(monkeypatch):
    """By operation of TikTok Shop: what is done once, right after its next answer."""
    deeds = {}
    original = TikTokClient.call

    async def call(self, call, **access):
        try:
            return await original(self, call, **access)
        finally:
            deed = deeds.pop(endpoint_of(call.method, call.path).name, None)
            if deed is not None:
                await deed()

    monkeypatch.setattr(TikTokClient, "call", call)
    return deeds


def done(world):
    return {what: world.sandbox.journal.done[what] for what in ("creates", "edits", "activates")}


def pushes_told(world):
    return [(event["type"], event.get("why")) for event in world.events() if event["type"].startswith("push.")]


async def reviewed(world):
    """Stop the reading of reviews."""
    if world.sandbox.webhooks.waiting or not world.events("review.changed"):
        return False
    return (await world.listing()).get("review_due_at") is None


async def prepare(world, write, sku):
    """Everything before the push that is tested, including the new content it is to send."""
    if write == "create":
        await world.store()
        return
    await world.store(axes=AXES, skus=[sku("M", stock=5)])
    await world.push("A-100")
    world.sandbox.reviews.decide_all()
    if "activate" in write:
        (product,) = world.sandbox.world.shop("demo").products.values()
        world.sandbox.lifecycle.hide(product)
    await eventually(lambda: reviewed(world), what="the listing's state to be read")
    if write != "activate":
        skus = [sku("M", stock=5), *([sku("L", stock=4)] if write == "stock" else [])]
        images = [world.images.add(f"{uuid4()}.jpg")]
        await world.store(axes=AXES, skus=skus, content={"name": "新しい名前", "images": images}, content_version=2)


@pytest.mark.parametrize("change", ["off", "deleted", "paused"])
@pytest.mark.parametrize(
    ("write", "moment"), [(write, moment) for write, moments in MOMENTS.items() for moment in moments]
)
async def test_tg6_nv4_what_is_not_allowed_any_more_is_not_sent(demo, tool, answered, sku, write, moment, change):
    await prepare(demo, write, sku)
    before, told, changed = done(demo), len(pushes_told(demo)), asyncio.Event()

    async def meanwhile():
        await getattr(tool, change)()
        changed.set()

    if moment == "image":
        demo.images.meanwhile = meanwhile
    else:
        answered[moment] = meanwhile
    if moment == f"{write}_product" or (write, moment) == ("activate", "activate_products"):
        demo.sandbox.faults.add(Fault("rate_limit", operation=moment, seconds=1))
    await demo.command("A-100")

    async def given_back():
        job = await demo.job("demo/A-100")
        return changed.is_set() and (job is None or not job["owner"])

    await eventually(given_back, what="the push to end")
    sent = {"edits": 1} if write == "activate after an edit" else {}
    assert done(demo) == {**before, **{what: before[what] + count for what, count in sent.items()}}
    news = pushes_told(demo)[told + len(sent) :]
    job = await demo.job("demo/A-100")
    if change == "paused":
        assert news == []
        assert (job["attempts"], job["waits"]) == (0, 0)
    else:
        assert news == [("push.skipped", "sync_disabled" if change == "off" else "not_found")]
        assert job is None
    assert (await demo.listing() or {}).get("intent") is None

    await tool.undo(change)
    await demo.push("A-100")
    journal = demo.sandbox.journal
    after = {"create": "creates", "edit": "edits", "stock": "edits"}.get(write, "activates")
    assert done(demo)[after] == before[after] + 1
    assert set(journal.stock_writes.values()) == {1}


async def test_nothing_is_lost_when_it_is_allowed_again_before_it_is_decided_again(demo, tool):
    """OFF and ON while an image is fetched: the push goes on in the same attempt."""
    await demo.store()

    async def meanwhile():
        await tool.off()
        await tool.undo("off")

    demo.images.meanwhile = meanwhile
    await demo.push("A-100")
    assert [event["type"] for event in demo.events()] == ["push.succeeded"]


async def test_a_create_whose_answer_was_lost_is_not_repeated(demo, tool, monkeypatch):
    """OFF right before the same create is repeated."""
    await demo.store()
    demo.sandbox.faults.add(Fault("drop", operation="create*", after=False))
    original, intended = Listings.intend, []

    async def intend(self, listing, intent):
        intended.append(intent.key)
        if len(intended) == 2:
            await tool.off()
        return await original(self, listing, intent)

    monkeypatch.setattr(Listings, "intend", intend)
    await demo.push("A-100")
    assert len(intended) == 2
    assert len(set(intended)) == 1, "under the same key"
    assert done(demo)["creates"] == 0
    assert demo.events("push.skipped")[-1]["why"] == "sync_disabled"


async def test_many_permissions_are_one_query_and_each_gets_its_own(demo):
    """Shops with the same product numbers, some paused, some products OFF or gone; all ask at once."""
    products, pauses = demo.database["products"], demo.database["push_pauses"]
    shops, numbers = [f"s{shop}" for shop in range(6)], [f"P-{number}" for number in range(40)]
    expected = {}
    for index, shop in enumerate(shops):
        if index < 4:
            await pauses.insert_one({"_id": shop, "paused": index % 2 == 0})
        for place, number in enumerate(numbers):
            state = (index + place) % 3
            if state < 2:
                await products.insert_one({"_id": f"{shop}/{number}", "sync_enabled": state == 0})
            expected[shop, number] = state == 0 and shop not in {"s0", "s2"}
    permissions = Permissions(demo.database)
    given = await asyncio.gather(*(permissions.given(*one) for one in expected))
    assert dict(zip(expected, given, strict=True)) == expected
    assert len(set(given)) == 2
