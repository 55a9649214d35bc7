"""How far an import is, while it runs: reports now and then, gauges at every page."""

from typing import Any

from prometheus_client import REGISTRY

from ingestor.importing.progress import Progress
from shopsync_contracts.events import ImportCompleted, ImportProgress
from shopsync_contracts.topics import REPORTS
from shopsync_testkit.polling import eventually


def gauge(name):
    return REGISTRY.get_sample_value(name, {"shop_key": "demo"})


async def told(world, request_id):
    return [event.data for event in await world.events(REPORTS) if event.data.request_id == request_id]


async def test_a_running_import_tells_how_far_it_is(world):
    world.settings["progress_every"] = "1ms"
    async with world.ingestor():
        first = await world.imported("overwrite_all", "c1")
        world.sandbox.fail("slow", page=4, ms=3000)
        await world.command("enumerate", event_id="c2")

        async def third_page():
            return gauge("shopsync_import_products_read") == 300

        await eventually(third_page, what="the third page")
        assert gauge("shopsync_import_products_expected") == 450
        await world.report("c2")

        async def over():
            return gauge("shopsync_import_products_read") is None

        await eventually(over, what="the gauges of an import that ended to go")
    assert gauge("shopsync_import_products_expected") is None

    at_first = [one for one in await told(world, "c1") if isinstance(one, ImportProgress)]
    assert at_first
    assert {(one.expected, one.import_id) for one in at_first} == {(None, first.import_id)}
    steps = await told(world, "c2")
    assert isinstance(steps[-1], ImportCompleted), "the report itself comes last"
    hints = steps[:-1]
    assert all(isinstance(one, ImportProgress) and one.expected == 450 for one in hints)
    assert [one.read for one in hints] == [min(one.page * 100, 450) for one in hints]
    assert sorted({one.read for one in hints}) == [one.read for one in hints]


async def test_a_short_import_sends_no_progress(world):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
    assert [type(one) for one in await told(world, "c1")] == [ImportCompleted]


async def test_a_report_that_cannot_be_sent_holds_nothing_up(world, monkeypatch):
    world.settings["progress_every"] = "1ms"
    sent = []

    class Deaf:
        def event(self, body, **_):
            return body

        async def publish(self, *_):
            sent.append(1)
            raise ConnectionError("no broker")

    original = Progress.__init__

    def deaf(self, events, **more):
        publisher: Any = Deaf()
        original(self, publisher, **more)

    monkeypatch.setattr(Progress, "__init__", deaf)
    async with world.ingestor():
        report = await world.imported("enumerate", "c1")
    assert report.counts.read == 450
    assert sent
