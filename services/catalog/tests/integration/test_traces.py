"""Where the trace of a product goes through the catalogue, on a real MongoDB."""

from datetime import UTC, datetime

import pytest
from recorded_traces import ids, ids_of, recorded_traces

from catalog.handlers import SettingsHandler, SyncHandler
from catalog.sync_prerequisites import SyncPrerequisites, WaitLimits
from shopsync_contracts.events import EditChanges, ProductsBulkEdited, ShopSettingsChanged, SyncRequested
from shopsync_contracts.topics import CATALOG_PRODUCTS, PUSH_COMMANDS, TOOL_EDITS
from shopsync_runtime import Shutdown
from shopsync_runtime.consuming.traced import traced
from shopsync_runtime.tracing import continuing

CHANGE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"
SYNC = "00-2af7651916cd43dd8448eb211c80319c-d7ad6b7169203331-01"


@pytest.fixture
def traces():
    """Traces are on; those are kept that begin elsewhere and are kept there."""
    with recorded_traces("parentbased_always_off") as recorded:
        yield recorded


@pytest.fixture
def kept_of(database):
    async def find(product="A"):
        return (await database["products"].find_one({"_id": f"demo/{product}"})).get("traceparent")

    return find


@pytest.fixture
def told(deliver, new_story):
    """The messages that make a product ON and complete: its changed product, its edit and its target."""
    story = new_story(product_no="A")
    story.changed(0)
    story.complete()
    story.switched(1, True)
    bodies = [(one.event.data, one.event.time) for one in story.sent]

    class Told:
        """Called with the traces of the three; `story` makes further messages."""

        def __call__(self, *traces):
            return [deliver(body, time=time, traceparent=one) for (body, time), one in zip(bodies, traces, strict=True)]

        @property
        def story(self):
            return story

    return Told()


@pytest.fixture
def sync(replica, deliver):
    """Carries out a sync in a trace; returns the event of its push command."""

    class Passed:
        async def passed(self):
            return True

    async def barrier():
        return Passed()

    async def run(traceparent=SYNC):
        await SettingsHandler(replica.shops, replica.updater)(deliver(ShopSettingsChanged(shop_key="demo")))
        limits = WaitLimits(for_settings=0.3, for_earlier_messages=0.3)
        prerequisites = SyncPrerequisites(replica.shops, replica.held, barrier, limits, Shutdown())
        handler = SyncHandler(
            replica.products, replica.done, replica.events, prerequisites, clock=lambda: datetime.now(UTC)
        )
        with continuing(traceparent):
            await handler([deliver(SyncRequested(shop_key="demo", reason="manual"))])
        return [event for spec, event in replica.events.published if spec is PUSH_COMMANDS][-1]

    return run


async def test_the_snapshot_and_the_push_command_go_on_with_the_trace_of_the_newest_change(
    traces, replica, told, sync, kept_of
):
    await traced(replica.handler, "g")(told(None, OTHER, CHANGE))
    (fold,) = traces.named("fold")
    [snapshot] = [event for spec, event in replica.events.published if spec is CATALOG_PRODUCTS]
    assert ids(snapshot.traceparent) == ids(await kept_of()) == ids_of(fold)
    assert ids_of(fold)[0] == ids(CHANGE)[0]
    assert fold.attributes["shopsync.changed"] is True

    command = await sync()
    (requested,) = traces.named("push.requested")
    assert ids(command.traceparent) == ids_of(requested)
    assert requested.parent.span_id == fold.context.span_id
    assert [f"{link.context.span_id:016x}" for link in requested.links] == [ids(SYNC)[1]]


async def test_a_change_that_is_not_traced_ends_the_product_s_trace(traces, replica, told, sync, kept_of, deliver):
    await traced(replica.handler, "g")(told(None, None, CHANGE))
    assert await kept_of() is not None
    edit = told.story.edit(5, name="another")
    await traced(replica.handler, "g")([deliver(edit)])
    assert await kept_of() is None
    command = await sync(None)
    assert command.traceparent is None or command.traceparent.endswith("-00")


async def test_what_readers_do_not_see_leaves_the_trace_as_it_is(traces, replica, told, kept_of, deliver):
    await traced(replica.handler, "g")(told(None, None, CHANGE))
    before = await kept_of()
    await traced(replica.handler, "g")([deliver(told.story.change(2), traceparent=OTHER)])
    assert await kept_of() == before


async def test_tiktok_s_outcome_ends_the_trace(traces, replica, told, kept_of, deliver):
    await traced(replica.handler, "g")(told(None, None, CHANGE))
    told.story.pushed(version=1)
    await traced(replica.handler, "g")([deliver(told.story.sent[-1].event.data, traceparent=CHANGE)])
    assert len(traces.named("fold")) == 2, "the outcome itself is in the trace"
    assert await kept_of() is None


async def test_products_of_a_bulk_edit_have_traces_of_their_own(replica, told, deliver):
    await replica.handler(told(None, None, None))
    with recorded_traces() as traces:
        bulk = ProductsBulkEdited(
            shop_key="demo", product_nos=("A",), changes=EditChanges(brand_id="7"), edited_at=datetime.now(UTC)
        )
        await traced(replica.handler, "g")([deliver(bulk, traceparent=SYNC)])
        [edit] = [event for spec, event in replica.events.published if spec is TOOL_EDITS]
        (made,) = traces.named("product.edited")
        assert ids(edit.traceparent) == ids_of(made)
        assert ids(edit.traceparent)[0] != ids(SYNC)[0]
        assert made.links


async def test_off_nothing_is_kept_and_commands_stay_in_the_trace_of_the_sync(replica, told, sync, kept_of):
    await replica.handler(told(None, OTHER, CHANGE))
    assert await kept_of() is None
    assert (await sync()).traceparent == SYNC


async def test_off_a_trace_that_an_earlier_process_kept_is_not_used(replica, told, sync, database):
    await replica.handler(told(None, None, None))
    await database["products"].update_one({"_id": "demo/A"}, {"$set": {"traceparent": CHANGE}})
    assert (await sync()).traceparent == SYNC
