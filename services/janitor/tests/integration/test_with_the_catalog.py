"""The janitor beside the real catalog: DL-1 to DL-14 and scenarios 61 to 74 and 78 from end to end.

The test plays the rest: futureshop and the ingestor (which products are listed), the merchant, and the publisher.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from janitor.app import catalog_barrier
from shopsync_contracts.events import (
    EditChanges,
    Enumeration,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    PushSucceeded,
    ShopSettingsChanged,
    SkuSent,
    SyncTargetSet,
    UpstreamProduct,
)
from shopsync_contracts.topics import (
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    PUSH_COMMANDS,
    SHOP_SETTINGS,
    TOOL_EDITS,
)
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


def now():
    return datetime.now(UTC)


def verdicts_of(pages):
    return {verdict.product_no: verdict.verdict for page in pages for verdict in page.verdicts}


@dataclass
class Shop:
    """One shop of futureshop, its merchant and its listings."""

    world: Any
    key: str = "demo"
    present: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    listings: int = 0

    async def say(self, spec, body, **how):
        await self.world.say(spec, body, str(uuid4()), **{"time": now(), **how})

    # futureshop and the ingestor
    async def imports(self, *numbers, name="シャツ", stock=10, mode="changed_only", observed=None):
        """The products are registered, or changed, and an import brings them."""
        self.present |= set(numbers)
        self.known |= set(numbers)
        observed = observed or now()
        product = UpstreamProduct.model_validate(
            {
                "updated_at": observed,
                "name": name,
                "sale_form": "regular",
                "regular_price": 3500,
                "stock_managed": True,
                "images": ["https://shop.example/1.jpg"],
                "skus": [{"stock": stock}],
            },
            strict=False,
        )
        bodies = [
            ProductChanged(shop_key=self.key, product_no=number, mode=mode, observed_at=observed, product=product)
            for number in numbers
        ]
        await asyncio.gather(*(self.say(PRODUCT_CHANGES, body) for body in bodies))

    def deletes(self, *numbers):
        self.present -= set(numbers)

    async def enumerates(self, command, enumeration_id):
        """What the ingestor does on the command: every absence is said, then the report."""
        started = now()
        proof = Enumeration(
            id=enumeration_id, started_at=started, completed_at=started, product_count=len(self.present)
        )
        bodies = [
            ProductRemoved(shop_key=self.key, product_no=number, enumeration=proof)
            for number in sorted(self.known - self.present)
        ]
        await asyncio.gather(*(self.say(PRODUCT_CHANGES, body) for body in bodies))
        await self.world.answer(command, enumeration_id, enumeration=proof)

    # The merchant
    async def switches(self, number, *, on):
        await self.say(TOOL_EDITS, SyncTargetSet(shop_key=self.key, product_no=number, sync_enabled=on))

    async def edits(self, number, **changes):
        edited = EditChanges.model_validate(changes, strict=False)
        await self.say(TOOL_EDITS, ProductEdited(shop_key=self.key, product_no=number, edited_at=now(), changes=edited))

    # The publisher
    async def pushed(self, number, version, tiktok="T1"):
        sku = SkuSent(vertical_no="", horizontal_no="", tiktok_sku_id=f"{tiktok}-1", stock_sent=10)
        body = PushSucceeded(
            shop_key=self.key,
            product_no=number,
            content_version=version,
            action="created",
            tiktok_product_id=tiktok,
            skus=(sku,),
            review="live",
        )
        await self.say(LISTING_EVENTS, body)

    # The tool
    async def product(self, number):
        return await self.world.database["products"].find_one({"_id": f"{self.key}/{number}"})

    async def until(self, number, condition=lambda document: document is not None, what="the product"):
        async def look():
            document = await self.product(number)
            return (document or True) if condition(document) else None

        return await eventually(look, interval=0.1, what=f"{what} ({self.key}/{number})")

    async def numbers(self):
        return await self.world.catalog.numbers(self.key)


@pytest.fixture
def catalog(world, tmp_path):
    """`async with catalog(): …` runs the catalog as a process; more than one life is possible."""

    @asynccontextmanager
    async def run() -> AsyncIterator[ServiceProcess]:
        env = {**world.environment(), "CATALOG_SETTINGS_GRACE": "1s"}
        service = ServiceProcess("catalog", env=env, folder=tmp_path)
        await service.start()
        try:
            yield service
        finally:
            if service.running:
                await service.terminate()

    return run


@pytest.fixture
async def shop(world):
    await world.database["shops"].delete_many({})
    for key in ("demo", "other"):
        await world.say(SHOP_SETTINGS, ShopSettingsChanged(shop_key=key), f"settings-{key}", time=now())
    return Shop(world)


@pytest.fixture
def sweeps(world):
    """`await sweeps(shop, "e1")`: one sweep from request to report. Returns verdicts, and the report's first page."""

    async def run(shop, enumeration_id, *, meanwhile=None):
        before = {event.id for event in await world.events(IMPORT_COMMANDS)}

        async def asked():
            return [event for event in await world.events(IMPORT_COMMANDS) if event.id not in before]

        request = await world.sweep(f"sweep-{enumeration_id}-{shop.key}", shop.key)
        [command] = await eventually(asked, interval=0.1, what="the enumeration command")
        await shop.enumerates(command, enumeration_id)
        if meanwhile is not None:
            await meanwhile()
        pages = await world.reports(request)
        return verdicts_of(pages), pages[0]

    return run


