import asyncio
import io
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from aiokafka.errors import KafkaConnectionError
from cryptography.fernet import Fernet
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from publisher.app import build
from publisher.settings import PublisherSettings
from shopsync_contracts import new_event
from shopsync_contracts.events import ProductSnapshot, PushRequested
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Delivery, EventPublisher, Runtime
from shopsync_runtime.settings import CommonSettings
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
_OFFSETS = itertools.count(10)  # tests give the first ones to other messages


class Clock:
    """Real time, moved forward by hand."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        now = datetime.now(UTC) + self.offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def forward(self, **by: float) -> None:
        """Calls in flight have the time from before: `sandbox_settings` lets them pass."""
        self.offset += timedelta(**by)


class FakeProducer:
    """What would go to Kafka; `down` makes it fail as an absent broker does."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.down = False

    async def send_all(self, messages: Sequence[Any]) -> None:
        if self.down:
            raise KafkaConnectionError("no broker")
        self.sent += [json.loads(message.value) for message in messages]


@dataclass
class ImageServer:
    url: str
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    requests: list[tuple[str, int]] = field(default_factory=list)
    #: awaited before the next request is answered, once
    meanwhile: Callable[[], Awaitable[Any]] | None = None

    def add(self, name: str, content: bytes | None = None, *, etag: str | None = None) -> str:
        self.files[name] = (content if content is not None else picture(name), etag or f'"{uuid4()}"')
        return f"{self.url}/{name}"

    async def serve(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        content, etag = self.files.get(name, (None, ""))
        status = 404 if content is None else 304 if request.headers.get("if-none-match") == etag else 200
        self.requests.append((name, status))
        return Response(content if status == 200 else b"", status, headers={"etag": etag} if content else {})


def picture(seed: str = "", size: tuple[int, int] = (320, 320), kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    colour = tuple(hash_byte(f"{seed}{part}") for part in range(3))
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def hash_byte(text: str) -> int:
    return sum(text.encode()) % 256


@pytest.fixture(name="picture")
def picture_fixture() -> Callable[..., bytes]:
    return picture


def product_document(product_no: str = "A-100", shop_key: str = "demo", **changes: Any) -> dict[str, Any]:
    """A complete product with one SKU; `content` and others in `changes` are merged or replaced."""
    content = {
        "name": "綿の靴下",
        "description": "<p>やわらかい靴下です。</p>",
        "images": ["https://shop.example/1.jpg"],
        "price": 1980,
        "category_id": "601234",
        "brand_id": None,
        "package_weight_g": 120,
        "package_dimensions_cm": {"length": 24, "width": 12, "height": 3},
        "attributes": [
            {"id": "100398", "values": [{"id": "1001001"}]},
            {"id": "100701", "values": [{"name": "日本"}]},
        ],
        "size_chart_image": None,
    }
    document: dict[str, Any] = {
        "_id": f"{shop_key}/{product_no}",
        "shop_key": shop_key,
        "product_no": product_no,
        "version": 1,
        "content_version": 1,
        "changed_at": NOW,
        "sync_enabled": True,
        "status": "pending",
        "missing": [],
        "content": content,
        "axes": None,
        "skus": [sku_document()],
    }
    content.update(changes.pop("content", {}))
    document.update(changes)
    return document


def sku_document(vertical: str = "", horizontal: str = "", **changes: Any) -> dict[str, Any]:
    sku: dict[str, Any] = {
        "vertical_no": vertical,
        "horizontal_no": horizontal,
        "vertical_name": vertical,
        "horizontal_name": horizontal,
        "jan_code": "",
        "price": None,
        "stock": 7,
    }
    return {**sku, **changes}


@pytest.fixture
def sku() -> Callable[..., dict[str, Any]]:
    return sku_document


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    return product_document


@pytest.fixture
def snapshot() -> Callable[..., ProductSnapshot]:
    def make(**changes: Any) -> ProductSnapshot:
        return ProductSnapshot.from_document(product_document(**changes))

    return make


@dataclass
class World:
    """A publisher wired by its composition root, against a real database and a sandbox TikTok Shop over HTTP."""

    runtime: Runtime
    sandbox: TikTokSandbox
    clock: Clock
    producer: FakeProducer
    images: ImageServer
    http: httpx.AsyncClient
    url: str
    tiktok_url: str = ""

    @property
    def database(self) -> Any:
        return self.runtime.database

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Bodies published, with the type's short name as `type` and the event's id as `id`."""
        found = []
        for event in self.producer.sent:
            short = event["type"].removeprefix("jp.shopsync.").removesuffix(".v1")
            if kind is None or short == kind:
                found.append({**event["data"], "type": short, "id": event["id"]})
        return found

    async def settings_for(self, *shops: str) -> None:
        for shop in shops:
            await self.database["shops"].replace_one({"_id": shop}, {"category_version": "v1"}, upsert=True)

    async def authorise(self, shop: str = "demo") -> httpx.Response:
        code = self.sandbox.tokens.mint_code([shop]).value
        return await self.http.get("/oauth/tiktok/callback", params={"code": code, "state": shop})

    async def store(self, product_no: str = "A-100", shop_key: str = "demo", **changes: Any) -> dict[str, Any]:
        content = {"images": [self.images.add(f"{product_no}.jpg", etag='"1"')], **changes.pop("content", {})}
        document = product_document(product_no, shop_key, content=content, **changes)
        await self.database["products"].replace_one({"_id": document["_id"]}, document, upsert=True)
        return document

    async def command(
        self, *product_nos: str, shop_key: str = "demo", reason: Any = "manual", traceparent: str | None = None
    ) -> list[str]:
        """Hand push commands to the handler as one batch; their event ids."""
        batch = [self._delivery(product_no, shop_key, reason, traceparent) for product_no in product_nos]
        await self.handler(batch)
        return [delivery.event.id for delivery in batch]

    @property
    def handler(self) -> Callable[[Sequence[Delivery]], Awaitable[Any]]:
        return self.runtime.subscriptions[0]._handler

    def _delivery(self, product_no: str, shop_key: str, reason: Any, traceparent: str | None = None) -> Delivery:
        body = PushRequested(shop_key=shop_key, product_no=product_no, reason=reason)
        event = new_event(body, source="/test", id=str(uuid4()), time=NOW, traceparent=traceparent)
        return Delivery("t", 0, next(_OFFSETS), NOW, event.key(), event.to_bytes(), (), PUSH_COMMANDS, event)

    async def push(self, *product_nos: str, **kwargs: Any) -> None:
        """Command and wait until no job is due and none runs."""
        await self.command(*product_nos, **kwargs)
        await self.quiet()

    async def quiet(self) -> None:
        async def nothing_due() -> bool:
            now = self.clock()
            query = {"$or": [{"due_at": {"$lte": now + timedelta(milliseconds=500)}}, {"owner": {"$ne": ""}}]}
            return await self.database["push_jobs"].count_documents(query) == 0

        await eventually(nothing_due, what="no job due")

    async def job(self, subject: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self.database["push_jobs"].find_one({"_id": subject})
        return found

    async def listing(self, subject: str = "demo/A-100") -> dict[str, Any]:
        found: dict[str, Any] = await self.database["listings"].find_one({"_id": subject})
        return found


@pytest.fixture
def publisher_settings() -> dict[str, Any]:
    """Overridden by tests that need other settings."""
    return {}


@pytest.fixture
def sandbox_settings() -> Settings:
    return Settings(review_seconds=None, requests_per_second=None, oldest_timestamp_seconds=10**9)


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    mongo_uri: str, mongo_database: str, publisher_settings: dict[str, Any], sandbox_settings: Settings
) -> AsyncIterator[World]:
    clock = Clock()
    sandbox = TikTokSandbox(shops=("demo", "other"), settings=sandbox_settings, clock=lambda: clock().timestamp())
    images = ImageServer("")
    files = Starlette(routes=[Route("/{name:path}", images.serve)])
    async with running(sandbox.app) as tiktok_url, running(files) as images.url:
        common = CommonSettings(
            kafka_bootstrap_servers="127.0.0.1:1", mongo_uri=mongo_uri, mongo_database=mongo_database
        )
        runtime = Runtime("publisher", common, clock=clock)
        producer = FakeProducer()
        runtime.events = EventPublisher(producer, service="publisher", prefix="shopsync", clock=clock)  # type: ignore[arg-type]
        settings = {
            "tiktok_api_url": tiktok_url,
            "tiktok_auth_url": tiktok_url,
            "tiktok_consent_url": f"{tiktok_url}/open/authorize",
            "tiktok_service_id": sandbox.identity.service_id,
            "tiktok_app_key": sandbox.identity.app_key,
            "tiktok_app_secret": sandbox.identity.app_secret,
            "token_key": Fernet.generate_key().decode(),
            "requests_per_second": 1000.0,
            "poll_interval": timedelta(milliseconds=50),
            "retry_first": timedelta(milliseconds=20),
            "settings_grace": timedelta(milliseconds=500),
            "search_lag": timedelta(milliseconds=100),
            "image_allow_private": True,
            **publisher_settings,
        }
        build(runtime, PublisherSettings(**settings))
        for hook in runtime.start_hooks:
            await hook()
        async with running(Starlette(routes=runtime.routes)) as url, httpx.AsyncClient(base_url=url) as http:
            sandbox.settings.webhook_url = f"{url}/webhooks/tiktok"
            sandbox.settings.redirect_url = f"{url}/oauth/tiktok/callback"
            for task in runtime.tasks:
                task.start()
            try:
                yield World(runtime, sandbox, clock, producer, images, http, url, tiktok_url)
            finally:
                await asyncio.gather(*(task.stop() for task in runtime.tasks))
                for hook in reversed(runtime.stop_hooks):
                    await hook()
                await runtime.mongo.close()


@pytest_asyncio.fixture(loop_scope="session")
async def demo(world: World) -> World:
    """The world with settings and authorisation for the shop `demo`."""
    await world.settings_for("demo", "other")
    response = await world.authorise()
    assert response.status_code == 200, response.text
    return world


@pytest.fixture
def now() -> datetime:
    return NOW
