"""The publisher on a database that was restored: TikTok Shop has listings, SKUs and stock that it does not know.

Nothing is listed twice, and stock goes once per SKU (RB-8, ST-3, NV-3, NV-8).
"""

import pytest
from msgspec.structs import replace

from publisher.store import Positions
from shopsync_contracts import new_event
from shopsync_contracts.events import PushPauseSet

AXES = {"vertical": "サイズ"}


async def restored(world):
    """As `shopsync mongo restored` marks it; a publisher reads the mark when it starts."""
    await world.database["restorations"].insert_one({"_id": world.clock(), "restored_at": world.clock()})
    push = next(task for task in world.runtime.start_hooks if getattr(task, "__name__", "") == "look")
    await push()


def products(world):
    return list(world.sandbox.world.shop("demo").products.values())


def stock_writes(world):
    return dict(world.sandbox.journal.stock_writes)


async def backup(world):
    return {name: await world.database[name].find().to_list() for name in ("listings", "push_jobs")}


async def restore(world, kept):
    await restored(world)  # first: this publisher runs on
    # The idempotency key may have been forgotten by TikTok long ago.
    world.sandbox.world.shop("demo").idempotency.clear()
    for name, documents in kept.items():
        await world.database[name].delete_many({})
        if documents:
            await world.database[name].insert_many(documents)


async def test_a_product_that_was_listed_since_the_backup_is_not_listed_again(demo):
    await demo.store()
    kept = await backup(demo)
    await demo.push("A-100")
    await restore(demo, kept)
    await demo.push("A-100")
    assert len(products(demo)) == 1
    assert demo.sandbox.journal.done["creates"] == 1
    assert stock_writes(demo) == {("demo", "A-100"): 1}
    listing = await demo.listing()
    assert listing["tiktok_product_id"] == products(demo)[0].id
    assert [sku["stock_sent"] for sku in listing["skus"]] == [7]


async def test_a_job_of_the_backup_that_was_done_since_lists_nothing_again(demo):
    """As after a quota: the job was in the backup, and was carried out after it."""
    await demo.store()
    kept = await backup(demo)
    await demo.push("A-100")
    job = {
        "_id": "demo/A-100", "shop_key": "demo", "product_no": "A-100", "command_id": "c", "reason": "manual",
        "requested_at": demo.clock(), "attempts": 0, "waits": 0, "seq": 1, "owner": "", "due_at": demo.clock(),
        "lease_until": demo.clock(),
    }  # fmt: skip
    await restore(demo, {**kept, "push_jobs": [job]})
    await demo.quiet()
    assert demo.sandbox.journal.done["creates"] == 1
    assert stock_writes(demo) == {("demo", "A-100"): 1}


async def test_a_sku_that_was_added_since_keeps_its_stock(demo, sku):
    await demo.store(axes=AXES, skus=[sku("M")])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    kept = await backup(demo)
    both = [sku("M"), sku("L", stock=4)]
    await demo.store(axes=AXES, skus=both, content_version=2, version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    await restore(demo, kept)
    await demo.store(axes=AXES, skus=[*both, sku("S", stock=9)], content_version=3, version=3)
    await demo.push("A-100")
    assert stock_writes(demo) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1, ("demo", "A-100_S"): 1}
    assert {sku["vertical_no"] for sku in (await demo.listing())["skus"]} == {"M", "L", "S"}
    assert demo.sandbox.journal.done["creates"] == 1


async def test_what_the_catalogue_has_read_again_is_believed_without_a_search(demo, sku):
    """The merchant has renamed the SKU in Seller Center since: no search by its name would find it."""
    await demo.store(axes=AXES, skus=[sku("M")])
    kept = await backup(demo)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    [product] = products(demo)
    [there] = product.content.skus
    product.content = product.content.model_copy(
        update={"skus": [there.model_copy(update={"seller_sku": "renamed"})], "external_product_id": None}
    )
    await restore(demo, kept)
    known = {"tiktok_product_id": product.id, "pushed_content_version": 1}
    await demo.store(axes=AXES, skus=[sku("M", tiktok_sku_id=there.id)], **known)
    searches = demo.sandbox.journal.requests["search_products"]
    await demo.push("A-100")
    assert demo.sandbox.journal.requests["search_products"] == searches
    assert len(products(demo)) == 1
    assert stock_writes(demo) == {("demo", "A-100_M"): 1}
    assert demo.sandbox.journal.done["edits"] == 1, "the content was sent once more"
    assert (await demo.job("demo/A-100")) is None


