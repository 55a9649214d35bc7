"""Groups "settings" and "syncs" on a real MongoDB."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka.errors import KafkaError
from msgspec.structs import replace

from catalog.handlers import SettingsHandler, SyncHandler
from catalog.sync_prerequisites import SyncPrerequisites, WaitLimits
from shopsync_contracts.events import (
    EditChanges,
    ProductsBulkEdited,
    PushReason,
    ShopSettingsChanged,
    SyncRequested,
    TaxDefaults,
)
from shopsync_contracts.topics import CATALOG_PRODUCTS, PUSH_COMMANDS, REPORTS
from shopsync_runtime import RetryableError, Shutdown

OUTSIDE = TaxDefaults(included=False, rate_percent=10, rounding="down")


class Barrier:
    """Stands in for the group's lag: passed when told."""

    def __init__(self, is_passed=True):
        self.is_passed = is_passed
        self.taken = 0

    async def take(self):
        self.taken += 1
        return self

    async def passed(self):
        return self.is_passed


@pytest.fixture
def settings(replica):
    return SettingsHandler(replica.shops, replica.updater)


@pytest.fixture
def barrier():
    return Barrier()


@pytest.fixture
def syncs(replica, barrier):
    limits = WaitLimits(for_settings=0.3, for_earlier_messages=0.3)
    prerequisites = SyncPrerequisites(replica.shops, replica.held, barrier.take, limits, Shutdown())
    return SyncHandler(replica.products, replica.done, replica.events, prerequisites, clock=lambda: datetime.now(UTC))


@pytest.fixture
async def shop(settings, replica, deliver, new_story):
    """Three products ON and complete, one ON and incomplete, one OFF."""
    await settings(deliver(ShopSettingsChanged(shop_key="demo")))
    batch = []
    for number in range(5):
        story = new_story(product_no=f"P-{number}")
        story.changed(0)
        if number < 3:
            story.complete()
        if number < 4:
            story.switched(1, True)
        batch += [deliver(one.event.data, time=one.event.time) for one in story.sent]
    await replica.handler(batch)
    replica.events.published.clear()


async def test_settings_are_stored_for_all_to_read(settings, database, deliver):
    await settings(deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE, category_version="v2")))
    document = await database["shops"].find_one({"_id": "demo"})
    assert (document["category_version"], document["tax"]["included"], document["sync"]["mode"]) == (
        "v2",
        False,
        "manual",
    )


async def test_changed_tax_settings_reprice_the_shops_products(settings, replica, deliver, new_story):
    own = new_story(product_no="own").change(0, tax={"included": True})
    await replica.handler([deliver(new_story(product_no="open").change(0)), deliver(own)])
    replica.events.published.clear()
    await settings(deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE)))
    [snapshot] = replica.events.snapshots()
    assert (snapshot.product_no, snapshot.content.price, snapshot.version) == ("open", 3850, 2)
    await replica.handler([deliver(new_story(product_no="later").change(0))])
    assert replica.events.snapshots()[-1].content.price == 3850


async def test_repricing_that_was_cut_off_is_made_good(settings, replica, deliver, new_story):
    await replica.handler([deliver(new_story(product_no=f"P-{n}").change(0)) for n in range(3)])
    replica.events.published.clear()
    delivery = deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE))
    replica.events.fail = KafkaError("broker away")
    with pytest.raises(KafkaError):
        await settings(delivery)
    await settings(delivery)
    assert sorted((one.product_no, one.content.price) for one in replica.events.snapshots()) == [
        (f"P-{n}", 3850) for n in range(3)
    ]


async def test_a_product_written_while_the_settings_change_has_the_new_price(settings, replica, deliver, new_story):
    """The batch has read the old settings; before it writes, new ones come and find no product to price."""
    write = replica.products.write

    async def late(writes, writer):
        replica.products.write = write
        await settings(deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE)))
        return await write(writes, writer)

    replica.products.write = late
    await replica.handler([deliver(new_story().change(0))])
    assert replica.events.snapshots()[-1].content.price == 3850


