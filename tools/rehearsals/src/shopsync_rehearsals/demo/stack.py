"""The whole system on this machine: Kafka, MongoDB, both sandboxes and the five services, each a process of its own."""

import asyncio
import base64
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from shopsync_rehearsals.installation import Installation, apply_topics, write_shops_file
from shopsync_rehearsals.reporting import Report, discard, reported
from shopsync_testkit import kafka, mongo
from shopsync_testkit.children import Child
from shopsync_testkit.fault_proxy import Route
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess, start_announced

SERVICES = ("ingestor", "catalog", "publisher", "janitor", "console")
SHOP = "demo"


@dataclass(slots=True)
class Stack:
    """Addresses and processes of a running system. `futureshop` and `tiktok` are the sandboxes' ready lines.

    `environment`: the settings that a command needs to work on this system. Services may be killed and restarted.
    """

    installation: Installation
    folder: Path
    futureshop: dict[str, Any]
    tiktok: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    def sandbox(self, facts: Mapping[str, Any]) -> httpx.AsyncClient:
        """A client for the control API of one of the two sandboxes."""
        return httpx.AsyncClient(base_url=facts["url"], timeout=30.0, trust_env=False)


@dataclass(frozen=True, slots=True)
class Links:
    """Ways from the services to the sandboxes that somebody else serves, such as a FaultProxy; None: directly."""

    futureshop: Route | None = None
    tiktok: Route | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start. Rates are requests per second of each sandbox; TikTok decides a review after `review_seconds`.

    `replicas`: of each service. The first one has the service's name, the others a number as well.
    `settings`: further variables of every service. `other_shops`: their number of products, by shop key.
    """

    products: int = 200
    other_shops: Mapping[str, int] = field(default_factory=dict)
    seed: int = 7
    futureshop_rate: float = 10.0
    tiktok_rate: float = 200.0
    review_seconds: float = 1.0
    session_timeout_seconds: int = 10
    replicas: int = 1
    links: Links = Links()
    settings: Mapping[str, str] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def running(plan: Plan, folder: Path, report: Report) -> AsyncIterator[Stack]:
    """Start everything on free loopback ports; stop everything, in reverse order, at the end of the block."""
    async with contextlib.AsyncExitStack() as resources:
        broker, server = await asyncio.gather(
            reported(report, "starting Kafka", resources.enter_async_context(kafka.broker())),
            reported(report, "starting MongoDB", resources.enter_async_context(mongo.server())),
        )
        report(f"{broker.describe()}; {server.describe()}")
        installation = Installation.on(broker, server)
        yield await resources.enter_async_context(running_on(installation, plan, folder, report))


@contextlib.asynccontextmanager
async def running_on(
    installation: Installation, plan: Plan, folder: Path, report: Report = discard
) -> AsyncIterator[Stack]:
    """Both sandboxes and the five services, on a Kafka and a MongoDB that are already running."""
    publisher_port = free_port()
    children: list[Child] = []
    stack: Stack | None = None
    try:
        settings = {
            **installation.settings(),
            "SHOPSYNC_KAFKA_SESSION_TIMEOUT": f"PT{plan.session_timeout_seconds}S",
            **plan.settings,
        }
        administrator = {**settings, **installation.own.get("topics", {})}
        futureshop, tiktok, _ = await asyncio.gather(
            reported(report, "starting the sandbox futureshop", _futureshop(plan, folder, children)),
            reported(report, "starting the sandbox TikTok Shop", _tiktok(plan, folder, publisher_port, children)),
            reported(report, "creating the topics", apply_topics(administrator, folder, installation.replication)),
        )
        stack = Stack(installation, folder, futureshop, tiktok, environment=settings)
        stack.services = _services(stack, plan, publisher_port)
        await asyncio.gather(
            *(reported(report, f"starting {name}", one.start()) for name, one in stack.services.items())
        )
        yield stack
    finally:
        if stack is not None:
            await asyncio.gather(*(s.terminate() for s in stack.services.values() if s.running))
        await asyncio.gather(*(child.terminate(5.0) for child in children))


def _services(stack: Stack, plan: Plan, publisher_port: int) -> dict[str, ServiceProcess]:
    futureshop = _through(stack.futureshop, plan.links.futureshop)
    own: dict[str, dict[str, str]] = {
        "ingestor": {
            "INGESTOR_SHOPS_FILE": str(write_shops_file(stack.folder, futureshop)),
            "INGESTOR_REQUESTS_PER_SECOND": "10",
        },
        "publisher": _publisher_settings(_through(stack.tiktok, plan.links.tiktok)),
    }
    given, services, token = stack.installation.own, {}, secrets.token_urlsafe(24)
    names = {f"{service}-{n}" if n else service: (service, n) for service in SERVICES for n in range(plan.replicas)}
    ports = {name: publisher_port if name == "publisher" else free_port() for name in names}
    own["publisher"] |= {"PUBLISHER_INTERNAL_TOKEN": token, "PUBLISHER_CONSOLE_URL": _loopback(ports["console"])}
    for name, (service, number) in names.items():
        if service == "console":
            own[service] = _console_settings(ports[name], publisher_port, token)
        services[name] = ServiceProcess(
            service,
            name=name,
            env={
                **stack.environment,
                "SHOPSYNC_INSTANCE_ID": f"{service}-{number}",
                **own.get(service, {}),
                **given.get(service, {}),
            },
            folder=stack.folder,
            http_port=ports[name],
        )
    return services


def _through(facts: Mapping[str, Any], route: Route | None) -> Mapping[str, Any]:
    """The ready line of a sandbox as seen by a service that reaches it another way."""
    return facts if route is None else {**facts, "url": _loopback(route.listen)}


def _port(route: Route | None) -> list[str]:
    return [] if route is None else ["--port", str(route.target)]


def _publisher_settings(tiktok: Mapping[str, Any]) -> dict[str, str]:
    return {
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
    }


def _loopback(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _console_settings(port: int, publisher_port: int, token: str) -> dict[str, str]:
    return {
        "CONSOLE_PUBLIC_URL": _loopback(port),
        "CONSOLE_PUBLISHER_URL": _loopback(publisher_port),
        "CONSOLE_PUBLISHER_TOKEN": token,
        "CONSOLE_IMAGE_ALLOW_PRIVATE": "true",
    }


async def _futureshop(plan: Plan, folder: Path, children: list[Child]) -> dict[str, Any]:
    command = [sys.executable, "-m", "shopsync_sandbox", "futureshop", "--seed", str(plan.seed)]
    command += ["--requests-per-second", str(plan.futureshop_rate)]
    for shop, products in {SHOP: plan.products, **plan.other_shops}.items():
        command += ["--shop", f"{shop}:{products}"]
    command += _port(plan.links.futureshop)
    child, facts = await start_announced("futureshop", command, log=folder / "futureshop.log")
    children.append(child)
    return facts


async def _tiktok(plan: Plan, folder: Path, publisher_port: int, children: list[Child]) -> dict[str, Any]:
    publisher = _loopback(publisher_port)
    command = [sys.executable, "-m", "shopsync_sandbox", "tiktok", "--seed", str(plan.seed)]
    for shop in (SHOP, *plan.other_shops):
        command += ["--shop", shop]
    command += ["--webhook-url", f"{publisher}/webhooks/tiktok", "--review-seconds", str(plan.review_seconds)]
    command += ["--redirect-url", f"{publisher}/oauth/tiktok/callback"]
    command += ["--requests-per-second", str(plan.tiktok_rate), *_port(plan.links.tiktok)]
    child, facts = await start_announced("tiktok", command, log=folder / "tiktok.log")
    children.append(child)
    return facts
