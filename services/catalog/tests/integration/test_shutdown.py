"""SIGTERM while a sync waits for what can never come in this process. By the order of events, not by a clock."""

from datetime import UTC, datetime

import pytest

from shopsync_contracts import parse
from shopsync_contracts.events import ShopSettingsChanged, SyncRequested
from shopsync_contracts.topics import REPORTS
from shopsync_testkit.pytest_plugin import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

# A grace that runs out ends with code 1: work was cut short.
_PATIENT = {
    "SHOPSYNC_SHUTDOWN_GRACE": "60s",
    "CATALOG_BARRIER_TIMEOUT": "1h",
    "CATALOG_SETTINGS_GRACE": "1h",
    "CATALOG_HELD_CHECK_INTERVAL": "1h",
}


@pytest.mark.parametrize("what", ["earlier messages", "the shop's settings"])
async def test_a_waiting_sync_is_handed_back_and_the_process_ends(new_world, new_process, new_story, what):
    process = new_process("leaving", **_PATIENT)
    async with new_world(process) as world:
        await process.start()
        if what == "earlier messages":
            await world.send(ShopSettingsChanged(shop_key="demo"))
            # It waits for its product, and nobody looks after it for an hour.
            edit = new_story(product_no="nowhere").edit(0, name="x")
            await world.send(edit.model_copy(update={"edited_at": datetime.now(UTC)}))

            async def held():
                return await world.database["held_messages"].count_documents({})

            await eventually(held)
        await world.send(SyncRequested(shop_key="demo"))

        async def waits():
            return any(line["event"] == f"sync waits for {what}" for line in process.log_lines())

        await eventually(waits)
        assert await process.terminate(grace=300) == 0
        async with new_process("next"):

            async def reported():
                return [parse(one.value).data for one in await world.records(REPORTS)]

            [report] = await eventually(reported)
        assert report.counts.requested == 0
