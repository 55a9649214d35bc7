"""Imports against the sandbox's futureshop, on a real broker and database."""

from itertools import pairwise

import yaml

from shopsync_contracts.topics import REPORTS, SYNC_COMMANDS
from shopsync_testkit.polling import eventually


def numbers_of(events):
    return sorted(event.data.product_no for event in events)


async def test_every_product_becomes_an_event_with_its_stock(world):
    """IM-1, IM-2, scenarios 1 and 80: hidden products too, and nothing but reads is sent."""
    async with world.ingestor():
        report = await world.imported("overwrite_all", "c1", then_sync=True)
    assert (report.TYPE, report.mode) == ("import.completed", "overwrite_all")
    assert (report.counts.read, report.counts.changed, report.counts.refused) == (450, 450, 0)
    assert report.enumeration.product_count == 450
    assert report.started_at <= report.enumeration.completed_at <= report.completed_at

    changes = await world.changes("product.changed")
    shop = world.sandbox.shops["demo"]
    assert numbers_of(changes) == sorted(number for _, number in shop.product_nos())
    assert len({event.id for event in changes}) == 450
    for event in changes:
        original, told = shop.get(event.data.product_no), event.data.product
        assert event.data.mode == "overwrite_all"
        assert report.started_at <= event.data.observed_at
        assert (told.name, told.visible, told.updated_at) == (original.name, original.visible, original.updated_at)
        assert told.regular_price == original.unit_price
        assert told.stock_managed == original.stock_managed
        stocks = {(sku.vertical_no, sku.horizontal_no): sku.stock for sku in told.skus}
        assert stocks == {sku.key: sku.stock if original.stock_managed else None for sku in original.skus}
    assert {shop.get(event.data.product_no).visible for event in changes} == {True, False}

    [sync] = await world.events(SYNC_COMMANDS)
    assert (sync.data.product_nos, sync.data.reason) == (None, "auto")
    assert report.sync_request_id == sync.id
    assert world.sandbox.writes() == []
    assert await world.database["presence"].count_documents({"shop_key": "demo", "absent_since": None}) == 450
    # 5 pages of products and 5 of stock: the join asks for nothing twice.
    assert (world.sandbox.journal.counts["products"], world.sandbox.journal.counts["inventory"]) == (5, 5)


async def test_the_same_command_twice_is_one_import(world):
    async with world.ingestor():
        await world.command("enumerate", event_id="c1")
        await world.command("enumerate", event_id="c1")
        await world.imported("enumerate", "c2")
    reports = [event.data.request_id for event in await world.events(REPORTS)]
    assert sorted(reports) == ["c1", "c2"]
    assert await world.changes("product.changed") == [], "an enumeration says nothing about products that are there"


async def test_absent_products_are_proven_at_every_enumeration(world):
    """DL-9: a fresh proof each time; a product that is back is not removed."""
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        gone = world.sandbox.delete_some(10, seed=3)
        report = await world.imported("overwrite_all", "c2")
        assert (report.counts.removed, report.removals_held_back) == (10, False)
        world.sandbox.recreate(gone[0])
        again = await world.imported("enumerate", "c3")
    assert numbers_of(await world.changes("product.removed", "c2")) == sorted(gone)
    assert numbers_of(await world.changes("product.removed", "c3")) == sorted(gone[1:])
    assert again.enumeration.id != report.enumeration.id
    removed = await world.changes("product.removed", "c3")
    assert {event.data.enumeration for event in removed} == {again.enumeration}
    absent = world.database["presence"].find({"absent_since": {"$ne": None}})
    assert sorted([document["product_no"] async for document in absent]) == sorted(gone[1:])


async def test_a_number_that_cannot_be_asked_for_has_to_miss_two_listings(world):
    """DL-9, NV-9: the search by number drops the blank at its end, so that nobody can be asked about the product."""
    number = "T-1 "
    world.sandbox.upsert(number, changes={"name": "末尾に空白"})
    async with world.ingestor():
        assert (await world.imported("enumerate", "c1")).enumeration.product_count == 451
        world.sandbox.fail("omit", page=5, product_nos=[number])
        await world.imported("enumerate", "c2")
        await world.imported("enumerate", "c3")
        assert await world.changes("product.removed") == [], "it was there all the time"
        world.sandbox.delete([number])
        assert (await world.imported("enumerate", "c4")).counts.removed == 0
        assert (await world.imported("enumerate", "c5")).counts.removed == 1
    assert numbers_of(await world.changes("product.removed")) == [number]