@pytest.mark.usefixtures("shop")
class TestSync:
    async def test_scenario_45_rb4_on_and_complete_products_are_commanded(self, syncs, replica, deliver):
        delivery = deliver(SyncRequested(shop_key="demo", reason="auto"))
        await syncs([delivery])
        assert [one.product_no for one in replica.events.on(PUSH_COMMANDS)] == ["P-0", "P-1", "P-2"]
        assert {(one.sync_id, one.reason) for one in replica.events.on(PUSH_COMMANDS)} == {(delivery.event.id, "auto")}
        [report] = replica.events.on(REPORTS)
        assert report.counts.model_dump() == {
            "requested": 4,
            "commanded": 3,
            "incomplete": 1,
            "sync_disabled": 0,
            "not_found": 0,
        }

    async def test_named_products_are_counted_by_what_happened_to_them(self, syncs, replica, deliver):
        numbers = ("P-2", "P-3", "P-4", "ghost", "P-2")
        await syncs([deliver(SyncRequested(shop_key="demo", product_nos=numbers))])
        assert [one.product_no for one in replica.events.on(PUSH_COMMANDS)] == ["P-2"]
        [report] = replica.events.on(REPORTS)
        assert report.counts.model_dump() == {
            "requested": 4,
            "commanded": 1,
            "incomplete": 1,
            "sync_disabled": 1,
            "not_found": 1,
        }

    async def test_scenario_40_ed5_lacking_something_it_is_not_commanded_by_any_route(self, syncs, replica, deliver):
        routes: list[tuple[PushReason, tuple[str, ...] | None]] = [
            ("manual", ("P-3",)),
            ("auto", None),
            ("scheduled", None),
        ]
        for reason, named in routes:
            await syncs([deliver(SyncRequested(shop_key="demo", product_nos=named, reason=reason))])
        assert "P-3" not in {one.product_no for one in replica.events.on(PUSH_COMMANDS)}
        assert [report.counts.incomplete for report in replica.events.on(REPORTS)] == [1, 1, 1]

    @pytest.mark.parametrize("reason", ["auto", "scheduled", "manual"])
    async def test_rb1_rb2_rb4_tg1_every_route_sends_on_products_and_no_others(self, syncs, replica, deliver, reason):
        await syncs([deliver(SyncRequested(shop_key="demo", reason=reason))])
        commands = replica.events.on(PUSH_COMMANDS)
        assert [(one.product_no, one.reason) for one in commands] == [(f"P-{n}", reason) for n in range(3)]

    async def test_scenario_50_tg2_nv1_switching_off_asks_nothing_of_tiktok(self, syncs, replica, deliver, new_story):
        await replica.handler([deliver(new_story(product_no="P-0").target(False))])
        assert [spec for spec, _ in replica.events.published] == [CATALOG_PRODUCTS]
        await syncs([deliver(SyncRequested(shop_key="demo"))])
        assert [one.product_no for one in replica.events.on(PUSH_COMMANDS)] == ["P-1", "P-2"]

    async def test_scenario_64_dl7_removed_upstream_and_on_it_still_goes(self, syncs, replica, deliver, new_story):
        await replica.handler([deliver(new_story(product_no="P-0").removal(5))])
        await syncs([deliver(SyncRequested(shop_key="demo", reason="auto"))])
        assert "P-0" in [one.product_no for one in replica.events.on(PUSH_COMMANDS)]

    async def test_scenario_78_au3_a_sync_of_one_shop_commands_no_other(
        self, settings, syncs, replica, deliver, new_story
    ):
        await settings(deliver(ShopSettingsChanged(shop_key="K2")))
        other = new_story(shop_key="K2", product_no="P-0")
        other.changed(0)
        other.complete()
        other.switched(1, True)
        await replica.handler([deliver(one.event.data, time=one.event.time) for one in other.sent])
        await syncs([deliver(SyncRequested(shop_key="K2"))])
        assert [(one.shop_key, one.product_no) for one in replica.events.on(PUSH_COMMANDS)] == [("K2", "P-0")]

    async def test_scenario_47_an_off_product_is_never_commanded(self, syncs, replica, deliver):
        await syncs([deliver(SyncRequested(shop_key="demo", product_nos=("P-4",)))])
        assert replica.events.on(PUSH_COMMANDS) == []

    async def test_a_request_that_a_crash_repeats_has_the_same_ids(self, syncs, replica, database, deliver):
        delivery = deliver(SyncRequested(shop_key="demo"))
        await syncs([delivery])
        await database["done_requests"].delete_many({})  # killed between the report and this
        await syncs([delivery])
        ids = [event.id for _, event in replica.events.published]
        assert ids[:4] == ids[4:]

    async def test_a_sync_waits_for_what_was_published_before_it(self, syncs, barrier, replica, deliver):
        barrier.is_passed = False
        delivery = deliver(SyncRequested(shop_key="demo"))
        with pytest.raises(RetryableError):
            await syncs([delivery])
        assert replica.events.published == []
        barrier.is_passed = True
        await syncs([delivery])
        assert len(replica.events.on(PUSH_COMMANDS)) == 3
        assert barrier.taken == 1

    async def test_a_sync_waits_for_held_edits(self, syncs, replica, deliver, new_story):
        story = new_story(product_no="P-9")
        await replica.handler([deliver(story.edit(1, name="x"))])
        with pytest.raises(RetryableError):
            await syncs([deliver(SyncRequested(shop_key="demo"))])


