"""Merchants with a session each, who open one page after the other."""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx

from shopsync_rehearsals.bench.catalogue.messages import numbered
from shopsync_rehearsals.bench.console.plan import Click, Kind

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
_FILTERS = (
    {"status": "incomplete"},
    {"status": "rejected"},
    {"sync": "on"},
    {"keyword": "の商品"},
    {"keyword": "商品", "status": "incomplete"},
)


class Merchant:
    """One browser. `url`: the replica of the console that it always comes to."""

    def __init__(self, client: httpx.AsyncClient, url: str, cookie: str, products: int, seed: str) -> None:
        self._client = client
        self._url = url
        self._headers = {"cookie": cookie}
        self._products = products
        self._rng = random.Random(seed)  # noqa: S311 - a repeatable benchmark, no secret

    async def click(self) -> Click:
        """Open some page."""
        kind = self._rng.choice(tuple(Kind))
        path, params, headers, is_right = self._page(kind)
        began = time.perf_counter()
        try:
            answer = await self._client.get(
                f"{self._url}{path}", params=params, headers={**self._headers, **headers}, follow_redirects=False
            )
        except httpx.TransportError as error:
            return Click(kind, time.perf_counter() - began, f"{path}: {error!r}")
        seconds = time.perf_counter() - began
        fault = "" if answer.status_code == 200 and is_right(answer.text) else f"{path}: {answer.status_code}"
        return Click(kind, seconds, fault)

    async def work(self, until: float, think: float) -> list[Click]:
        """Click until that moment. The pauses are half to one and a half times `think` seconds; 0: none."""
        clicks: list[Click] = []
        await asyncio.sleep(self._rng.uniform(0, think))
        while time.monotonic() < until:
            clicks.append(await self.click())
            if think:
                await asyncio.sleep(self._rng.uniform(0.5, 1.5) * think)
        return clicks

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Hold the stream of changes open, as an open page does."""
        task = asyncio.create_task(self._follow(), name="bench-stream")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self) -> None:
        async with self._client.stream("GET", f"{self._url}/stream", headers=self._headers, timeout=None) as answer:
            async for _ in answer.aiter_bytes():
                pass

    def _page(self, kind: Kind) -> tuple[str, dict[str, str], dict[str, str], Callable[[str], bool]]:
        """Address, parameters, headers, and what tells that it is the right page."""
        number = numbered(self._rng.randrange(self._products))
        if kind is Kind.DETAIL:
            return f"/products/{number}", {}, {"hx-request": "true"}, lambda text: number in text
        params = {} if kind is Kind.LIST else self._rng.choice(_FILTERS)
        # Mostly the first page, at times one further on.
        if not self._rng.randrange(3) and "keyword" not in params:
            params = {**params, "after": numbered(self._rng.randrange(self._products // 2))}
        return "/products", params, {}, lambda text: 'data-product="' in text


async def log_in(client: httpx.AsyncClient, url: str, origin: str, email: str, password: str) -> str:
    """The cookie of a new session. Raises RuntimeError when it is refused."""
    page = await client.get(f"{url}/login")
    token = _TOKEN.search(page.text)
    visit = page.cookies.get("console_visit")
    if token is None or visit is None:
        raise RuntimeError(f"the console shows no log-in: {page.status_code}")
    done = await client.post(
        f"{url}/login",
        data={"csrf": token[1], "email": email, "password": password},
        headers={"origin": origin, "cookie": f"console_visit={visit}"},
        follow_redirects=False,
    )
    session = done.cookies.get("console_session")
    client.cookies.clear()
    if session is None:
        raise RuntimeError(f"the log-in of {email} is refused: {done.status_code}")
    return f"console_session={session}"
