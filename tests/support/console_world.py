"""The whole system with many shops, and what a test prepares and looks up behind the merchant's back."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from pymongo import AsyncMongoClient

from shopsync_contracts import Event, TopicSpec, parse
from shopsync_contracts.events import (
    DimensionsPatch,
    EditChanges,
    ImportCompleted,
    ImportFailed,
    ImportRequested,
    ProductEdited,
    ProductSnapshot,
    ShopSettingsChanged,
    StockEdit,
    SyncCompleted,
    SyncRequested,
    SyncTargetSet,
)
from shopsync_contracts.topics import SHOP_SETTINGS
from shopsync_rehearsals.bus import Bus, Follower
from shopsync_rehearsals.completion import ATTRIBUTES, BRAND, SOCKS
from shopsync_rehearsals.demo.merchant import Login, make_account
from shopsync_rehearsals.demo.stack import Stack
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import clean_environment

PATIENCE = 120.0
COMPLETION: Mapping[str, Any] = {
    "category_id": SOCKS,
    "brand_id": BRAND,
    "package_weight_g": 300,
    "package_dimensions_cm": DimensionsPatch(length=24, width=18, height=4),
    "attributes": ATTRIBUTES,
}


@dataclass
class ConsoleWorld:
    """A running system. Every test has a shop of its own."""

    stack: Stack
    bus: Bus
    follower: Follower
    unused: list[str]
    logins: dict[str, Login] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.stack.services["console"].url

    def take_shop(self) -> str:
        """A shop that no test has had; it is empty at futureshop."""
        return self.unused.pop(0)

    async def login(self, shop: str) -> Login:
        if shop not in self.logins:
            self.logins[shop] = await make_account(self.stack.installation, shop)
        return self.logins[shop]

    # Preparations ---------------------------------------------------------------------------------------------

    async def register(self, shop: str, product_no: str, **members: Any) -> None:
        """A product of futureshop's, new or changed."""
        await self.futureshop("PATCH", f"/shops/{shop}/products/{product_no}", members)

    async def fill(self, shop: str, names: Mapping[str, str], **members: Any) -> None:
        """Products by number and name, with one SKU in stock."""
        for number, (product_no, name) in enumerate(names.items(), 1):
            given = {
                "description": f"<p>{name}です。</p>",
                "unit_price": 1980,
                "images": [f"/images/{number:04}.{'png' if number % 3 == 0 else 'jpg'}"],
                "skus": [{"stock": 8}],
                **members,
            }
            await self.register(shop, product_no, name=name, **given)

    async def open_shop(self, shop: str, **settings: Any) -> None:
        """Set up by the operator; not authorised yet."""
        await self.bus.publish([ShopSettingsChanged(shop_key=shop, **settings)])

    async def authorise(self, shop: str) -> None:
        """The consent, without a browser."""
        asked = {"shop_key": shop, "tiktok_shop_id": self.tiktok_id(shop)}
        publisher = self.stack.services["publisher"].url
        async with self.stack.sandbox({"url": publisher}) as client:

            async def authorised() -> bool:
                answer = await client.get("/oauth/tiktok/start", params=asked, follow_redirects=True)
                assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
                return True

            await eventually(authorised, what="TikTok Shop認証", interval=0.2)

    async def import_products(self, shop: str) -> None:
        """Everything that futureshop has now."""
        [request] = await self.bus.publish([ImportRequested(shop_key=shop, mode="changed_only")])
        await self.until(
            lambda: self.follower.report(ImportCompleted, request) or self.follower.report(ImportFailed, request),
            "the import's report",
        )
        listed: dict[str, Any] = await self.futureshop("GET", f"/shops/{shop}/products")
        await self.until(
            lambda: set(listed["product_nos"]) <= set(self.products(shop)), f"{listed['total']} products of {shop}"
        )

    async def ready_shop(self, names: Mapping[str, str], **members: Any) -> str:
        """A shop that is authorised, with these products imported."""
        shop = self.take_shop()
        await self.open_shop(shop)
        await self.authorise(shop)
        await self.fill(shop, names, **members)
        await self.import_products(shop)
        return shop

    async def complete(self, shop: str, numbers: Sequence[str], *, but: Collection[str] = ()) -> None:
        """All that TikTok asks for `but` these fields, as a merchant would have entered it."""
        await self.bus.publish([self._completion(shop, one, but) for one in numbers])
        await self.until(
            lambda: all(set(self.products(shop)[one].missing) == set(but) for one in numbers), "the completed products"
        )

    def _completion(self, shop: str, product_no: str, but: Collection[str]) -> ProductEdited:
        product = self.products(shop)[product_no]
        stock = [
            StockEdit(vertical_no=sku.vertical_no, horizontal_no=sku.horizontal_no, quantity=5)
            for sku in product.skus
            if not sku.stock
        ]
        entered = {name: value for name, value in COMPLETION.items() if name not in but}
        changes = {**entered, **({"stock": stock} if stock else {})}
        return ProductEdited(
            shop_key=shop,
            product_no=product_no,
            edited_at=datetime.now(UTC),
            changes=EditChanges.model_validate(changes),
        )

    async def switch_on(self, shop: str, numbers: Sequence[str]) -> None:
        await self.bus.publish([SyncTargetSet(shop_key=shop, product_no=one, sync_enabled=True) for one in numbers])
        await self.until(lambda: all(self.products(shop)[one].sync_enabled for one in numbers), "the sync targets")

    async def sync(self, shop: str) -> None:
        [request] = await self.bus.publish([SyncRequested(shop_key=shop, reason="manual")])
        await self.until(lambda: self.follower.report(SyncCompleted, request), "the sync's report")

    async def on_sale(self, shop: str, numbers: Sequence[str]) -> None:
        """Complete, ON, sent and reviewed."""
        await self.complete(shop, numbers)
        await self.switch_on(shop, numbers)
        await self.sync(shop)
        await self.reach(shop, numbers, "synced")

    async def operator(self, *words: str) -> tuple[int, str]:
        """`shopsync WORDS`, as an operator runs it: how it ended, and all that it said."""
        settings = {**clean_environment(), **self.stack.installation.settings(), "SHOPSYNC_CONSOLE_URL": self.url}
        command = [str(Path(sys.executable).with_name("shopsync")), *words]
        process = await asyncio.create_subprocess_exec(
            *command, env=settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    @contextlib.asynccontextmanager
    async def without(self, service: str) -> AsyncIterator[None]:
        """Killed at once, and started again after the block."""
        one = self.stack.services[service]
        await one.kill()
        try:
            yield
        finally:
            await one.start()

    # What became of it ------------------------------------------------------------------------------------------

    async def reach(self, shop: str, numbers: Sequence[str], status: str) -> None:
        await self.until(
            lambda: {self.products(shop)[one].status for one in numbers} == {status},
            f"{status} of {numbers[:3]}… of {shop}",
        )

    def products(self, shop: str) -> dict[str, ProductSnapshot]:
        """The newest snapshots, by number."""
        return {one.product_no: one for one in self.follower.snapshots.values() if one.shop_key == shop}

    async def until(self, done: Callable[[], Any], what: str) -> Any:
        return await self.follower.until(done, seconds=PATIENCE, what=what)

    async def sent(self, shop: str, spec: TopicSpec) -> list[Event[Any]]:
        """The events of this topic for the shop so far, repeats included."""
        installation, found = self.stack.installation, []
        # From the beginning by its own setting: a seek may come before the reset to the end that it would ask for else.
        consumer = AIOKafkaConsumer(
            bootstrap_servers=installation.kafka_bootstrap, group_id=None, auto_offset_reset="earliest"
        )
        async with consumer:
            topic = spec.full_name(installation.topic_prefix)
            consumer.subscribe([topic])
            await eventually(consumer.assignment, what=f"the partitions of {topic}")
            places = list(consumer.assignment())
            ends = await consumer.end_offsets(places)
            for place in places:
                while await consumer.position(place) < ends[place]:
                    batch = await consumer.getmany(place, timeout_ms=1000)
                    found += [parse(one.value, topic=spec) for rows in batch.values() for one in rows if one.value]
        return [event for event in found if event.data.shop_key == shop]

    async def settings_of(self, shop: str) -> list[ShopSettingsChanged]:
        """All that were ever published, oldest first."""
        return [event.data for event in await self.sent(shop, SHOP_SETTINGS)]

    async def end_sessions(self, shop: str) -> None:
        """As time does."""
        installation = self.stack.installation
        async with AsyncMongoClient[dict[str, Any]](installation.mongo_uri) as client:
            await client[installation.database]["sessions"].delete_many({"shop_key": shop})

    async def listings(self, shop: str) -> list[dict[str, Any]]:
        """As Seller Center has them."""
        state: dict[str, Any] = await self.tiktok("GET", f"/state?shop={shop}&limit=500")
        found: list[dict[str, Any]] = state["listings"]
        return found

    async def futureshop(self, method: str, path: str, body: Any = None) -> Any:
        return await self._control(self.stack.futureshop, method, path, body)

    async def tiktok(self, method: str, path: str, body: Any = None) -> Any:
        return await self._control(self.stack.tiktok, method, path, body)

    async def _control(self, facts: Mapping[str, Any], method: str, path: str, body: Any) -> Any:
        async with self.stack.sandbox(facts) as client:
            answer: httpx.Response = await client.request(method, f"/_sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def tiktok_id(self, shop: str) -> str:
        """TikTok's own id of this shop."""
        return next(str(one["id"]) for one in self.stack.tiktok["shops"] if one["key"] == shop)
