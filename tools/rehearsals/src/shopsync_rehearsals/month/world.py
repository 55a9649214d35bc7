"""What surrounds the services in the month: both sandboxes, the back office's side of Kafka, a view of MongoDB."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import yaml
from aiokafka import AIOKafkaProducer

from shopsync_contracts import ShopBody, new_event, topic_of
from shopsync_contracts.envelope import CONTENT_TYPE
from shopsync_rehearsals.month.clock import MonthClock, first_morning
from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox

SHOP = "month"
PAGE = 5
"""Products on one page of futureshop: few, so that a small shop has several pages and one of them can fail."""

SHRINK_PRODUCTS = 5
SHRINK_PERCENT = 30


class Services(Protocol):
    """The four services, wherever they run."""

    publisher_url: str

    @property
    def groups(self) -> dict[str, list[str]]:
        """Consumer group → full names of its topics."""

    async def trigger_night(self) -> None:
        """Make the janitor's clock check the time now."""


@dataclass
class World:
    """Everything around the services. `database` is theirs and is only read."""

    clock: MonthClock
    futureshop: FutureshopSandbox
    futureshop_url: str
    tiktok: TikTokSandbox
    tiktok_url: str
    producer: AIOKafkaProducer
    prefix: str
    database: Any
    bootstrap_servers: str
    _published: int = field(default=0)

    async def publish(self, bodies: Sequence[ShopBody]) -> None:
        """Publish like the tool and its operators. Returns when everything is acknowledged."""
        for body in bodies:
            self._published += 1
            event = new_event(body, source="/month/back-office", id=f"m-{self._published}", time=self.clock())
            topic = topic_of(type(body)).full_name(self.prefix)
            headers = [("content-type", CONTENT_TYPE.encode())]
            await self.producer.send_and_wait(topic, event.to_bytes(), key=event.key(), headers=headers)

    async def authorise(self, publisher_url: str) -> None:
        """Give the seller's consent, without the consent page."""
        code = self.tiktok.tokens.mint_code([SHOP]).value
        async with httpx.AsyncClient(base_url=publisher_url) as browser:
            answer = await browser.get("/oauth/tiktok/callback", params={"code": code, "state": SHOP})
            answer.raise_for_status()

    def write_shops_file(self, path: Path) -> Path:
        """Write the ingestor's shops file."""
        connections = self.futureshop.connections(self.futureshop_url)
        path.write_text(yaml.safe_dump(connections), encoding="utf-8")
        return path


@contextlib.asynccontextmanager
async def surroundings(*, seed: int, bootstrap_servers: str, prefix: str, database: Any) -> AsyncIterator[World]:
    """Serve both sandboxes on loopback, with the clock at the month's first morning."""
    clock = MonthClock(first_morning(datetime.now(UTC)))
    futureshop = FutureshopSandbox([f"{SHOP}:1"], seed=seed, requests_per_second=0)
    clock.follow(futureshop.clock.shift)
    futureshop.delete_some(1, shop_key=SHOP)
    futureshop.fail("short_page", keep=PAGE, times=None)
    # These are real seconds: a delivery that a busy machine did not answer in time is retried soon.
    settings = Settings(review_seconds=None, requests_per_second=None, webhook_retry_seconds=(0.5,) * 20)
    tiktok = TikTokSandbox(seed=f"month-{seed}", shops=(SHOP,), settings=settings, clock=clock.seconds)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    async with running(futureshop.app) as futureshop_url, running(tiktok.app) as tiktok_url:
        await producer.start()
        try:
            yield World(
                clock, futureshop, futureshop_url, tiktok, tiktok_url, producer, prefix, database, bootstrap_servers
            )
        finally:
            await producer.stop()
