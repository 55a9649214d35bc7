"""The four services in this process, each by its composition root, on the month's clock and the session's Kafka."""

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from starlette.applications import Starlette

import catalog.app
import catalog.settings
import ingestor.app
import ingestor.settings
import janitor.app
import janitor.settings
import publisher.app
import publisher.settings
from shopsync_contracts import TOPICS
from shopsync_rehearsals.month.idle import watching
from shopsync_rehearsals.month.run import Month
from shopsync_rehearsals.month.world import SHRINK_PERCENT, SHRINK_PRODUCTS, World, surroundings
from shopsync_runtime import CommonSettings, Runtime
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.lifecycle import start, stop
from shopsync_sandbox.serving import running

POLL = "250ms"
"""Between looks for what no message announces; what is announced is taken up at once."""


@dataclass
class InProcess:
    """The services of one month."""

    runtimes: dict[str, Runtime]
    publisher_url: str = ""

    @property
    def groups(self) -> dict[str, list[str]]:
        subscriptions = [each for runtime in self.runtimes.values() for each in runtime.subscriptions]
        return {each.group: list(each.topics) for each in subscriptions}

    async def trigger_night(self) -> None:
        """The janitor's clock sleeps for up to half a minute: started again, it checks at once."""
        [nightly] = [task for task in self.runtimes["janitor"].tasks if task.name == "nightly"]
        await nightly.stop()
        nightly.start()


def _settings(world: World, shops_file: Any) -> dict[str, Any]:
    tiktok = world.tiktok.identity
    return {
        "ingestor": ingestor.settings.IngestorSettings(
            shops_file=shops_file,
            requests_per_second=1000,
            attempts=2,
            first_wait="1ms",
            poll=POLL,
            shrink_limit_products=SHRINK_PRODUCTS,
            shrink_limit_percent=SHRINK_PERCENT,
        ),
        "catalog": catalog.settings.CatalogSettings(schedule_tick="1s", held_check_interval="1s"),
        "publisher": publisher.settings.PublisherSettings(
            tiktok_api_url=world.tiktok_url,
            tiktok_auth_url=world.tiktok_url,
            tiktok_consent_url=f"{world.tiktok_url}/open/authorize",
            tiktok_app_key=tiktok.app_key,
            tiktok_app_secret=tiktok.app_secret,
            token_key=Fernet.generate_key().decode(),
            requests_per_second=1000.0,
            poll_interval="100ms",
            retry_first="20ms",
            search_lag="5s",  # the sandbox shows a write at once
            image_allow_private=True,
        ),
        "janitor": janitor.settings.JanitorSettings(poll="50ms"),
    }


@asynccontextmanager
async def in_process(world: World, common: CommonSettings, shops_file: Any) -> AsyncIterator[InProcess]:
    """Started when the block begins, drained and stopped when it ends."""
    builds: dict[str, Callable[[Runtime, Any], object]] = {
        "ingestor": ingestor.app.build,
        "catalog": catalog.app.build,
        "publisher": publisher.app.build,
        "janitor": janitor.app.build,
    }
    settings = _settings(world, world.write_shops_file(shops_file))
    services = InProcess({name: Runtime(name, common, clock=world.clock) for name in builds})
    for name, runtime in services.runtimes.items():
        builds[name](runtime, settings[name])
    async with contextlib.AsyncExitStack() as resources:
        for runtime in services.runtimes.values():
            resources.push_async_callback(stop, runtime, None)
            await start(runtime)
        publisher_app = Starlette(routes=services.runtimes["publisher"].routes)
        services.publisher_url = await resources.enter_async_context(running(publisher_app))
        world.tiktok.settings.webhook_url = f"{services.publisher_url}/webhooks/tiktok"
        world.tiktok.settings.redirect_url = f"{services.publisher_url}/oauth/tiktok/callback"
        yield services


@pytest.fixture
async def month(kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, mongo_client, tmp_path, quiet_logs):
    """`async with month(seed) as one: await one.run()`."""

    @asynccontextmanager
    async def begin(seed: int) -> AsyncIterator[Month]:
        await apply_topics(
            KafkaConnection(kafka_bootstrap), topic_prefix, [replace(spec, partitions=3) for spec in TOPICS]
        )
        common = CommonSettings(
            kafka_bootstrap_servers=kafka_bootstrap,
            mongo_uri=mongo_uri,
            mongo_database=mongo_database,
            topic_prefix=topic_prefix,
            shutdown_grace=timedelta(seconds=10),
        )
        database = mongo_client[mongo_database]
        place = {"bootstrap_servers": kafka_bootstrap, "prefix": topic_prefix, "database": database}
        async with (
            surroundings(seed=seed, **place) as world,
            in_process(world, common, tmp_path / "shops.yaml") as services,
            watching(world, services.groups) as idle,
        ):
            yield Month(seed, world, services, idle)

    return begin
