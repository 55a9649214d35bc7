"""INGESTOR_IMPORT_CRON: every shop of ours, once per slot for all replicas."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from ingestor.importing.import_schedule import CronTimes, ImportSchedule
from ingestor.settings import IngestorSettings
from ingestor.store import ImportStore
from shopsync_contracts import new_event
from shopsync_contracts.topics import IMPORT_COMMANDS
from shopsync_runtime import Leases

SLOT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Events:
    """Keeps what is published; `away` times it fails."""

    def __init__(self, away=0):
        self.published, self.away = [], away

    def event(self, body, id):  # noqa: A002 - as EventPublisher has it
        return new_event(body, source="/shopsync/ingestor", id=id, time=SLOT)

    async def publish_all(self, events):
        if self.away:
            self.away -= 1
            raise ConnectionError("no broker")
        self.published += events


@pytest.fixture
async def schedule(mongo_client, mongo_database):
    """`schedule(now, events)`: one replica's clock, standing at a moment; call it again for another replica."""
    database = mongo_client[mongo_database]
    await database["shops"].insert_many([{"_id": "demo"}, {"_id": "other"}, {"_id": "not-ours"}])

    def make(clock, events):
        imports, leases = ImportStore(database), Leases(database, "ingestor")
        shops = ["demo", "other", "no-settings"]
        return ImportSchedule(CronTimes("15 * * * *", HOUR / 2), lambda: shops, imports, leases, events, clock=clock)

    return make


async def test_a_slot_is_seen_to_once_by_all_replicas(schedule):
    now, events = [SLOT], Events()
    replicas = [schedule(lambda: now[0], events) for _ in range(3)]
    assert sorted(await asyncio.gather(*(each.look() for each in replicas)), key=str) == [SLOT, None, None]
    for each in replicas:
        assert await each.look() is None
    asked = [(spec, event.data.shop_key, event.data.mode) for spec, event in events.published]
    assert asked == [(IMPORT_COMMANDS, "demo", "changed_only"), (IMPORT_COMMANDS, "other", "changed_only")]
    now[0] = SLOT + HOUR
    await asyncio.gather(*(each.look() for each in replicas))
    assert len(events.published) == len({event.id for _, event in events.published}) == 4
    assert await schedule(lambda: now[0], events).look() is None, "also not after a restart"


async def test_a_slot_missed_for_too_long_is_left_out(schedule):
    now, events = [SLOT + timedelta(minutes=31)], Events()
    clock = schedule(lambda: now[0], events)
    assert await clock.look() is None
    now[0] = SLOT + timedelta(minutes=30)
    assert await clock.look() == SLOT


async def test_a_broker_that_is_away_does_not_cost_the_slot(schedule):
    events = Events(away=2)
    mine, another = schedule(lambda: SLOT, events), schedule(lambda: SLOT, events)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await mine.look()
    assert await another.look() is None
    assert await mine.look() == SLOT
    assert len(events.published) == 2


async def test_the_service_runs_it(world):
    world.settings |= {"import_cron": "* * * * *", "import_catch_up": "1h"}
    async with world.ingestor():
        commands = []
        async with asyncio.timeout(120):
            while len(commands) < 2:
                commands = await world.events(IMPORT_COMMANDS)
        assert {event.data.shop_key for event in commands} == {"demo", "other"}
        for event in commands:
            assert (event.source, event.data.mode) == ("/shopsync/ingestor", "changed_only")
            assert (await world.report(event.id)).TYPE == "import.completed"


@pytest.mark.parametrize("cron", ["", "hourly", "* * * *", "61 * * * *", "* * * * * *"])
def test_a_wrong_cron_expression_is_refused_by_name(tmp_path, cron):
    shops = tmp_path / "shops.yaml"
    shops.write_text("demo: {base_url: 'http://127.0.0.1:1', client_id: me, client_secret: hush}")
    with pytest.raises(ValidationError, match=r"import_cron\n.*must be five cron fields"):
        IngestorSettings(shops_file=shops, import_cron=cron)
