from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pydantic import SecretStr

from ingestor.futureshop.client import FutureshopClient, Policy
from ingestor.futureshop.shops import ShopAccess
from shopsync_sandbox.futureshop import FutureshopSandbox

ORIGIN = "http://futureshop.test"
FAST = Policy(requests_per_second=1000, attempts=4, first_wait=0.01, longest_wait=0.02, patience=5)


@pytest.fixture
def sandbox() -> FutureshopSandbox:
    """A shop of 600 products without a limit on the pace."""
    return FutureshopSandbox(["demo:600"], requests_per_second=0)


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., FutureshopClient]]:
    """`connect(sandbox)`: our client on the sandbox, in this process. `wrap` may stand between the two."""
    opened: list[httpx.AsyncClient] = []

    def make(
        sandbox: FutureshopSandbox,
        *,
        shop_key: str = "demo",
        policy: Policy = FAST,
        wrap: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda inner: inner,
        **changes: str,
    ) -> FutureshopClient:
        http = httpx.AsyncClient(transport=wrap(httpx.ASGITransport(sandbox.app)))
        opened.append(http)
        known = sandbox.credentials(shop_key)
        members = {"base_url": ORIGIN, "client_id": known.client_id, "client_secret": known.client_secret, **changes}
        access = ShopAccess(shop_key, members["base_url"], members["client_id"], SecretStr(members["client_secret"]))
        return FutureshopClient(access, http, policy)

    yield make
    for http in opened:
        await http.aclose()


@pytest.fixture
def numbers() -> Callable[..., object]:
    """`await numbers(client, search)`: every product number of a listing."""

    async def read(client, search, between=lambda: None):
        found, url = [], None
        while True:
            page = await client.page(search, url)
            found += [record["productNo"] for record in page.records]
            between()
            if page.next_url is None:
                return found
            url = page.next_url

    return read
