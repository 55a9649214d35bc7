"""A console with large shops, each a process of its own; the catalogue is there while the shops are made."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from shopsync_rehearsals.bench.console.filling import fill, shop_named, take_in
from shopsync_rehearsals.bench.console.plan import Plan
from shopsync_rehearsals.bus import connected
from shopsync_rehearsals.installation import Installation, apply_topics
from shopsync_rehearsals.progress import Progress
from shopsync_testkit.ports import free_port
from shopsync_testkit.processes import ServiceProcess

_TEMPLATES = 500
_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Stack:
    """What runs. `origin`: the address that forms name; `password`: of every account."""

    installation: Installation
    consoles: tuple[ServiceProcess, ...]
    origin: str
    password: str


@contextlib.asynccontextmanager
async def running_on(
    installation: Installation, plan: Plan, folder: Path, progress: Progress = lambda *_: None
) -> AsyncIterator[Stack]:
    """Fill the shops and start the consoles, on a Kafka and a MongoDB that are already running."""
    settings, password = installation.settings(), secrets.token_urlsafe(12)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(installation.mongo_uri, tz_aware=True) as client:
        if plan.cache and installation.server_pids.get("MongoDB") is not None:
            size = f"cache_size={plan.cache}G"
            await client.admin.command({"setParameter": 1, "wiredTigerEngineRuntimeConfig": size})
        await apply_topics(settings, folder)
        database: AsyncDatabase[dict[str, Any]] = client[installation.database]
        await _fill(installation, database, plan, folder, progress)
        await _let_in(database, plan, password)
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    own = {"CONSOLE_PUBLIC_URL": origin, "CONSOLE_PUBLISHER_URL": _NOBODY}
    first = ServiceProcess("console", env={**settings, **own}, folder=folder, http_port=port)
    others = [first.replica(f"console-{number}", env={}) for number in range(1, plan.replicas)]
    async with contextlib.AsyncExitStack() as resources:
        for one in (first, *others):
            await resources.enter_async_context(one)
        yield Stack(installation, (first, *others), origin, password)


async def _fill(
    installation: Installation, database: AsyncDatabase[Any], plan: Plan, folder: Path, progress: Progress
) -> None:
    shops, all_products = [shop_named(number) for number in range(plan.shops)], plan.shops * plan.products
    async with (
        ServiceProcess("catalog", env=installation.settings(), folder=folder),
        connected(installation.kafka_bootstrap, installation.topic_prefix) as (bus, _),
    ):
        templates = await take_in(bus, database, shops[0], min(_TEMPLATES, plan.products), plan.seed)
    settings = await database["shops"].find_one({"_id": shops[0]}) or {}
    for shop in shops[1:]:
        await database["shops"].insert_one({**settings, "_id": shop})
    await fill(database, templates, shops, plan.products, lambda done: progress("products", done, all_products))
    # All of it on disk now: MongoDB's next checkpoint would stop everything for seconds in the middle of a stage.
    await database.client.admin.command("fsync")


async def _let_in(database: AsyncDatabase[Any], plan: Plan, password: str) -> None:
    """A consent and an account for every shop."""
    from shopsync_accounts import Accounts  # noqa: PLC0415 - the sandbox's image keeps no benchmark of the console

    now, accounts = datetime.now(UTC), Accounts(database)
    for number in range(plan.shops):
        shop = shop_named(number)
        consent = {"seller_name": shop, "ended": None, "blocked": None, "authorized_at": now}
        await database["authorization_states"].insert_one(
            {"_id": shop, "tiktok_shop_id": f"7-{shop}", "refresh_expires_at": now + timedelta(days=300), **consent}
        )
        await accounts.set_password(await accounts.create(shop, email_of(number), now), password, now)


def email_of(number: int) -> str:
    """Of the shop's account."""
    return f"{shop_named(number)}@example.jp"
