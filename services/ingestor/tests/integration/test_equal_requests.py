"""Requests for the same, waiting together: one reading, and a report for each of them."""

import pytest

from shopsync_contracts.events import ImportProgress
from shopsync_contracts.topics import REPORTS, SYNC_COMMANDS
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


@pytest.fixture(autouse=True)
async def patient(world):
    """Ingestors that wait long for the settings of a shop, and a shop without."""
    world.settings["settings_grace"] = "60s"
    await world.database["shops"].delete_one({"_id": "demo"})


async def reports(world):
    found = [event for event in await world.events(REPORTS) if not isinstance(event.data, ImportProgress)]
    assert len({event.id for event in found}) == len({event.data.request_id for event in found})
    return {event.data.request_id: event.data for event in found}


async def queued(world, count):
    """Wait until so many imports are known, none of them begun: the shop's settings are not there yet."""

    async def look():
        return await world.database["imports"].count_documents({"state": "queued"}) == count

    await eventually(look, what=f"{count} imports to wait")


async def waiting(world, requests):
    """The requests, all in the queue before any is worked on: they wait for the settings of their shop."""
    for event_id, mode, more in requests:
        await world.command(mode, event_id=event_id, **more)
    await queued(world, len(requests))


async def test_ten_equal_requests_are_read_once_and_each_is_answered(world):
    requests = [(f"c{number}", "overwrite_all", {"then_sync": number == 7}) for number in range(10)]
    async with world.ingestor(), world.ingestor():
        await waiting(world, requests)
        await world.database["shops"].insert_one({"_id": "demo"})
        answers = [await world.report(event_id) for event_id, _, _ in requests]
        later = await world.imported("overwrite_all", "later")
    assert len({report.import_id for report in answers}) == 1
    assert {report.request_id for report in answers} == {event_id for event_id, _, _ in requests}
    assert {report.counts.changed for report in answers} == {450}
    assert len({report.enumeration.id for report in answers}) == 1
    assert later.import_id != answers[0].import_id, "a request from after the start reads again"
    assert world.sandbox.journal.counts["products"] == 2 * 5
    assert len(await world.changes("product.changed")) == 2 * 450
    [sync] = await world.events(SYNC_COMMANDS)  # one of the ten asked for it
    assert {report.sync_request_id for report in answers} == {sync.id}
    assert len(await reports(world)) == 11
    assert await world.database["imports"].count_documents({"finished": False}) == 0


async def test_requests_that_differ_are_read_each(world):
    requests = [
        ("a", "enumerate", {}),
        ("b", "overwrite_all", {}),
        ("c", "enumerate", {"confirm_shrink_of": "i0"}),
        ("d", "enumerate", {}),
    ]
    async with world.ingestor():
        await waiting(world, requests)
        await world.database["shops"].insert_one({"_id": "demo"})
        answers = {event_id: await world.report(event_id) for event_id, _, _ in requests}
    assert answers["a"].import_id == answers["d"].import_id
    assert len({report.import_id for report in answers.values()}) == 3
    assert [answers[each].mode for each in "abcd"] == ["enumerate", "overwrite_all", "enumerate", "enumerate"]
    assert answers["c"].code == "nothing_to_confirm"


async def test_a_failure_is_told_to_each(world):
    world.sandbox.fail("failed", page=2)
    async with world.ingestor():
        await waiting(world, [(f"c{number}", "enumerate", {}) for number in range(3)])
        await world.database["shops"].insert_one({"_id": "demo"})
        answers = [await world.report(f"c{number}") for number in range(3)]
    assert {(report.TYPE, report.code) for report in answers} == {("import.failed", "futureshop_refused")}
    assert world.sandbox.journal.counts["products"] == 2


@pytest.mark.parametrize(
    "point", ["import_started", "import_page_saved:2", "import_equals_answered", "import_reported"]
)
async def test_a_crash_leaves_nobody_without_an_answer(world, tmp_path, point):
    service = ServiceProcess("ingestor", env=world.doomed(point), folder=tmp_path)
    await service.start()
    await waiting(world, [(f"c{number}", "enumerate", {"then_sync": number == 2}) for number in range(4)])
    await world.database["shops"].insert_one({"_id": "demo"})
    assert await service.exited(120) == -9
    async with world.ingestor("replica-0"):
        answers = [await world.report(f"c{number}") for number in range(4)]

        async def over():
            return await world.database["imports"].count_documents({"finished": False}) == 0

        await eventually(over, what="the imports to end")
    assert len({report.import_id for report in answers}) == 1
    assert len(await reports(world)) == 4
    assert len({event.id for event in await world.events(SYNC_COMMANDS)}) == 1
