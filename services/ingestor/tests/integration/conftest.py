from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from ingestor.app import build
from ingestor.settings import IngestorSettings
from shopsync_contracts import Event
from shopsync_contracts.events import ImportCommandMode, ImportProgress, ImportRequested
from shopsync_contracts.topics import IMPORT_COMMANDS, PRODUCT_CHANGES, REPORTS
from shopsync_runtime import Runtime
from shopsync_runtime.testing import ServiceWorld, running, service_place
from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.serving import running as serving
from shopsync_testkit.polling import eventually


@dataclass(kw_only=True)
class World(ServiceWorld):
    """A served futureshop, and an ingestor on demand."""

    SERVICE = "ingestor"

    sandbox: FutureshopSandbox
    shops_file: Path

    def service_settings(self) -> dict[str, Any]:
        fast = {"requests_per_second": 500, "first_wait": "10ms", "attempts": 2, "page_size": 100}
        return {**fast, "settings_grace": "300ms", "poll": "100ms", **self.settings} | {"shops_file": self.shops_file}

    @asynccontextmanager
    async def ingestor(self, instance_id: str | None = None) -> AsyncIterator[Runtime]:
        """An ingestor in this process."""
        runtime = Runtime("ingestor", self.common.model_copy(update={"instance_id": instance_id}))
        build(runtime, IngestorSettings(**self.service_settings()))
        async with running(runtime):
            yield runtime

    async def command(self, mode: ImportCommandMode, *, event_id: str, shop_key: str = "demo", **more: Any) -> str:
        await self.say(IMPORT_COMMANDS, ImportRequested(shop_key=shop_key, mode=mode, **more), event_id)
        return event_id

    async def changes(self, kind: str, request_id: str | None = None) -> list[Event[Any]]:
        """product.changed or product.removed events, of one import when its request is named."""
        events = [event for event in await self.events(PRODUCT_CHANGES) if kind == event.data.TYPE]
        if request_id is None:
            return events
        report = await self.report(request_id)
        return [
            event
            for event in events
            if (event.data.import_id if kind == "product.changed" else event.data.enumeration.id) == report.import_id
        ]

    async def report(self, request_id: str, within: float = 120) -> Any:
        """The one report of a request."""

        async def look() -> Any:
            reports = [event.data for event in await self.events(REPORTS)]
            found = [one for one in reports if one.request_id == request_id and not isinstance(one, ImportProgress)]
            return found[0] if found else None

        return await eventually(look, timeout=within, interval=0.1, what=f"the report of {request_id}")

    async def imported(self, mode: ImportCommandMode, event_id: str, **more: Any) -> Any:
        """The report of a new import, once the import is over: its checkpoint is moved after the report."""
        report = await self.report(await self.command(mode, event_id=event_id, **more))
        await self.finished(event_id)
        return report

    async def finished(self, request_id: str) -> None:
        """Wait until nothing of the import is left to do."""
        imports = self.database["imports"]
        await eventually(
            lambda: imports.find_one({"request_id": request_id, "finished": True}),
            interval=0.05,
            what=f"the end of {request_id}",
        )


@pytest.fixture
def sandbox() -> FutureshopSandbox:
    return FutureshopSandbox(["demo:450", "other:60"], requests_per_second=0)


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    sandbox, tmp_path, kafka_bootstrap, topic_prefix, mongo_uri, mongo_database, mongo_client
) -> AsyncIterator[World]:
    place = service_place(kafka_bootstrap, topic_prefix, mongo_uri, mongo_client[mongo_database])
    async with place as parts, serving(sandbox.app) as url:
        shops_file = tmp_path / "shops.yaml"
        shops_file.write_text(yaml.safe_dump(sandbox.connections(url)), encoding="utf-8")
        yield World(**parts, sandbox=sandbox, shops_file=shops_file)
