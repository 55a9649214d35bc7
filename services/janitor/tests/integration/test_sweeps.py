"""Sweeps on a real broker and database; the catalog's and the ingestor's parts are played by the test."""

from datetime import UTC, datetime, timedelta

import pytest

from janitor.catalog_view import CatalogView
from janitor.clock import NightlyClock, Schedule
from janitor.store import SweepStore
from shopsync_contracts.events import Enumeration, ProductRemoved
from shopsync_contracts.times import JST
from shopsync_contracts.topics import DELETE_COMMANDS, IMPORT_COMMANDS, PRODUCT_CHANGES, REPORTS, SWEEP_COMMANDS
from shopsync_runtime import Runtime
from shopsync_testkit.polling import NeverHappened, eventually
from shopsync_testkit.processes import ServiceProcess


def verdicts_of(pages):
    return {verdict.product_no: verdict.verdict for page in pages for verdict in page.verdicts}


async def test_removed_and_off_is_deleted_the_rest_stays(world):
    """Scenarios 61, 62, 65: DL-1, DL-2, DL-4, DL-8."""
    catalog = world.catalog
    await catalog.put("off", removed_by="e1")
    await catalog.put("on", on=True, removed_by="e1")
    await catalog.put("stale", removed_by="e0")
    await catalog.put("present")
    await catalog.put("off", removed_by="e1", shop_key="other")
    async with world.catalog_running(), world.janitor():
        await world.sweep("r1")
        [command] = await world.asked()
        assert (command.data.mode, command.data.shop_key) == ("enumerate", "demo")
        assert await world.events(DELETE_COMMANDS) == [], "nothing is deleted before the proof is there"
        await world.answer(command)
        [page] = await world.reports("r1")
    assert verdicts_of([page]) == {"off": "deleted", "on": "kept_sync_enabled", "stale": "kept_unproven"}
    assert (page.counts.deleted, page.enumeration_id, page.refused_because) == (1, "e1", None)
    assert await catalog.numbers() == ["on", "present", "stale"]
    assert await catalog.numbers("other") == ["off"], "scenario 78"
    [delete] = catalog.seen
    assert (delete.product_no, delete.enumeration.id, delete.sweep_id) == ("off", "e1", page.sweep_id)
    stored = await world.database["sweeps"].find_one({"_id": page.sweep_id})
    assert (stored["state"], stored["counts"]["deleted"]) == ("done", 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("fail", "futureshop_unavailable: GET /admin-api/v1/products: HTTP 503"),
        ("hold", "held back"),
        ("doubt", "no proof"),
        ("silence", "no enumeration within"),
    ],
)
async def test_scenario_66_without_a_proof_nothing_is_deleted(world, answer, words):
    """Scenario 66, DL-9, DL-10, NV-9."""
    await world.catalog.put("off", removed_by="e1")
    world.settings["enumeration_wait"] = "1s" if answer == "silence" else "60s"
    async with world.catalog_running(), world.janitor():
        await world.sweep("r1")
        [command] = await world.asked()
        if answer == "fail":
            await world.answer_badly(command)
        elif answer == "hold":
            await world.answer(command, enumeration=None, removals_held_back=True)
        elif answer == "doubt":
            await world.answer(command, enumeration=None)
        [page] = await world.reports("r1")
    assert words in page.refused_because
    assert (page.verdicts, page.counts.deleted) == ((), 0)
    assert await world.events(DELETE_COMMANDS) == []
    assert await world.catalog.numbers() == ["off"]


async def test_it_waits_for_the_catalog_before_it_chooses(world):
    """The removals of the fresh enumeration must have been applied: the barrier."""
    proof = Enumeration(id="e1", started_at=datetime.now(UTC), completed_at=datetime.now(UTC), product_count=1)
    async with world.janitor():
        await world.sweep("r1")
        [command] = await world.asked()
        removal = ProductRemoved(shop_key="demo", product_no="late", enumeration=proof)
        await world.say(PRODUCT_CHANGES, removal, "x1")
        await world.answer(command)

        async def proven():
            return await world.database["sweeps"].find_one({"state": "proven"})

        await eventually(proven, what="the proof to be taken")
        with pytest.raises(NeverHappened):  # the catalog is away: nothing may be chosen
            await eventually(lambda: world.events(DELETE_COMMANDS), timeout=1, what="a delete command")
        await world.catalog.put("late", removed_by="e1")
        async with world.catalog_running():
            [page] = await world.reports("r1")
    assert verdicts_of([page]) == {"late": "deleted"}


