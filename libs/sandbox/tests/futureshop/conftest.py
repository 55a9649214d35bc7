from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shopsync_sandbox.futureshop import FutureshopSandbox

Json = dict
ORIGIN = "http://futureshop.test"
PRODUCTS = "/admin-api/v1/products"


@dataclass
class Client:
    """A client with one token and one shop, which follows nextUrl."""

    http: httpx.AsyncClient
    shop_key: str
    headers: dict[str, str]

    async def get(self, url: str, **params: Any) -> httpx.Response:
        return await self.http.get(url, params=params or None, headers=self.headers)

    async def numbers(self, path: str = PRODUCTS, between: Callable[[], object] = lambda: None, **params) -> list[str]:
        """Every product number of a listing; `between` is called after each page."""
        found, url = [], str(httpx.URL(path).copy_merge_params(params))
        while url:
            body = (await self.get(url)).raise_for_status().json()
            assert body["status"] == "success"
            found += [product["productNo"] for product in body["productList"]]
            url = body.get("nextUrl")
            between()
        return found


@pytest.fixture
def sandbox() -> FutureshopSandbox:
    return FutureshopSandbox(["demo:600"], requests_per_second=0)


@pytest.fixture
def connect() -> Callable[..., Awaitable[Client]]:
    async def open_client(sandbox: FutureshopSandbox, shop_key: str = "demo") -> Client:
        http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox.app), base_url=ORIGIN)
        known = sandbox.credentials(shop_key)
        reply = await http.post(
            "/oauth/token",
            auth=(known.client_id, known.client_secret),
            headers={"X-SHOP-KEY": shop_key},
            data={"grant_type": "client_credentials"},
        )
        token = reply.raise_for_status().json()["access_token"]
        return Client(http, shop_key, {"Authorization": f"Bearer {token}", "X-SHOP-KEY": shop_key})

    return open_client


@pytest.fixture
async def client(sandbox, connect) -> AsyncIterator[Client]:
    opened = await connect(sandbox)
    sandbox.journal.reset()
    yield opened
    await opened.http.aclose()