async def test_the_newest_listing_that_the_catalogue_knows_is_the_one_that_is_edited(demo, sku):
    """The number was deleted and registered again since the backup, and listed as a new product (DL-13)."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    [old] = products(demo)
    kept = await backup(demo)
    former = {"tiktok_product_id": old.id, "deleted_at": demo.clock(), "sweep_id": "s"}
    await demo.store(former_listing=former, version=5, content_version=5)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    [new] = [one for one in products(demo) if one.id != old.id]
    await restore(demo, kept)
    [there] = new.content.skus
    known = {"tiktok_product_id": new.id, "pushed_content_version": 5}
    await demo.store(
        content={"name": "新しい名前"}, skus=[sku(tiktok_sku_id=there.id)], version=6, content_version=6, **known
    )
    await demo.push("A-100")
    assert len(products(demo)) == 2
    assert new.under_review.title == "新しい名前"
    assert (await demo.listing())["tiktok_product_id"] == new.id
    assert max(stock_writes(demo).values()) == 2, "once for each of the two products with this number"


@pytest.mark.parametrize("kind", ["create", "edit"])
async def test_a_write_that_was_under_way_at_the_backup_is_found_with_all_that_followed(demo, sku, kind):
    """The intent of the backup knows one SKU; another one went since."""
    await demo.store(axes=AXES, skus=[sku("M")])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    [listing] = (await backup(demo))["listings"]
    stock = [{"vertical_no": "M", "horizontal_no": "", "quantity": 7}]
    intent = {
        "kind": kind,
        "key": "k",
        "content_version": 1,
        "fingerprint": "f",
        "stock": stock,
        "sent_at": demo.clock(),
    }
    if kind == "create":
        old = {"_id": "demo/A-100", "shop_key": "demo", "product_no": "A-100", "intent": intent, "pushes": 1}
    else:
        old = {**listing, "intent": intent}
    await demo.store(axes=AXES, skus=[sku("M"), sku("L", stock=4)], content_version=2, version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    await restore(demo, {"listings": [old], "push_jobs": []})
    await demo.push("A-100")
    assert stock_writes(demo) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1}
    assert demo.sandbox.journal.done["creates"] == 1


async def test_a_product_that_tiktok_does_not_have_is_listed_as_ever(demo):
    await restore(demo, await backup(demo))
    await demo.store()
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]
    assert stock_writes(demo) == {("demo", "A-100"): 1}


async def test_without_a_restore_no_search_comes_before_a_create(demo):
    await demo.store()
    await demo.push("A-100")
    assert demo.sandbox.journal.requests["search_products"] == 0


async def forgotten_restore(demo):
    """A-100 and A-101 are listed, of which the database knows nothing any more, and nobody has told the publisher.

    It is told by Kafka, whose offsets have gone on.
    """
    for product_no in ("A-100", "A-101", "A-102"):
        await demo.store(product_no)
    names = ("listings", "command_positions", "push_jobs")
    await demo.push("A-102")
    kept = {name: await demo.database[name].find().to_list() for name in names}
    await demo.push("A-100")
    await demo.push("A-101")
    for name, documents in kept.items():
        await demo.database[name].delete_many({})
        if documents:
            await demo.database[name].insert_many(documents)
    demo.sandbox.world.shop("demo").idempotency.clear()
    restart(demo)


def restart(demo):
    """All that a process remembers of the positions is gone."""
    demo.handler.__self__._positions = Positions(demo.database)


async def test_commands_whose_predecessors_the_database_does_not_know_put_it_in_doubt(demo):
    await forgotten_restore(demo)
    await demo.push("A-101")
    assert demo.sandbox.journal.done["creates"] == 3
    assert stock_writes(demo) == dict.fromkeys([("demo", "A-100"), ("demo", "A-101"), ("demo", "A-102")], 1)


async def test_the_doubt_outlives_the_process_that_found_the_gap(demo):
    """The position has gone on to the command behind the gap: nothing shows the gap to the next process."""
    await forgotten_restore(demo)
    await demo.push("A-101")
    restart(demo)
    await demo.push("A-100")
    assert demo.sandbox.journal.done["creates"] == 3
    assert stock_writes(demo) == dict.fromkeys([("demo", "A-100"), ("demo", "A-101"), ("demo", "A-102")], 1)


async def test_a_crash_between_the_gap_and_the_jobs_keeps_the_doubt(demo):
    await forgotten_restore(demo)
    await Positions(demo.database).note_gaps([demo._delivery("A-101", "demo", "manual")])
    restart(demo)
    await demo.push("A-100")
    assert demo.sandbox.journal.done["creates"] == 3


async def gaps(database):
    return await database["command_positions"].count_documents({"gap_at": {"$exists": True}})


async def test_commands_that_follow_the_known_ones_do_not(demo):
    store = Positions(demo.database)
    one = demo._delivery("A-100", "demo", "manual")
    await store.note_gaps([replace(one, offset=7)])  # a partition that is not known yet
    await store.taken([replace(one, offset=7)])
    again = Positions(demo.database)
    await again.note_gaps([replace(one, offset=8), replace(one, offset=20)])
    await again.note_gaps([replace(one, offset=90)])  # only the first commands of a partition are judged
    assert await gaps(demo.database) == 0
    await Positions(demo.database).note_gaps([replace(one, offset=9)])
    assert await gaps(demo.database) == 1


async def test_a_pause_before_the_first_command_leaves_no_gap(demo):
    await demo.store()
    await demo.push("A-100")
    restart(demo)
    command = demo._delivery("A-100", "demo", "manual")
    pause = new_event(PushPauseSet(shop_key="demo", paused=False), source="/t", id="p", time=demo.clock())
    after = replace(command, offset=command.offset + 1)
    await demo.handler([replace(command, value=pause.to_bytes(), parsed=pause), after])
    assert await gaps(demo.database) == 0