async def test_dl11_what_changed_meanwhile_is_kept(world):
    """DL-11, scenarios 72 and 74: the catalog decides at the moment of deleting."""
    catalog = world.catalog
    for number in ("switched-on", "back-again", "gone", "refused"):
        await catalog.put(number, removed_by="e1")
    catalog.reluctant.add("refused")
    async with world.janitor():
        async with world.catalog_running():
            await world.sweep("r1")
            [command] = await world.asked()
        world.settings["verdict_wait"] = "20s"
        await world.answer(command)
        # The catalog is away while the commands go out, and the merchant and futureshop are not.
        await eventually(lambda: _four(world), interval=0.1, what="the delete commands")
        await catalog.put("switched-on", on=True, removed_by="e1")
        await catalog.put("back-again")
        async with world.catalog_running():
            [page] = await world.reports("r1")
    assert verdicts_of([page]) == {
        "switched-on": "kept_sync_enabled",
        "back-again": "kept_present",
        "gone": "deleted",
        "refused": "kept_unproven",
    }


async def _four(world):
    return len(await world.events(DELETE_COMMANDS)) == 4


async def test_the_same_request_twice_is_one_sweep_and_a_second_request_waits(world):
    """DL-12: running twice has the same end state."""
    await world.catalog.put("off", removed_by="e1")
    async with world.catalog_running(), world.janitor():
        await world.sweep("r1")
        await world.sweep("r1")
        await world.sweep("r2")
        [first] = await world.asked()
        await world.answer(first)
        [one] = await world.reports("r1")
        _, second = sorted(await world.asked(2), key=lambda event: event.id != first.id)
        await world.answer(second, "e2")
        [two] = await world.reports("r2")
    assert (verdicts_of([one]), verdicts_of([two])) == ({"off": "deleted"}, {})
    assert one.completed_at <= two.completed_at
    assert len(world.catalog.seen) == 1
    assert len(await world.events(IMPORT_COMMANDS)) == 2


async def test_a_shop_without_settings_is_refused_by_name(world):
    async with world.janitor():
        await world.sweep("r1", shop_key="stranger")
        [page] = await world.reports("r1")
    assert page.refused_because == "shop 'stranger' has no settings: publish them with `shopsync shops put stranger`"
    assert await world.events(IMPORT_COMMANDS) == []


@pytest.mark.reliability(7)
@pytest.mark.parametrize(
    "point",
    [
        "sweep_requested_done",
        "sweep_enumerating_done",
        "sweep_proven_done",
        "sweep_commands_published",
        "sweep_commanded_done",
        "sweep_judged_done",
    ],
)
async def test_scenario_71_a_killed_sweep_goes_on_where_it_was(world, tmp_path, point):
    """Scenario 71, DL-12: kill -9 after every step, the end is the same and no command has a second id."""
    numbers = [f"P-{n}" for n in range(10)]
    for number in numbers:
        await world.catalog.put(number, removed_by="e1")
    async with world.catalog_running():
        service = ServiceProcess("janitor", env=world.doomed(point), folder=tmp_path)
        await service.start()
        await world.sweep("r1")
        [command, *_] = await world.asked()
        await world.answer(command)
        assert await service.exited(120) == -9
        async with world.janitor("replica-0"):
            [page] = await world.reports("r1")
            await eventually(lambda: _done(world), what="the sweep to be done")
    assert verdicts_of([page]) == dict.fromkeys(numbers, "deleted")
    assert await world.catalog.numbers() == []
    commands = await world.events(DELETE_COMMANDS)
    assert len({event.id for event in commands}) == 10
    assert len({event.id for event in await world.events(IMPORT_COMMANDS)}) == 1
    told = [event for event in await world.events(REPORTS) if event.data.TYPE == "sweep.completed"]
    assert len({event.id for event in told}) == 1
    assert len({event.data.model_dump_json() for event in told}) == 1


async def _done(world):
    return await world.database["sweeps"].find_one({"state": "done"})


async def test_dl3_the_nightly_hour_asks_for_every_shop_once(world):
    """DL-3: two replicas at the same minute, and again after a crash before the slot was marked."""
    slot = datetime(2026, 11, 24, 3, 30, tzinfo=JST)
    now = [slot - timedelta(hours=1)]
    runtimes = [Runtime("janitor", world.common) for _ in range(2)]
    sweeps = SweepStore(world.database)
    clocks = [
        NightlyClock(
            Schedule(), sweeps, CatalogView(world.database), runtime.leases, runtime.events, clock=lambda: now[0]
        )
        for runtime in runtimes
    ]
    for runtime in runtimes:
        await runtime.producer.start()
    try:
        assert [await clock.tick() for clock in clocks] == [None, None], "the first look marks the past night"
        assert await world.events(SWEEP_COMMANDS) == []
        now[0] = slot + timedelta(seconds=2)
        assert [await clock.tick() for clock in clocks] == [slot, None]
        await world.database["janitor_clock"].update_one({}, {"$set": {"slot": slot - timedelta(days=1)}})
        assert await clocks[1].tick() == slot, "the mark was lost: it is sent again"
    finally:
        for runtime in runtimes:
            await runtime.producer.stop()
            await runtime.mongo.close()
    commands = await world.events(SWEEP_COMMANDS)
    assert len(commands) == 4
    assert {event.data.shop_key for event in commands} == {"demo", "other"}
    assert len({event.id for event in commands}) == 2, "the same night and shop is the same request"
