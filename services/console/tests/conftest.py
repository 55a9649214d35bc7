"""The console over HTTP without a browser, on a real MongoDB and Kafka."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
import pytest_asyncio
from fake_publisher import FakePublisher

from console.app import build
from console.settings import ConsoleSettings
from console.store import Sessions
from console.web import csrf
from shopsync_runtime.http_server import make_http_app
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.testing import ServiceWorld, running, service_place
from shopsync_sandbox.serving import running as serving

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ORIGIN = "http://127.0.0.1:8085"


@dataclass(kw_only=True)
class World(ServiceWorld):
    """`client` is logged in as the merchant of "demo"; `stranger` is not logged in.

    `publisher` stands for the publisher's internal API.
    """

    SERVICE: ClassVar[str] = "console"
    now: datetime = NOW
    publisher: FakePublisher
    runtime: Runtime = field(init=False)
    client: httpx.AsyncClient = field(init=False)
    stranger: httpx.AsyncClient = field(init=False)

    def clock(self) -> datetime:
        return self.now

    async def log_in(self, shop_key: str) -> httpx.AsyncClient:
        """A browser with a session of this shop, which has an account."""
        account = {"email": f"{shop_key}@example.jp", "created_at": self.now}
        await self.database["accounts"].update_one({"_id": shop_key}, {"$setOnInsert": account}, upsert=True)
        session = await self.sessions.begin(shop_key, f"{shop_key}@example.jp")
        browser = self.browser()
        browser.cookies.set("console_session", session.token, domain="127.0.0.1")
        return browser

    @property
    def sessions(self) -> Sessions:
        """As the console has them."""
        hours = {"idle": timedelta(hours=12), "lifetime": timedelta(days=7)}
        return Sessions(self.database, clock=self.clock, **hours)

    def browser(self, *, address: str = "127.0.0.1", runtime: Runtime | None = None) -> httpx.AsyncClient:
        """Not logged in. `runtime`: of a console other than the world's."""
        at = runtime or self.runtime
        app = make_http_app(livez=at.livez, readyz=at.readyz, routes=at.routes, is_started=lambda: True)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 50_000)), base_url=ORIGIN)

    async def post(
        self, browser: httpx.AsyncClient, path: str, headers: Mapping[str, str] | None = None, **fields: str | list[str]
    ) -> httpx.Response:
        """Send a form as the session's own page would, and open the page that answers it, if it is one."""
        answer = await self.submit(browser, path, headers, **fields)
        address = answer.headers.get("location", "")
        return await browser.get(address) if "?draft=" in address else answer

    async def submit(
        self, browser: httpx.AsyncClient, path: str, headers: Mapping[str, str] | None = None, **fields: str | list[str]
    ) -> httpx.Response:
        """Only send it."""
        cookie = browser.cookies.get("console_session") or browser.cookies.get("console_visit") or ""
        form = {csrf.FIELD: csrf.token_of(cookie), **fields}
        return await browser.post(path, data=form, headers={"origin": ORIGIN, **(headers or {})})


def consent_of(shop_key: str, **differs: Any) -> dict[str, Any]:
    """The publisher's record of an authorisation, without its secrets."""
    return {
        "_id": shop_key,
        "tiktok_shop_id": f"7000-{shop_key}",
        "seller_name": f"{shop_key}の店",
        "ended": None,
        "blocked": None,
        "authorized_at": NOW - timedelta(days=30),
        "refresh_expires_at": NOW + timedelta(days=335),
        **differs,
    }


@pytest.fixture
def settings() -> dict[str, Any]:
    """What differs from the settings' defaults; overridden where a test needs it."""
    return {}


@pytest_asyncio.fixture
async def world(
    kafka_bootstrap, topic_prefix, mongo_uri, mongo_client, mongo_database, settings
) -> AsyncIterator[World]:
    publisher = FakePublisher()
    async with (
        service_place(kafka_bootstrap, topic_prefix, mongo_uri, mongo_client[mongo_database]) as place,
        serving(publisher.app) as url,
    ):
        world = World(**place, publisher=publisher)
        # Both are authorised: the list is not shown before (LS-1).
        await world.database["authorization_states"].insert_many([consent_of(shop) for shop in ("demo", "other")])
        world.settings = {"publisher_url": url, "publisher_token": publisher.token, **settings}
        world.runtime = Runtime("console", world.common, clock=world.clock)
        build(world.runtime, ConsoleSettings(**world.service_settings()))
        async with running(world.runtime):
            # The server would remove sessions by its own clock, for which those of the tests ended long ago.
            await world.database["sessions"].drop_index("expires_at_1")
            world.client, world.stranger = await world.log_in("demo"), world.browser()
            yield world
