import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import KafkaError

from catalog.store.held_messages import message_of
from catalog.sync_scheduler import SyncScheduler
from shopsync_contracts.events import ShopSettingsChanged, SyncSettings
from shopsync_contracts.topics import IMPORT_COMMANDS, SYNC_COMMANDS
from shopsync_runtime import Leases
from shopsync_testkit.pytest_plugin import eventually

NIGHT = datetime(2026, 11, 22, 18, 0, 30, tzinfo=UTC)  # 03:00:30 in Tokyo


@pytest.fixture
def look(replica, database):
    """`await look(now)`: one turn of the clock, as if it were `now`."""
    leases = Leases(database, "catalog")

    async def turn(now):
        scheduler = SyncScheduler(
            replica.shops,
            replica.events,
            leases,
            clock=lambda: now,
            tick=timedelta(seconds=1),
            catch_up=timedelta(hours=1),
        )
        async with leases.hold("schedule", timedelta(seconds=30)) as lease:
            assert lease is not None
            await scheduler.look(lease)

    return turn


@pytest.fixture
def save(replica, deliver):
    async def save(mode, set_at=NIGHT - timedelta(hours=2), **members):
        settings = ShopSettingsChanged(shop_key="demo", sync=SyncSettings(mode=mode, **members))
        await replica.shops.save(settings, set_at, message_of(deliver(settings)))

    return save


async def test_scenario_52_at_0300_a_sync_is_asked_for_once(replica, save, look):
    await save("scheduled", times=("03:00",))
    await look(NIGHT - timedelta(minutes=1))
    assert replica.events.published == []
    await look(NIGHT)
    await look(NIGHT + timedelta(seconds=5))
    [request] = replica.events.on(SYNC_COMMANDS)
    assert (request.shop_key, request.product_nos, request.reason) == ("demo", None, "scheduled")
    await look(NIGHT + timedelta(days=1))
    assert len(replica.events.on(SYNC_COMMANDS)) == 2


async def test_q2_auto_imports_and_then_syncs(replica, save, look):
    await save("auto", interval_minutes=30)
    await look(NIGHT)
    await look(NIGHT + timedelta(minutes=29))
    await look(NIGHT + timedelta(minutes=30))
    requests = replica.events.on(IMPORT_COMMANDS)
    assert [(one.mode, one.then_sync) for one in requests] == [("changed_only", True)] * 2
    assert len({event.id for _, event in replica.events.published}) == 2


async def test_scenario_48_manual_mode_starts_nothing(replica, save, look):
    await save("manual")
    await look(NIGHT)
    assert replica.events.published == []


async def test_a_command_that_did_not_get_out_is_repeated(replica, save, look):
    await save("scheduled", times=("03:00",))
    replica.events.fail = KafkaError("broker away")
    with pytest.raises(KafkaError):
        await look(NIGHT)
    await look(NIGHT)
    assert len(replica.events.on(SYNC_COMMANDS)) == 1


async def test_saving_the_settings_again_does_not_repeat_a_timing(replica, save, look):
    await save("scheduled", times=("03:00",))
    await look(NIGHT)
    await save("scheduled", times=("03:00", "15:00"))
    await look(NIGHT + timedelta(seconds=10))
    assert len(replica.events.on(SYNC_COMMANDS)) == 1


async def test_scenario_84_rb1_a_mode_that_becomes_auto_acts_at_the_next_timing(replica, save, look):
    await save("manual")
    await look(NIGHT)
    await save("auto", NIGHT, interval_minutes=60)
    await look(NIGHT)
    assert replica.events.published == []
    await look(NIGHT + timedelta(hours=1))
    [request] = replica.events.on(IMPORT_COMMANDS)
    assert (request.mode, request.then_sync) == ("changed_only", True)


async def test_rb1_each_timing_once_across_replicas(save, replica, database):
    await save("scheduled", times=("03:00",))
    looks = []

    def clock():
        looks.append(NIGHT)
        return NIGHT

    clocks = [
        SyncScheduler(
            replica.shops,
            replica.events,
            Leases(database, "catalog"),
            clock=clock,
            tick=timedelta(milliseconds=5),
            catch_up=timedelta(hours=1),
        )
        for _ in range(3)
    ]
    running = [asyncio.create_task(one.run()) for one in clocks]
    try:

        async def looked_often():
            return len(looks) >= 10

        await eventually(looked_often)
    finally:
        for task in running:
            task.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
    assert {type(one) for one in ended} == {asyncio.CancelledError}
    assert len(replica.events.on(SYNC_COMMANDS)) == 1
