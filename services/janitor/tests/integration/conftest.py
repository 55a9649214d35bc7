from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from janitor.app import build
from janitor.ids import nightly_id
from janitor.settings import JanitorSettings
from shopsync_contracts import Event
from shopsync_contracts.events import (
    DeleteRequested,
    Enumeration,
    ImportCompleted,
    ImportCounts,
    ImportFailed,
    ImportRequested,
    SweepRequested,
)
from shopsync_contracts.topics import (
    DELETE_COMMANDS,
    IMPORT_COMMANDS,
    LISTING_EVENTS,
    PRODUCT_CHANGES,
    REPORTS,
    SWEEP_COMMANDS,
    TOOL_EDITS,
)
from shopsync_runtime import Delivery, Runtime, each
from shopsync_runtime.testing import ServiceWorld, running, service_place
from shopsync_testkit.polling import eventually

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Catalog:
    """Stands in for the catalog and the ingestor: obeys delete commands and answers enumerations, as a test says."""

    database: Any
    seen: list[DeleteRequested] = field(default_factory=list)
    reluctant: set[str] = field(default_factory=set)

    async def put(
        self, number: str, *, on: bool = False, removed_by: str | None = None, shop_key: str = "demo"
    ) -> None:
        """A product as the catalog keeps it, as far as the janitor looks."""
        await self.database["products"].replace_one(
            {"_id": f"{shop_key}/{number}"},
            {
                "shop_key": shop_key,
                "product_no": number,
                "sync_enabled": on,
                "status": "synced",
                "removed_upstream": removed_by and {"enumeration_id": removed_by, "at": NOW},
            },
            upsert=True,
        )

    async def numbers(self, shop_key: str = "demo") -> list[str]:
        found = self.database["products"].find({"shop_key": shop_key}, sort=[("_id", 1)])
        return [document["product_no"] async for document in found]

    async def handle(self, delivery: Delivery) -> None:
        command = delivery.event.data
        if not isinstance(command, DeleteRequested):
            return
        self.seen.append(command)
        key = command.subject
        found = await self.database["products"].find_one({"_id": key})
        still = found and not found["sync_enabled"] and found["removed_upstream"]
        if still and command.product_no not in self.reluctant:
            await self.database["tombstones"].replace_one({"_id": key}, {"sweep_id": command.sweep_id}, upsert=True)
            await self.database["products"].delete_one({"_id": key})


@dataclass(kw_only=True)
class World(ServiceWorld):
    """A janitor on demand, and who stands in for the catalog."""

    SERVICE = "janitor"

    catalog: Catalog

    def service_settings(self) -> dict[str, Any]:
        return {
            "poll": "50ms",
            "settings_grace": "300ms",
            "nightly_enabled": False,
            "nightly_spread": "1ms",
            "verdict_wait": "20s",
            **self.settings,
        }

    @asynccontextmanager
    async def janitor(
        self, instance_id: str | None = None, *, ahead: Callable[[], timedelta] = timedelta
    ) -> AsyncIterator[Runtime]:
        """A janitor in this process, whose clock is `ahead` of the true time."""
        common = self.common.model_copy(update={"instance_id": instance_id})
        runtime = Runtime("janitor", common, clock=lambda: datetime.now(UTC) + ahead())
        build(runtime, JanitorSettings(**self.service_settings()))
        async with running(runtime):
            yield runtime

    @asynccontextmanager
    async def catalog_running(self) -> AsyncIterator[None]:
        """The catalog's part: the same consumer group, the same topics."""
        runtime = Runtime("catalog", self.common)
        runtime.consume(
            "products", [PRODUCT_CHANGES, TOOL_EDITS, LISTING_EVENTS, DELETE_COMMANDS], each(self.catalog.handle)
        )
        async with running(runtime):
            yield

    async def sweep(self, event_id: str, shop_key: str = "demo", *, dry_run: bool = False) -> str:
        await self.say(SWEEP_COMMANDS, SweepRequested(shop_key=shop_key, dry_run=dry_run), event_id)
        return event_id

    async def nightly(self, slot: datetime, shop_key: str = "demo") -> str:
        """The clock's own request for the night that began at `slot`."""
        request_id = nightly_id(slot, shop_key)
        await self.say(SWEEP_COMMANDS, SweepRequested(shop_key=shop_key), request_id, time=slot)
        return request_id

    async def sweeps(self) -> list[dict[str, Any]]:
        return await self.database["sweeps"].find(sort=[("requested_at", 1)]).to_list()

    async def asked(self, count: int = 1) -> list[Event[ImportRequested]]:
        """The enumerations asked for, once there are so many."""

        async def look() -> Any:
            found = await self.events(IMPORT_COMMANDS)
            return found if len(found) >= count else None

        return await eventually(look, interval=0.1, what="the enumeration command")

    async def answer(self, command: Event[ImportRequested], enumeration_id: str = "e1", **changes: Any) -> None:
        """The ingestor's good report to an enumeration command."""
        now = datetime.now(UTC)
        proof = Enumeration(id=enumeration_id, started_at=now, completed_at=now, product_count=9)
        members = {
            "import_id": enumeration_id,
            "mode": "enumerate",
            "started_at": now,
            "completed_at": now,
            "duration_seconds": 0.0,
            "counts": ImportCounts(),
            "enumeration": proof,
            **changes,
        }
        report = ImportCompleted(shop_key=command.data.shop_key, request_id=command.id, **members)
        await self.say(REPORTS, report, f"report-{command.id}")

    async def answer_badly(self, command: Event[ImportRequested], code: str = "futureshop_unavailable") -> None:
        report = ImportFailed(
            shop_key=command.data.shop_key,
            request_id=command.id,
            mode="enumerate",
            started_at=NOW,
            failed_at=NOW,
            code=code,
            message="GET /admin-api/v1/products: HTTP 503",
        )
        await self.say(REPORTS, report, f"report-{command.id}")

    async def reports(self, request_id: str, within: float = 120) -> list[Any]:
        """All pages of a sweep's report."""

        async def look() -> Any:
            found = [event.data for event in await self.events(REPORTS) if event.data.TYPE == "sweep.completed"]
            mine = {page.page: page for page in found if page.request_id == request_id}
            return [mine[number] for number in sorted(mine)] if mine and len(mine) == mine[1].pages else None

        return await eventually(look, timeout=within, interval=0.1, what=f"the report of {request_id}")


@pytest_asyncio.fixture(loop_scope="session")
async def world(kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, mongo_client) -> AsyncIterator[World]:
    async with service_place(kafka_bootstrap, topic_prefix, mongo_uri, mongo_client[mongo_database]) as parts:
        yield World(**parts, catalog=Catalog(parts["database"]))