async def test_scenario_61_62_65_78_off_and_gone_is_deleted_and_nothing_else(world, catalog, shop, sweeps):
    """DL-1, DL-2 (a linked, synced product goes too), DL-4, DL-5, DL-8, NV-1, NV-5, NV-13."""
    other = Shop(world, "other")
    async with catalog(), world.janitor():
        await shop.imports("linked", "on", "here", "new")
        await other.imports("linked")
        await shop.switches("on", on=True)
        version = (await shop.until("linked"))["content_version"]
        await shop.pushed("linked", version)
        await shop.until("linked", lambda found: found and found["tiktok_product_id"] == "T1", "the listing")
        await shop.until("on", lambda found: found and found["sync_enabled"], "ON")
        shop.deletes("linked", "on", "new")
        other.deletes("linked")
        verdicts, page = await sweeps(shop, "e1")
        assert verdicts == {"linked": "deleted", "new": "deleted", "on": "kept_sync_enabled"}
        assert (page.counts.deleted, page.counts.kept_sync_enabled) == (2, 1)
        assert await shop.numbers() == ["here", "on"]
        assert await other.numbers() == ["linked"], "scenario 78"
        tombstone = await world.database["tombstones"].find_one({"_id": "demo/linked"})
        assert tombstone["tiktok_product_id"] == "T1", "what is in Seller Center stays there (DL-5), the tool remembers"
        assert (await shop.product("on"))["removed_upstream"]["enumeration_id"] == "e1"
        assert await world.events(PUSH_COMMANDS) == []
        again, _ = await sweeps(shop, "e2")  # DL-12: the same night once more
        assert again == {"on": "kept_sync_enabled"}


async def test_dl6_switched_off_it_goes_with_the_next_night_not_at_once(world, catalog, shop, sweeps):
    async with catalog(), world.janitor():
        await shop.imports("A")
        await shop.switches("A", on=True)
        await shop.until("A", lambda found: found and found["sync_enabled"], "ON")
        shop.deletes("A")
        assert (await sweeps(shop, "e1"))[0] == {"A": "kept_sync_enabled"}
        await shop.switches("A", on=False)
        await shop.until("A", lambda found: found and not found["sync_enabled"], "OFF")
        assert await shop.numbers() == ["A"]
        assert (await sweeps(shop, "e2"))[0] == {"A": "deleted"}


async def test_scenario_68_dl13_registered_again_after_its_deletion_it_is_a_new_product(world, catalog, shop, sweeps):
    async with catalog(), world.janitor():
        await shop.imports("A", stock=10)
        await shop.edits("A", category_id="600001")
        version = (await shop.until("A", lambda found: found and found["content"]["category_id"]))["content_version"]
        await shop.pushed("A", version)
        await shop.until("A", lambda found: found and found["tiktok_product_id"], "the listing")
        shop.deletes("A")
        assert (await sweeps(shop, "e1"))[0] == {"A": "deleted"}
        await shop.imports("A", name="新しいシャツ", stock=3)
        found = await shop.until("A")
        assert (found["sync_enabled"], found["content"]["category_id"], found["tiktok_product_id"]) == (
            False,
            None,
            None,
        )
        assert found["skus"][0]["stock"] == 3, "stock is imported again"
        assert found["former_listing"]["tiktok_product_id"] == "T1", "and the old listing is warned of"
        assert (await sweeps(shop, "e2"))[0] == {}


async def test_scenario_69_dl14_registered_again_while_on_it_is_the_same_product(world, catalog, shop, sweeps):
    async with catalog(), world.janitor():
        await shop.imports("A", stock=10)
        await shop.switches("A", on=True)
        version = (await shop.until("A", lambda found: found and found["sync_enabled"]))["content_version"]
        await shop.pushed("A", version)
        await shop.until("A", lambda found: found and found["tiktok_product_id"], "the listing")
        shop.deletes("A")
        assert (await sweeps(shop, "e1"))[0] == {"A": "kept_sync_enabled"}
        await shop.imports("A", name="新しいシャツ", stock=99)
        found = await shop.until("A", lambda found: found["removed_upstream"] is None, "seen again")
        assert (found["content"]["name"], found["skus"][0]["stock"]) == ("新しいシャツ", 10)
        assert (found["tiktok_product_id"], found["sync_enabled"]) == ("T1", True)
        await shop.switches("A", on=False)
        assert (await sweeps(shop, "e2"))[0] == {}, "it is there: OFF or not, it stays (DL-8)"
        assert await shop.numbers() == ["A"]


