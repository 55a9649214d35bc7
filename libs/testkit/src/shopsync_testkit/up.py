"""The command `up`: everything the services need, in the foreground."""

import asyncio
import base64
import contextlib
import os
import secrets
import shlex
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.table import Table

from shopsync_testkit import kafka, mongo
from shopsync_testkit.foreground import hold, print_ready
from shopsync_testkit.processes import start_announced
from shopsync_testkit.scratch import new_folder, remove_folder


@dataclass(frozen=True)
class Parts:
    """A running Kafka, MongoDB, futureshop and TikTok Shop. `futureshop` and `tiktok` are their ready lines."""

    broker: kafka.Broker
    server: mongo.MongoServer
    futureshop: dict[str, Any]
    tiktok: dict[str, Any]
    shops_file: Path
    token_key: str
    publisher_url: str
    internal_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def environment(self) -> dict[str, str]:
        """The settings that services need to use these parts."""
        return {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": self.broker.bootstrap_servers,
            "SHOPSYNC_MONGO_URI": self.server.uri,
            "SHOPSYNC_SANDBOX": "true",
            "INGESTOR_SHOPS_FILE": str(self.shops_file),
            "PUBLISHER_TIKTOK_API_URL": self.tiktok["url"],
            "PUBLISHER_TIKTOK_AUTH_URL": self.tiktok["url"],
            "PUBLISHER_TIKTOK_CONSENT_URL": f"{self.tiktok['url']}/open/authorize",
            "PUBLISHER_TIKTOK_SERVICE_ID": self.tiktok["service_id"],
            "PUBLISHER_TIKTOK_APP_KEY": self.tiktok["app_key"],
            "PUBLISHER_TIKTOK_APP_SECRET": self.tiktok["app_secret"],
            "PUBLISHER_TOKEN_KEY": self.token_key,
            "PUBLISHER_SEARCH_LAG": "2s",  # the sandbox's search shows products at once
            "PUBLISHER_IMAGE_ALLOW_PRIVATE": "true",  # futureshop's images are on loopback
            "PUBLISHER_INTERNAL_TOKEN": self.internal_token,
            "PUBLISHER_CONSOLE_URL": "http://127.0.0.1:8085",
            "CONSOLE_PUBLISHER_URL": self.publisher_url,
            "CONSOLE_PUBLISHER_TOKEN": self.internal_token,
            "CONSOLE_IMAGE_ALLOW_PRIVATE": "true",
        }

    def addresses(self) -> dict[str, str]:
        """Where each part is, for people."""
        return {
            "Kafka": self.broker.describe(),
            "MongoDB": self.server.describe(),
            "futureshop": f"{self.futureshop['url']} (control: {self.futureshop['url']}/_sandbox/)",
            "TikTok Shop": f"{self.tiktok['url']} (control: {self.tiktok['url']}/_sandbox/)",
        }


@dataclass(frozen=True)
class Ports:
    """Loopback ports; None takes a free one."""

    kafka: int | None = None
    mongo: int | None = None
    futureshop: int | None = None
    tiktok: int | None = None


@contextlib.asynccontextmanager
async def running(ports: Ports, *, seed: int, publisher_url: str) -> AsyncIterator[Parts]:
    """All four parts while the block runs. TikTok Shop sends webhooks and consents to `publisher_url`."""
    callbacks = ["--webhook-url", f"{publisher_url}/webhooks/tiktok"]
    callbacks += ["--redirect-url", f"{publisher_url}/oauth/tiktok/callback"]
    folder = new_folder("up")
    async with contextlib.AsyncExitStack() as resources:
        resources.callback(remove_folder, folder)
        broker, server, futureshop, tiktok = await asyncio.gather(
            resources.enter_async_context(kafka.broker(port=ports.kafka)),
            resources.enter_async_context(mongo.server(port=ports.mongo)),
            resources.enter_async_context(_sandbox("futureshop", folder, ports.futureshop, seed, [])),
            resources.enter_async_context(_sandbox("tiktok", folder, ports.tiktok, seed, callbacks)),
        )
        shops_file = folder / "shops.yaml"
        await _write_shops_file(futureshop["url"], shops_file)
        yield Parts(broker, server, futureshop, tiktok, shops_file, _token_key(), publisher_url)


@contextlib.asynccontextmanager
async def _sandbox(
    name: str, folder: Path, port: int | None, seed: int, options: list[str]
) -> AsyncIterator[dict[str, Any]]:
    command = [sys.executable, "-m", "shopsync_sandbox", name, "--port", str(port or 0), "--seed", str(seed)]
    child, facts = await start_announced(name, [*command, *options], log=folder / f"{name}.log")
    try:
        yield facts
    finally:
        await child.terminate(5)


def _token_key() -> str:
    """A key for this run only, like the MongoDB that holds the tokens."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


async def _write_shops_file(url: str, path: Path) -> None:
    """Write the ingestor's shops file from futureshop's own answer. It is JSON, which is also YAML."""
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as client:
        answer = (await client.get("/_sandbox/connections")).raise_for_status()
    path.touch(mode=0o600)  # noqa: ASYNC240 - a local file of a few bytes; it holds client secrets
    path.write_bytes(answer.content)  # noqa: ASYNC240 - a local file of a few bytes


def up(
    *,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shop.")] = 7,
    kafka_port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = 0,
    mongo_port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = 0,
    futureshop_port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = 0,
    tiktok_port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = 0,
    publisher_url: Annotated[
        str, typer.Option(help="Where the publisher serves: webhooks and consents go there.")
    ] = "http://127.0.0.1:8083",
) -> None:
    """Run Kafka, MongoDB, a futureshop and a TikTok Shop on loopback until Ctrl-C.

    Prints their addresses, the lines to export for the services, and one JSON line with the same.
    """
    ports = Ports(kafka_port or None, mongo_port or None, futureshop_port or None, tiktok_port or None)
    hold(running(ports, seed=seed, publisher_url=publisher_url), _announce)


def _announce(parts: Parts) -> None:
    table = Table("part", "address")
    for name, address in parts.addresses().items():
        table.add_row(name, address)
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    for name, value in parts.environment().items():
        console.print(f"export {name}={shlex.quote(value)}", markup=False)
    print_ready(addresses=parts.addresses(), environment=parts.environment())
