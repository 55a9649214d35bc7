"""The whole system on this machine: Kafka, MongoDB, both sandboxes and the four services, each a process of its own."""

import asyncio
import base64
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from shopsync_rehearsals.reporting import Told, silently, telling
from shopsync_testkit import kafka, mongo
from shopsync_testkit.children import Child
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess, clean_environment, start_announced

SERVICES = ("ingestor", "catalog", "publisher", "janitor")
SHOP = "demo"


@dataclass(frozen=True, slots=True)
class Names:
    """Where this run lives on Kafka and MongoDB, so that several can share them."""

    topic_prefix: str = "shopsync"
    database: str = "shopsync"


@dataclass(slots=True)
class Stack:
    """Addresses and processes of a running system. `services` may be killed and restarted by name."""

    kafka_bootstrap: str
    mongo_uri: str
    names: Names
    folder: Path
    futureshop: dict[str, Any]
    tiktok: dict[str, Any]
    environment: dict[str, str]
    described: tuple[str, ...]
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    def sandbox(self, facts: Mapping[str, Any]) -> httpx.AsyncClient:
        """A client for the control API of one of the two sandboxes."""
        return httpx.AsyncClient(base_url=facts["url"], timeout=30.0, trust_env=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. Rates are requests per second of each sandbox; `review_seconds` is TikTok's reviewer."""

    products: int = 200
    seed: int = 7
    futureshop_rate: float = 10.0
    tiktok_rate: float = 200.0
    review_seconds: float = 1.0
    session_timeout_seconds: int = 10


@contextlib.asynccontextmanager
async def running(plan: Plan, folder: Path, *, tell: Told) -> AsyncIterator[Stack]:
    """Start everything on free loopback ports; stop everything, in reverse order, at the end of the block."""
    async with contextlib.AsyncExitStack() as resources:
        broker, server = await asyncio.gather(
            telling(tell, "starting Kafka", resources.enter_async_context(kafka.broker())),
            telling(tell, "starting MongoDB", resources.enter_async_context(mongo.server())),
        )
        tell(f"{broker.describe()}; {server.describe()}")
        stack = await resources.enter_async_context(
            system(
                plan,
                folder,
                kafka_bootstrap=broker.bootstrap_servers,
                mongo_uri=server.uri,
                described=(broker.describe(), server.describe()),
                tell=tell,
            )
        )
        yield stack


@contextlib.asynccontextmanager
async def system(
    plan: Plan,
    folder: Path,
    *,
    kafka_bootstrap: str,
    mongo_uri: str,
    names: Names | None = None,
    described: tuple[str, ...] = (),
    tell: Told = silently,
) -> AsyncIterator[Stack]:
    """Both sandboxes and the four services on a Kafka and a MongoDB that run already."""
    names = names or Names()
    publisher_port = free_port()
    children: list[Child] = []
    stack: Stack | None = None
    try:
        common = {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "SHOPSYNC_MONGO_URI": mongo_uri,
            "SHOPSYNC_MONGO_DATABASE": names.database,
            "SHOPSYNC_TOPIC_PREFIX": names.topic_prefix,
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": f"PT{plan.session_timeout_seconds}S",
        }
        futureshop, tiktok, _ = await asyncio.gather(
            telling(tell, "starting the sandbox futureshop", _futureshop(plan, folder, children)),
            telling(tell, "starting the sandbox TikTok Shop", _tiktok(plan, folder, publisher_port, children)),
            telling(tell, "creating the topics", apply_topics(common, folder)),
        )
        stack = Stack(
            kafka_bootstrap, mongo_uri, names, folder, futureshop, tiktok, common, described,
            _services(common, folder, futureshop, tiktok, publisher_port),
        )  # fmt: skip
        starts = (telling(tell, f"starting {name}", one.start()) for name, one in stack.services.items())
        await asyncio.gather(*starts)
        yield stack
    finally:
        if stack is not None:
            await asyncio.gather(*(s.terminate() for s in stack.services.values() if s.running))
        await asyncio.gather(*(child.terminate(5.0) for child in children))


def _services(
    common: Mapping[str, str], folder: Path, futureshop: dict[str, Any], tiktok: dict[str, Any], publisher_port: int
) -> dict[str, ServiceProcess]:
    own: dict[str, dict[str, str]] = {
        "ingestor": {
            "INGESTOR_SHOPS_FILE": str(_shops_file(folder, futureshop)),
            "INGESTOR_REQUESTS_PER_SECOND": "10",
        },
        "publisher": {
            "PUBLISHER_TIKTOK_API_URL": tiktok["url"],
            "PUBLISHER_TIKTOK_AUTH_URL": tiktok["url"],
            "PUBLISHER_TIKTOK_CONSENT_URL": f"{tiktok['url']}/open/authorize",
            "PUBLISHER_TIKTOK_APP_KEY": tiktok["app_key"],
            "PUBLISHER_TIKTOK_APP_SECRET": tiktok["app_secret"],
            "PUBLISHER_TIKTOK_SERVICE_ID": tiktok["service_id"],
            "PUBLISHER_TOKEN_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "PUBLISHER_SEARCH_LAG": "2s",  # the sandbox's search shows products at once
            "PUBLISHER_IMAGE_ALLOW_PRIVATE": "true",
            "PUBLISHER_REQUESTS_PER_SECOND": "200",
            "PUBLISHER_WORKERS_PER_SHOP": "16",
            # A killed publisher misses webhooks and leaves its jobs leased: the demo does not wait minutes for either.
            "PUBLISHER_REVIEW_POLL_INTERVAL": "5s",
            "PUBLISHER_JOB_LEASE": "10s",
        },
    }
    return {
        name: ServiceProcess(
            name,
            env={**common, "SHOPSYNC_INSTANCE_ID": f"{name}-0", **own.get(name, {})},
            folder=folder,
            http_port=publisher_port if name == "publisher" else None,
        )
        for name in SERVICES
    }


def _shops_file(folder: Path, futureshop: dict[str, Any]) -> Path:
    shops = {
        key: {
            "base_url": futureshop["url"],
            "client_id": shop["client_id"],
            "client_secret": shop["client_secret"],
        }
        for key, shop in futureshop["shops"].items()
    }
    path = folder / "shops.yaml"
    path.write_text(yaml.safe_dump(shops, allow_unicode=True), encoding="utf-8")
    path.chmod(0o600)
    return path


async def _futureshop(plan: Plan, folder: Path, children: list[Child]) -> dict[str, Any]:
    command = [sys.executable, "-m", "shopsync_sandbox", "futureshop", "--seed", str(plan.seed)]
    command += ["--shop", f"{SHOP}:{plan.products}", "--requests-per-second", str(plan.futureshop_rate)]
    child, facts = await start_announced("futureshop", command, log=folder / "futureshop.log")
    children.append(child)
    return facts


async def _tiktok(plan: Plan, folder: Path, publisher_port: int, children: list[Child]) -> dict[str, Any]:
    publisher = f"http://127.0.0.1:{publisher_port}"
    command = [sys.executable, "-m", "shopsync_sandbox", "tiktok", "--seed", str(plan.seed), "--shop", SHOP]
    command += ["--webhook-url", f"{publisher}/webhooks/tiktok", "--review-seconds", str(plan.review_seconds)]
    command += ["--redirect-url", f"{publisher}/oauth/tiktok/callback"]
    command += ["--requests-per-second", str(plan.tiktok_rate)]
    child, facts = await start_announced("tiktok", command, log=folder / "tiktok.log")
    children.append(child)
    return facts


async def apply_topics(common: Mapping[str, str], folder: Path) -> None:
    """`shopsync topics apply`, as an operator would. Raises RuntimeError with its output."""
    command = Path(sys.executable).with_name("shopsync")
    log = folder / "topics.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            command, "topics", "apply", env={**clean_environment(), **common}, stdout=output, stderr=output
        )
        if await process.wait() != 0:
            raise RuntimeError(f"`shopsync topics apply` failed:\n{log.read_text(encoding='utf-8')}")
