"""A TikTok Shop and the publishers, each a process of its own."""

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from shopsync_rehearsals.bench import profiled
from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_testkit.children import Child
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess, start_announced

_HTTP_SECONDS = 30.0


@dataclass(slots=True)
class Stack:
    """A running system. `tiktok` is the sandbox's ready line."""

    installation: Installation
    tiktok: dict[str, Any]
    tiktok_pid: int
    publishers: list[ServiceProcess]

    def control(self) -> httpx.AsyncClient:
        """A client for the sandbox's control API."""
        return httpx.AsyncClient(base_url=f"{self.tiktok['url']}/_sandbox", timeout=_HTTP_SECONDS, trust_env=False)

    def browser(self) -> httpx.AsyncClient:
        """A merchant's browser, for `authorise`."""
        return httpx.AsyncClient(timeout=_HTTP_SECONDS, trust_env=False)

    async def authorise(self, shop_key: str, browser: httpx.AsyncClient, *, patience: float = 30.0) -> None:
        """Give the merchant's consent for one shop: publisher, consent page, publisher. Raises RuntimeError."""
        publisher = self.publishers[0]
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            start = await browser.get(f"{publisher.url}/oauth/tiktok/start", params={"shop_key": shop_key})
            answer = start
            if start.next_request is not None:
                page = start.next_request.url.copy_merge_params({"shop": shop_key})
                answer = await browser.get(page, follow_redirects=True)
            if answer.status_code == httpx.codes.OK:
                return
            if asyncio.get_running_loop().time() > deadline:
                text = answer.text[:300]
                raise RuntimeError(f"TikTok authorisation of {shop_key} failed: {answer.status_code} {text}")
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running_on(installation: Installation, plan: Plan, folder: Path) -> AsyncIterator[Stack]:
    """Start it, topics included, on a Kafka and a MongoDB that are already running; stop it at the end of the block."""
    ports = [free_port() for _ in range(plan.replicas)]
    common = {**installation.settings(), "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "10s"}
    async with contextlib.AsyncExitStack() as resources:
        (child, tiktok), _ = await asyncio.gather(_tiktok(plan, folder, ports[0]), apply_topics(common, folder))
        resources.push_async_callback(child.terminate, 5.0)
        token_key = base64.urlsafe_b64encode(os.urandom(32)).decode()
        settings = {**common, **_publisher_settings(plan, tiktok, token_key)}
        publishers = [_publisher(settings, folder, number, port, plan.profiles) for number, port in enumerate(ports)]
        stack = Stack(installation, tiktok, child.pid, publishers)
        resources.push_async_callback(_stop, publishers)
        await asyncio.gather(*(publisher.start() for publisher in publishers))
        yield stack


async def _stop(publishers: list[ServiceProcess]) -> None:
    await asyncio.gather(*(publisher.terminate() for publisher in publishers if publisher.running))


async def _tiktok(plan: Plan, folder: Path, publisher_port: int) -> tuple[Child, dict[str, Any]]:
    publisher = f"http://127.0.0.1:{publisher_port}"
    command = [sys.executable, "-m", "shopsync_sandbox", "tiktok", "--seed", str(plan.seed)]
    for shop in plan.shop_keys:
        command += ["--shop", shop]
    command += ["--webhook-url", f"{publisher}/webhooks/tiktok", "--review-seconds", str(plan.review_seconds)]
    command += ["--redirect-url", f"{publisher}/oauth/tiktok/callback"]
    command += ["--requests-per-second", "0", "--shop-requests-per-second", str(plan.rate)]
    command += ["--latency", str(plan.latency)]
    return await start_announced("tiktok", command, log=folder / "tiktok.log")


def _publisher_settings(plan: Plan, tiktok: Mapping[str, Any], token_key: str) -> dict[str, str]:
    return {
        "PUBLISHER_TIKTOK_API_URL": tiktok["url"],
        "PUBLISHER_TIKTOK_AUTH_URL": tiktok["url"],
        "PUBLISHER_TIKTOK_CONSENT_URL": f"{tiktok['url']}/open/authorize",
        "PUBLISHER_TIKTOK_APP_KEY": tiktok["app_key"],
        "PUBLISHER_TIKTOK_APP_SECRET": tiktok["app_secret"],
        "PUBLISHER_TIKTOK_SERVICE_ID": tiktok["service_id"],
        "PUBLISHER_TOKEN_KEY": token_key,
        "PUBLISHER_SEARCH_LAG": "2s",  # the sandbox's search shows products at once
        "PUBLISHER_IMAGE_ALLOW_PRIVATE": "true",
        "PUBLISHER_REQUESTS_PER_SECOND": str(plan.rate),
        # A killed publisher misses webhooks and leaves its jobs leased: the run does not wait minutes for either.
        "PUBLISHER_REVIEW_POLL_INTERVAL": "10s",
        "PUBLISHER_JOB_LEASE": "30s" if plan.kill_every is None else "6s",
    }


def _publisher(
    settings: Mapping[str, str], folder: Path, number: int, port: int, profiles: str | None
) -> ServiceProcess:
    module, name = "publisher", f"publisher-{number}"
    env = {**settings, "SHOPSYNC_INSTANCE_ID": name}
    if profiles is not None:
        module, env = profiled.MODULE, {**env, **profiled.environment("publisher", profiles)}
    return ServiceProcess(module, env=env, folder=folder, name=name, http_port=port)