async def test_an_unknown_shop_is_refused_by_name(syncs, replica, deliver):
    await syncs([deliver(SyncRequested(shop_key="nobody"))])
    [report] = replica.events.on(REPORTS)
    assert report.refused_because == "shop 'nobody' has no settings: publish them with `shopsync shops put nobody`"
    assert report.counts.requested == 0


async def test_settings_published_a_moment_later_are_waited_for(syncs, settings, replica, deliver):
    sync = asyncio.create_task(syncs([deliver(SyncRequested(shop_key="late"))]))
    await settings(deliver(ShopSettingsChanged(shop_key="late")))
    await sync
    [report] = replica.events.on(REPORTS)
    assert report.refused_because is None


class TestReadAgain:
    """After offsets were lost or reset: what was carried out is not carried out again, in any order of the topics."""

    async def test_an_old_sync_sends_nothing_that_was_not_asked_for_now(self, shop, syncs, replica, deliver):
        requests = [deliver(SyncRequested(shop_key="demo", reason="manual")) for _ in range(2)]
        await syncs(requests)
        replica.events.published.clear()
        await syncs(requests)
        await syncs(requests[:1])
        assert replica.events.published == []
        await syncs([deliver(SyncRequested(shop_key="demo", reason="manual"))])
        assert replica.events.on(PUSH_COMMANDS)

    async def test_a_sync_that_was_refused_is_offered_again(self, syncs, settings, replica, deliver):
        request = deliver(SyncRequested(shop_key="demo", reason="manual"))
        await syncs([request])
        await settings(deliver(ShopSettingsChanged(shop_key="demo")))
        replica.events.published.clear()
        await syncs([request])
        [report] = replica.events.on(REPORTS)
        assert report.refused_because is None

    async def test_a_sync_whose_commands_are_not_acknowledged_is_carried_out_again(self, shop, syncs, replica, deliver):
        request = deliver(SyncRequested(shop_key="demo", reason="manual"))
        replica.events.fail = KafkaError("broker away")
        with pytest.raises(KafkaError):
            await syncs([request])
        await syncs([request])
        assert replica.events.on(PUSH_COMMANDS)

    async def test_requests_of_a_topic_created_again_are_new(self, shop, syncs, replica, deliver):
        requests = [deliver(SyncRequested(shop_key="demo", reason="manual")) for _ in range(3)]
        await syncs(requests)
        replica.events.published.clear()
        later = requests[0].timestamp + timedelta(days=1)
        await syncs([replace(requests[0], timestamp=later)])
        assert replica.events.on(PUSH_COMMANDS)

    async def test_older_settings_do_not_come_back(self, shop, settings, replica, database, deliver, new_story):
        """Not even for the moment until the newer ones are read: prices would change and change back."""
        first = deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE))
        second = deliver(ShopSettingsChanged(shop_key="demo", tax=TaxDefaults()))
        for one in (first, second):
            await settings(one)
        before = await database["shops"].find_one(), await database["products"].find().to_list()
        replica.events.published.clear()
        for one in (first, second, first):
            await settings(one)
        assert (await database["shops"].find_one(), await database["products"].find().to_list()) == before
        assert replica.events.published == []

    async def test_the_newest_of_many_first_settings_at_once_stays(self, new_replica, settings, database, deliver):
        """As reported of concurrent upserts (FIWARE/context.Orion-LD 1931): one inserts, the others get E11000."""
        replicas = [new_replica() for _ in range(4)]
        handlers = [SettingsHandler(one.shops, one.updater) for one in replicas]
        for number in range(25):
            rates = [1, 2, 3, 4]
            changes = [
                deliver(
                    ShopSettingsChanged(
                        shop_key=f"shop-{number}",
                        tax=TaxDefaults(included=False, rate_percent=rate, rounding="down"),
                    )
                )
                for rate in rates
            ]
            await asyncio.gather(*(handle(one) for handle, one in zip(handlers, reversed(changes), strict=True)))
            stored = await database["shops"].find_one({"_id": f"shop-{number}"})
            assert stored["tax"]["rate_percent"] == 4

    async def test_settings_stored_by_an_earlier_release_are_replaced(self, settings, database, deliver):
        await settings(deliver(ShopSettingsChanged(shop_key="demo")))
        await database["shops"].update_one({"_id": "demo"}, {"$unset": {"position": 1}})
        await settings(deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE)))
        assert (await database["shops"].find_one())["tax"] == OUTSIDE.model_dump()

    async def test_repricing_that_a_crash_interrupted_is_done_by_the_redelivery(
        self, shop, settings, replica, database, deliver
    ):
        change = deliver(ShopSettingsChanged(shop_key="demo", tax=OUTSIDE))
        replica.events.fail = KafkaError("killed")
        with pytest.raises(KafkaError):
            await settings(change)
        assert (await database["shops"].find_one())["reprice"] is True
        await settings(change)
        assert (await database["shops"].find_one())["reprice"] is False

    async def test_a_bulk_edit_of_a_product_that_was_deleted_since_is_not_refused(
        self, replica, ready, database, deliver, at_minute
    ):
        """Nor edited again under its id, nor reported otherwise than before."""
        body = ProductsBulkEdited(
            shop_key="demo",
            edited_at=at_minute(1),
            product_nos=("A-1",),
            changes=EditChanges(brand_id="9"),
            sync_enabled=False,
        )
        bulk = deliver(body, time=at_minute(2))
        await replica.handler([deliver(one.event.data, time=one.event.time) for one in ready.sent])
        assert await replica.handler([bulk]) == []
        ready.sent.clear()
        ready.switched(4, False)
        ready.removed(5)
        ready.deleted()
        await replica.handler([deliver(one.event.data, time=one.event.time) for one in ready.sent])
        replica.events.published.clear()
        assert await replica.handler([bulk]) == []
        assert replica.events.published == []
        assert await database["held_messages"].count_documents({}) == 0

    async def test_a_bulk_edit_that_waits_is_not_taken_for_done_when_a_later_one_is(
        self, replica, database, deliver, new_story, at_minute
    ):
        def bulk(*numbers):
            changes = EditChanges(brand_id="9")
            return deliver(
                ProductsBulkEdited(shop_key="demo", edited_at=at_minute(1), product_nos=numbers, changes=changes)
            )

        await replica.handler([deliver(new_story().change(0))])
        early, ready = bulk("unknown"), bulk("A-1")
        await replica.handler([early, ready])
        assert await database["held_messages"].count_documents({}) == 1
        await replica.handler([early, ready])
        assert await database["held_messages"].count_documents({}) == 1