async def test_scenario_72_a_push_that_ends_after_the_deletion_creates_nothing(world, catalog, shop, sweeps):
    async with catalog(), world.janitor():
        await shop.imports("A", "B")
        version = (await shop.until("A"))["content_version"]
        shop.deletes("A")
        assert (await sweeps(shop, "e1"))[0] == {"A": "deleted"}
        await shop.pushed("A", version, "T9")

        async def remembered():
            return await world.database["tombstones"].find_one({"_id": "demo/A", "tiktok_product_id": "T9"})

        await eventually(remembered, what="the listing on the tombstone")
        assert await shop.numbers() == ["B"]


@pytest.mark.reliability(7)
async def test_scenario_74_an_overwriting_import_beside_the_sweep_loses_nothing(world, catalog, shop, sweeps):
    """DL-11: 一括情報更新 reads "back" after the enumeration missed it; of "late" an old reading comes late."""
    async with catalog(), world.janitor():
        long_ago = now() - timedelta(minutes=5)
        await shop.imports("back", "late", "here", observed=long_ago)
        await shop.until("here")
        shop.deletes("back", "late")

        async def import_beside():
            await shop.imports("back", "here", mode="overwrite_all", name="上書き")
            await shop.imports("late", mode="overwrite_all", observed=long_ago)

        verdicts, _ = await sweeps(shop, "e1", meanwhile=import_beside)
        assert verdicts["late"] == "deleted"
        assert verdicts.get("back", "kept_present") == "kept_present"
        assert await shop.numbers() == ["back", "here"]
        assert (await shop.product("back"))["removed_upstream"] is None


@pytest.mark.reliability(7)
@pytest.mark.parametrize("victim", ["janitor", "catalog"])
async def test_scenario_71_dl12_killed_in_the_middle_the_rest_is_done_once(world, catalog, shop, tmp_path, victim):
    """1,200 products go in three chunks of commands; kill -9 behind the first, or when the first are deleted."""
    world.settings["verdict_wait"] = "5m"
    numbers = [f"P-{n:04}" for n in range(1200)]
    env = world.doomed("sweep_commands_published") if victim == "janitor" else world.environment()
    janitor = ServiceProcess("janitor", env=env, folder=tmp_path)
    async with catalog() as first:
        await shop.imports(*numbers)

        async def imported():
            return await world.database["products"].count_documents({}) == len(numbers)

        await eventually(imported, what="the products")
        shop.deletes(*numbers)
        await janitor.start()
        request = await world.sweep("r1")
        [command, *_] = await world.asked()
        await shop.enumerates(command, "e1")
        if victim == "janitor":
            assert await janitor.exited(120) == -9
        else:
            await eventually(world.database["tombstones"].find_one, what="a deletion")
            await first.kill()
        if victim == "janitor":
            async with world.janitor("replica-0"):
                pages = await world.reports(request)
    if victim == "catalog":
        async with catalog():
            pages = await world.reports(request, within=180)
        await janitor.terminate()
    assert verdicts_of(pages) == dict.fromkeys(numbers, "deleted")
    assert await shop.numbers() == []
    assert await world.database["tombstones"].count_documents({}) == 1200
    assert len({event.id for event in await world.events(DELETE_COMMANDS)}) == 1200


async def test_a_command_that_comes_too_late_deletes_nothing_that_was_reported_as_kept(world, catalog, shop, sweeps):
    """DL-11, DL-12: what a report says stays true, and the next night sees to it."""
    world.settings["verdict_wait"] = "2s"
    async with catalog():
        await shop.imports("A", "B")
        await shop.until("A")
        shop.deletes("A")
        proof = Enumeration(id="e1", started_at=now(), completed_at=now(), product_count=1)
        await shop.say(PRODUCT_CHANGES, ProductRemoved(shop_key="demo", product_no="A", enumeration=proof))
        await shop.until("A", lambda found: found["removed_upstream"], "removed")
    async with world.janitor() as janitor:
        await world.sweep("r1")
        [command] = await world.asked()
        await world.answer(command, "e1", enumeration=proof)
        [page] = await world.reports("r1")
        assert verdicts_of([page]) == {"A": "kept_unproven"}
        [delete] = await world.events(DELETE_COMMANDS)
        assert delete.data.not_after < page.completed_at
        barrier = await catalog_barrier(janitor, [DELETE_COMMANDS])
        assert not await barrier.passed()
        async with catalog():
            await eventually(barrier.passed, what="the catalog to come to the command")
            assert await shop.numbers() == ["A", "B"]
            assert (await sweeps(shop, "e2"))[0] == {"A": "deleted"}