async def test_a_bad_product_is_refused_by_name_and_the_others_go_on(world):
    """IM-8."""
    shop = world.sandbox.shops["demo"]
    bad = [number for _, number in shop.product_nos()][120]
    world.sandbox.upsert(bad, touch=False, changes={"updated_at": "2031-01-01T00:00:00"})
    world.sandbox.upsert("0123456789abcdef0123456789abcdef", changes={"name": "長い番号"})
    async with world.ingestor():
        report = await world.imported("overwrite_all", "c1")
    assert (report.counts.changed, report.counts.refused) == (450, 1)
    assert [(one.product_no, one.reason.split(" (")[0]) for one in report.refused] == [
        (bad, "dateUpdated: lies in the future")
    ]
    assert report.enumeration is not None
    assert await world.changes("product.removed") == [], "a refused product is present all the same"


async def test_shops_are_imported_side_by_side_and_apart(world):
    """AU-3, scenario 78."""
    async with world.ingestor():
        await world.command("overwrite_all", event_id="a")
        other = await world.imported("overwrite_all", "b", shop_key="other")
        demo = await world.report("a")
    assert (demo.counts.changed, other.counts.changed) == (450, 60)
    assert other.enumeration.product_count == 60
    assert await world.changes("product.removed") == []


async def test_a_shop_that_is_not_ours_or_has_no_settings_is_refused_by_name(world):
    await world.database["shops"].delete_one({"_id": "other"})
    async with world.ingestor():
        stranger = await world.imported("overwrite_all", "a", shop_key="stranger")
        unset = await world.imported("overwrite_all", "b", shop_key="other")
        await world.database["shops"].insert_one({"_id": "stranger"})
        unlisted = await world.imported("overwrite_all", "c", shop_key="stranger")
    not_in_file = (
        f"shop 'stranger' is not in the ingestor's shops file {world.shops_file}: add its base_url, client_id and"
        " client_secret there; the file is read again every 10 s"
    )
    no_settings = "shop {0!r} has no settings: publish them with `shopsync shops put {0}`"
    assert {(one.TYPE, one.code) for one in (stranger, unset, unlisted)} == {("import.failed", "shop_unknown")}
    assert stranger.message == f"{not_in_file}. Also: {no_settings.format('stranger')}"
    assert unset.message == no_settings.format("other")
    assert unlisted.message == not_in_file
    assert world.sandbox.journal.entries() == []


async def test_settings_that_come_a_moment_later_are_waited_for(world):
    await world.database["shops"].delete_one({"_id": "other"})
    world.settings["settings_grace"] = "20s"
    async with world.ingestor():
        await world.command("enumerate", event_id="b", shop_key="other")

        async def queued():
            return await world.database["imports"].find_one({"shop_key": "other", "state": "queued"})

        await eventually(queued, what="the import to be queued")
        await world.imported("enumerate", "a")  # the other shop is not held up
        await world.database["shops"].insert_one({"_id": "other"})
        assert (await world.report("b")).TYPE == "import.completed"


async def test_an_entry_in_the_shops_file_that_comes_a_moment_later_is_waited_for(world):
    """A mounted file reaches one replica later than the command for the new shop, or than another replica."""
    whole = world.shops_file.read_text(encoding="utf-8")
    connections = yaml.safe_load(whole)
    world.shops_file.write_text(yaml.safe_dump({"demo": connections["demo"]}), encoding="utf-8")
    world.settings |= {"settings_grace": "60s", "shops_file_every": "100ms"}
    async with world.ingestor():
        await world.command("enumerate", event_id="b", shop_key="other")

        async def queued():
            return await world.database["imports"].find_one({"shop_key": "other", "state": "queued"})

        await eventually(queued, what="the import to be queued")
        await world.imported("enumerate", "a")  # the other shop is not held up
        world.shops_file.write_text(whole, encoding="utf-8")
        assert (await world.report("b")).TYPE == "import.completed"


async def test_two_replicas_run_one_import_per_shop_at_a_time(world):
    modes = ["enumerate", "overwrite_all", "enumerate", "overwrite_all"]
    async with world.ingestor(), world.ingestor():
        for number, mode in enumerate(modes):
            await world.command(mode, event_id=f"c{number}")
        reports = [await world.report(f"c{number}") for number in range(4)]
    spans = sorted({(report.started_at, report.completed_at) for report in reports})
    assert len(spans) >= 2
    for (_, ended), (began, _) in pairwise(spans):
        assert ended <= began
    assert len(await world.events(REPORTS)) == 4
    assert world.sandbox.journal.counts["products"] == len(spans) * 5


async def test_an_error_of_ours_does_not_block_the_shop_indefinitely(world, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    async with world.ingestor():
        with monkeypatch.context() as patched:
            patched.setattr("ingestor.importing.listing_reader.to_product", broken)
            report = await world.imported("overwrite_all", "c1")
        assert (report.TYPE, report.code) == ("import.failed", "internal_error")
        assert report.message == "ZeroDivisionError: a bug"
        assert (await world.imported("overwrite_all", "c2")).counts.changed == 450
