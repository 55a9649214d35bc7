"""An action is followed to its end, whatever happens in between."""

import re
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from played_services import PlayedServices

from console.actions import Actions
from console.app import build
from console.live import Follower, Hub, Situation
from console.settings import ConsoleSettings
from console.store import ActionStore, BulkReports
from shopsync_contracts.events import EditChanges, SyncSettings, TaxDefaults
from shopsync_contracts.topics import IMPORT_COMMANDS, SHOP_SETTINGS, TOOL_EDITS
from shopsync_runtime.runtime import Runtime
from shopsync_runtime.testing import running
from shopsync_testkit.polling import eventually

WEIGHT = EditChanges(package_weight_g=300)


@pytest.fixture
def actions(world):
    return Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)


@pytest.fixture
async def services(world):
    return await PlayedServices.of(world)


def an_id():
    return str(uuid4())


async def comes_to(actions, one, state, code=None, shop_key="demo"):
    """The action, once it is in this state for this reason."""

    async def is_there():
        found = await actions.get(shop_key, one)
        assert (found.state, found.code) == (state, code), found
        return found

    return await eventually(is_there, timeout=30)


async def sent(world):
    return (await world.events(TOOL_EDITS))[-1]


async def test_an_edit_is_done_when_the_product_carries_it(world, actions, services):
    await services.imported("A-1")
    one = an_id()
    await actions.edit("demo", "A-1", EditChanges(name="新しい名前", package_weight_g=300), action_id=one)
    await comes_to(actions, one, "applying")
    await services.apply(await sent(world))
    await comes_to(actions, one, "done")


async def test_pages_at_another_replica_are_told_of_an_end_that_this_one_noted(world, actions, services):
    await services.imported("A-1")
    one, hub = an_id(), Hub()
    other = follower_of(world, hub)
    await actions.edit("demo", "A-1", WEIGHT, action_id=one)
    await comes_to(actions, one, "applying")
    await other.round()
    page = hub.open("demo", "session", hub.position)
    await services.apply(await sent(world))
    await comes_to(actions, one, "done")
    for _ in range(2):
        await other.round()
    page.close()
    assert [change async for change, _ in page.changes()] == [("action", one), ("product", "A-1")]


async def test_an_edit_that_became_a_dead_letter_is_refused_with_its_reason(world, actions, services):
    await services.imported("A-1")
    one = an_id()
    await actions.edit("demo", "A-1", WEIGHT, action_id=one)
    await services.refuse(await sent(world), "stock: the product has no SKU ('S', '')")
    assert "no SKU" in (await comes_to(actions, one, "refused", "refused")).reason
    page = await world.client.get(f"/actions/{one}")
    assert "反映できませんでした" in page.text
    assert "この商品にSKU" in page.text


async def test_a_dead_letter_of_another_shop_with_that_id_refuses_nothing(world, actions, services):
    await services.imported("A-1")
    one = an_id()
    await actions.edit("demo", "A-1", WEIGHT, action_id=one)
    await services.refuse(await sent(world), "not yours", shop_key="other")
    await services.apply(await sent(world))
    await comes_to(actions, one, "done")


async def test_an_edit_of_a_product_that_is_still_to_come_waits(world, actions, services):
    one = an_id()
    await actions.edit("demo", "A-1", WEIGHT, action_id=one)
    await services.hold_back(await sent(world))
    await comes_to(actions, one, "waiting", "held")
    await services.imported("A-1")
    await services.apply(await sent(world))
    await comes_to(actions, one, "done")


async def test_a_later_edit_or_import_that_stands_is_told(world, actions, services):
    await services.imported("A-1")
    one, two = an_id(), an_id()
    await actions.edit("demo", "A-1", EditChanges(name="一"), action_id=one)
    await actions.edit("demo", "A-1", EditChanges(price=1), action_id=two)
    edits = await world.events(TOOL_EDITS)
    await services.edited("A-1", minute=300, name="二")
    await services.imported("A-1", minute=181)
    await services.apply(next(event for event in edits if event.id == two))
    await comes_to(actions, one, "done", "later")
    await comes_to(actions, two, "done", "import")


async def test_a_switch_is_done_when_it_is_stored(world, actions, services):
    await services.imported("A-1")
    one = an_id()
    await actions.switch("demo", "A-1", True, action_id=one)
    await comes_to(actions, one, "applying")
    await services.apply(await sent(world))
    await comes_to(actions, one, "done")


async def test_an_edit_of_a_product_that_was_deleted_meanwhile_comes_to_an_end(world, actions, services):
    await services.imported("A-1")
    one = an_id()
    await actions.edit("demo", "A-1", WEIGHT, action_id=one)
    await services.removed("A-1", minute=181)
    await services.deleted("A-1", minute=182)
    await comes_to(actions, one, "refused", "deleted")


async def test_a_bulk_edit_of_which_nothing_was_taken_says_why_in_japanese(world, actions, services):
    one, why = an_id(), "product demo/A-1 is not in the catalogue; import it first, then redrive this message"
    await actions.bulk_edit("demo", ["A-1"], WEIGHT, None, action_id=one)
    await services.report_bulk(one, [("A-1", why)])
    await comes_to(actions, one, "refused", "refused")
    page = (await world.client.get(f"/actions/{one}")).text
    assert "A-1: 商品がこのツールにありません" in page
    assert "redrive" not in page


async def test_a_bulk_edit_is_done_product_by_product(world, actions, services):
    for number in ("A-1", "A-2"):
        await services.imported(number)
    one = an_id()
    await actions.bulk_edit("demo", ["A-1", "A-2", "A-3"], WEIGHT, True, action_id=one)
    await services.report_bulk(one, [("A-1", ""), ("A-2", "")], page=1, pages=2)
    await comes_to(actions, one, "applying")
    await services.report_bulk(one, [("A-3", "not in the catalogue")], page=2, pages=2)
    await services.edited("A-1", minute=180, package_weight_g=300)
    await services.switched("A-1", on=True, minute=180)

    async def one_is_done():
        found = await actions.get("demo", one)
        assert found.progress == {"total": 3, "applied": 1, "refused": 1, "waiting": 1}
        return found.share == 66

    await eventually(one_is_done, timeout=30)
    await services.edited("A-2", minute=180, package_weight_g=300)
    await services.switched("A-2", on=True, minute=180)
    found = await comes_to(actions, one, "done", "some_refused")
    assert found.refused == (("A-3", "not in the catalogue"),)


async def test_an_import_shows_how_far_it_is_and_how_it_ended(world, actions, services):
    one, two = an_id(), an_id()
    await actions.request_import("demo", "changed_only", action_id=one)
    await actions.request_import("demo", "overwrite_all", action_id=two)
    await services.report_progress(one, read=250, expected=1000)

    async def shows_progress():
        return (await actions.get("demo", one)).share == 25

    await eventually(shows_progress, timeout=30)
    await services.report_import(one, read=1000, changed=3)
    await services.report_failed_import(two, "futureshop is closed")
    assert (await comes_to(actions, one, "done")).counts == [("read", 1000), ("changed", 3)]
    assert "closed" in (await comes_to(actions, two, "refused", "failed_import")).reason


async def test_a_sync_goes_on_until_every_product_has_an_outcome(world, actions, services):
    for number in ("A-1", "A-2", "A-3"):
        await services.imported(number)
        await services.completed(number)
        await services.switched(number, on=True)
    one = an_id()
    await actions.request_sync("demo", None, action_id=one)
    await services.report_sync(one, requested=4, commanded=3, incomplete=1)
    until = world.now + timedelta(hours=21)
    await world.database["authorization_states"].update_one({"_id": "demo"}, {"$set": {"quota_until": until}})
    await services.failed("A-2", status="sync_error", code="1")
    await services.say_result("A-2")
    waiting = await comes_to(actions, one, "waiting", "quota")
    assert waiting.until == until
    page = await world.client.get(f"/actions/{one}")
    assert "2026/11/24 09:00 から再開します" in page.text
    await services.say_skipped("A-3")
    await services.pushed("A-1", minute=181)
    await services.say_result("A-1")
    await comes_to(actions, one, "waiting", "review")
    await services.reviewed("A-1", review="approved", minute=200)
    found = await comes_to(actions, one, "done", "some_failed")
    assert dict(found.counts) == {
        "commanded": 3,
        "sent": 1,
        "failed": 1,
        "skipped": 1,
        "incomplete": 1,
    }


async def test_a_sync_in_review_is_followed_by_a_process_that_reads_nothing_of_it(world, actions, services):
    for number in ("A-1", "A-2"):
        await services.imported(number)
        await services.completed(number)
        await services.switched(number, on=True)
    one = an_id()
    await actions.request_sync("demo", ["A-1", "A-2"], action_id=one)
    await services.report_sync(one, requested=2, commanded=2)
    await services.failed("A-2", status="sync_error", code="1")
    await services.say_result("A-2")
    await services.pushed("A-1", minute=181)
    await services.say_result("A-1")
    await comes_to(actions, one, "waiting", "review")
    await silence(world.runtime)
    world.now += timedelta(days=3)
    next_process = follower_of(world)
    assert await next_process.needs(world.now) == (world.now, world.now)
    await next_process.round()
    assert (await actions.get("demo", one)).code == "review"
    await services.reviewed("A-1", review="approved", minute=200)
    await follower_of(world).round()
    found = await actions.get("demo", one)
    assert (found.state, found.code, dict(found.counts)) == (
        "done",
        "some_failed",
        {"commanded": 2, "sent": 1, "failed": 1},
    )


async def test_a_sync_waits_until_the_catalog_has_taken_the_results(world, actions, services):
    """The console may read a result before the catalog: the 状態 of before it is not the outcome."""
    for number in ("A-1", "A-2", "A-3"):
        await services.imported(number)
        await services.completed(number)
        await services.switched(number, on=True)
        await services.pushed(number, minute=10)
        await services.reviewed(number, review="approved", minute=20)
    await services.edited("A-1", minute=100, name="新しい名前")
    one = an_id()
    await actions.request_sync("demo", ["A-1", "A-2", "A-3"], action_id=one)
    await services.report_sync(one, requested=3, commanded=3)
    edited = await services.say_pushed("A-1")
    same = await services.say_pushed("A-2", action="unchanged", review="live")
    broken = await services.say_pushed("A-3", action="unchanged", review="live")

    async def all_read():
        found = await actions.get("demo", one)
        assert (found.state, dict(found.counts)) == ("applying", {"commanded": 3, "sent": 1, "unchanged": 2})
        return found

    await eventually(all_read, timeout=30)
    await services.apply(same)
    await services.refuse(broken, "unreadable")
    await silence(world.runtime)
    async with another(world):
        await all_read()
        await services.apply(edited)
        await comes_to(actions, one, "waiting", "review")
        await services.reviewed("A-1", review="rejected", minute=200, reasons=[{"reason": "The title is wrong"}])
        found = await comes_to(actions, one, "done")
    assert dict(found.counts) == {"commanded": 3, "sent": 1, "unchanged": 2, "rejected": 1}


async def test_results_of_pushes_are_needed_since_the_oldest_sync_alone(world, actions, services):
    await silence(world.runtime)
    first, earlier = world.now, world.now + timedelta(hours=1)
    await actions.request_import("demo", "changed_only", action_id=an_id())
    world.now = earlier
    await actions.request_sync("demo", None, action_id=an_id())
    world.now += timedelta(hours=1)
    assert await follower_of(world).needs(world.now) == (first, earlier)


async def test_a_sync_says_where_its_products_ended_and_why(world, actions, services):
    """不足項目あり is no 連携エラー: each kind is named with its reason and what to do."""
    numbers = [f"A-{n}" for n in range(1, 10)]
    for number in numbers:
        await services.imported(number, name=f"<b>靴下 {number}")
        await services.completed(number)
        await services.switched(number, on=True)
    one = an_id()
    await actions.request_sync("demo", None, action_id=one)
    await services.report_sync(one, requested=9, commanded=9)
    message, missing = "attributes.100398: 素材 is required by the category", ("attributes.100398",)
    for number in numbers[:6]:
        await services.failed(number, status="incomplete", code="incomplete", message=message, missing=missing)
        await services.say_result(number)
    await services.failed("A-7", status="sync_error", code="12052104", message="no such brand")
    await services.say_result("A-7")
    await services.apply(await services.say_skipped("A-8", "not_authorized"))
    await services.failed("A-9", status="warehouse_missing", code="warehouse_missing", message="no warehouse")
    await services.say_result("A-9")
    found = await comes_to(actions, one, "done", "some_failed")
    assert dict(found.counts) == {"commanded": 9, "became_incomplete": 6, "no_warehouse": 1, "failed": 2}
    assert found.failures == {
        "incomplete": tuple(numbers[:5]),
        "warehouse_missing": ("A-9",),
        "sync_error": ("A-7", "A-8"),
    }
    await services.edited("A-2", minute=200, package_weight_g=301)
    page = await world.client.get(f"/actions/{one}")
    parts = page.text.split("<section>")[1:]
    assert [re.findall(r"<h2>(.*)</h2>", part)[0] for part in parts] == [
        "「不足項目あり」になった商品: 6",
        "「倉庫未設定」になった商品: 1",
        "「連携エラー」になった商品: 2",
    ]
    incomplete, warehouse, failed = parts
    assert re.findall(r'href="(/products[^"]*)"', incomplete) == [
        *(f"/products/{number}" for number in numbers[:5]),
        "/products?status=incomplete",
    ]
    assert "&lt;b&gt;靴下 A-1" in incomplete
    assert incomplete.count("このカテゴリーでは「素材」の入力が必要です → 商品詳細で入力してください") == 4
    assert '現在の状態: <span class="tag pending">同期待ち' in incomplete
    assert "ほか 1 商品" in incomplete
    assert "もう一度［同期］を押してください" in incomplete
    assert "Seller Centerで販売用の倉庫を設定" in warehouse
    assert "TikTok Shopの回答（12052104）：no such brand" in failed
    world.client.cookies.set("console_language", "en")
    english = await world.client.get(f"/actions/{one}")
    world.client.cookies.set("console_language", "ja")
    assert "Ended in Incomplete: 6" in english.text
    assert "素材 is required by the category → Enter it on the product&#39;s page" in english.text
    history = await world.client.get("/history/syncs")
    assert "送信時に不足項目あり 6" in history.text
    assert "送信できなかった商品と理由を見る" in history.text
    listed = await world.client.get("/products")
    assert "送信できなかった商品と理由を見る" in listed.text


async def test_a_sync_names_what_the_review_refused(world, actions, services):
    for number in ("A-1", "A-2"):
        await services.imported(number)
        await services.completed(number)
        await services.switched(number, on=True)
        await services.pushed(number, minute=181)
        await services.reviewed(number, review="rejected", minute=190, reasons=[{"reason": "The title is wrong"}])
    await services.imported("A-3")
    one = an_id()
    await actions.request_sync("demo", ["A-1", "A-3"], action_id=one)
    await services.report_sync(one, requested=2, commanded=2)
    await services.say_result("A-1")
    await services.apply(await services.say_pushed("A-3", action="unchanged", review="live"))
    await comes_to(actions, one, "done")
    page = await world.client.get(f"/actions/{one}")
    assert "送信済み 1" in page.text
    assert "変更なし（送信済み） 1" in page.text
    [part] = page.text.partition("</section>")[0].split("<section>")[1:]
    assert "「審査NG」になった商品: 1" in part
    assert "The title is wrong" in part
    assert re.findall(r'href="(/products[^"]*)"', part) == ["/products/A-1", "/products?status=rejected"]


async def test_a_sync_that_was_refused_says_why(world, actions, services):
    one = an_id()
    await actions.request_sync("demo", ["A-1"], action_id=one)
    await services.report_sync(one, refused_because="no settings")
    assert (await comes_to(actions, one, "refused", "refused_sync")).reason == "no settings"


async def test_settings_are_done_when_they_are_stored(world, actions, services):
    one = an_id()
    await actions.save_settings("demo", SyncSettings(mode="auto"), TaxDefaults(), action_id=one)
    await comes_to(actions, one, "applying")
    [event] = await world.events(SHOP_SETTINGS)
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": {"updated_at": event.time}})
    await comes_to(actions, one, "done")


async def test_what_was_said_while_no_console_ran_is_not_missed(world, actions, services):
    await services.imported("A-1")
    await silence(world.runtime)
    edit, bulk, run = an_id(), an_id(), an_id()
    await actions.edit("demo", "A-1", WEIGHT, action_id=edit)
    await actions.bulk_edit("demo", ["A-1"], WEIGHT, None, action_id=bulk)
    await actions.request_import("demo", "changed_only", action_id=run)
    await services.refuse(await find_event(world, edit), "no such thing")
    await services.report_bulk(bulk, [("A-1", "no")])
    await services.report_import(run, read=1)
    assert [(await actions.get("demo", one)).state for one in (edit, bulk, run)] == ["sent"] * 3
    async with another(world):
        await comes_to(actions, edit, "refused", "refused")
        await comes_to(actions, bulk, "refused", "refused")
        await comes_to(actions, run, "done")


async def test_what_never_ends_is_not_followed_for_ever(world, actions, services):
    one = an_id()
    await actions.request_import("demo", "changed_only", action_id=one)
    world.now += timedelta(days=8)
    await comes_to(actions, one, "done", "old")


async def crashed(world, actions, one):
    """The process ended after it had published the action and before that was stored."""
    [shop] = await world.database["accounts"].find({"_id": "demo"}).to_list()
    [kept] = [kept for kept in shop["actions"] if kept["id"] == one]
    kept = {**kept, "state": "unsent", "claimed_until": world.now}
    await world.database["accounts"].update_one({"_id": "demo", "actions.id": one}, {"$set": {"actions.$": kept}})
    assert (await actions.get("demo", one)).state == "unknown"


async def test_what_was_published_before_a_crash_is_found_out(world, actions, services):
    await services.imported("A-1")
    await silence(world.runtime)
    done, bad, held, bulk, settings = (an_id() for _ in range(5))
    await actions.edit("demo", "A-1", WEIGHT, action_id=done)
    await actions.edit("demo", "A-1", EditChanges(brand_id="7"), action_id=bad)
    await actions.edit("demo", "A-9", WEIGHT, action_id=held)
    await actions.bulk_edit("demo", ["A-1"], WEIGHT, None, action_id=bulk)
    await actions.save_settings("demo", SyncSettings(mode="auto"), TaxDefaults(), action_id=settings)
    for one in (done, bad, held, bulk, settings):
        await crashed(world, actions, one)
    page = (await world.client.get(f"/actions/{done}")).text
    assert "確認できません" in page
    assert "反映できませんでした" not in page
    assert 'href="/products/A-1"' in page
    report = (await world.client.get(f"/bulk/{bulk}")).text
    assert "確認できません" in report
    assert "反映済み" not in report
    await services.apply(await find_event(world, done))
    await services.refuse(await find_event(world, bad), "no")
    await services.hold_back(await find_event(world, held))
    await services.report_bulk(bulk, [("A-1", "no")])
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": {"updated_at": world.now}})
    async with another(world):
        await comes_to(actions, done, "done")
        await comes_to(actions, bad, "refused", "refused")
        await comes_to(actions, held, "waiting", "held")
        await comes_to(actions, bulk, "refused", "refused")
        await comes_to(actions, settings, "done")


async def test_what_proves_nothing_leaves_it_unknown_and_the_form_sends_it_again(world, actions, services):
    for number in ("A-1", "A-2"):
        await services.imported(number)
    await silence(world.runtime)
    later, gone, nothing, settings = (an_id() for _ in range(4))
    await actions.edit("demo", "A-1", WEIGHT, action_id=later)
    await actions.edit("demo", "A-2", WEIGHT, action_id=gone)
    await actions.request_import("demo", "changed_only", action_id=nothing)
    await actions.save_settings("demo", SyncSettings(mode="auto"), TaxDefaults(), action_id=settings)
    for one in (later, gone, nothing, settings):
        await crashed(world, actions, one)
    await services.edited("A-1", minute=300, package_weight_g=400)
    await services.removed("A-2", minute=181)
    await services.deleted("A-2", minute=182)
    after = world.now + timedelta(minutes=1)
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": {"updated_at": after}})
    follower = follower_of(world)
    for _ in range(2):
        await follower.round()
    assert {(await actions.get("demo", one)).state for one in (later, gone, nothing, settings)} == {"unknown"}
    assert "確認できません" in (await world.client.get("/products/A-1/row")).text
    await actions.request_import("demo", "changed_only", action_id=nothing)
    assert (await actions.get("demo", nothing)).state == "sent"
    assert [event.id for event in await world.events(IMPORT_COMMANDS)] == [nothing] * 2


def follower_of(world, hub=None):
    """That of another process."""
    reports, store = BulkReports(world.database), ActionStore(world.database)
    return Follower(store, Situation(world.database), hub or Hub(), reports=reports, clock=world.clock)


async def find_event(world, one):
    return next(event for event in await world.events(TOOL_EDITS) if event.id == one)


async def silence(runtime):
    """The console's process is gone, as far as actions are concerned."""
    for task in runtime.tasks:
        if task.name in {"following", "reading"}:
            await task.stop()


@asynccontextmanager
async def another(world):
    """The next process."""
    runtime = Runtime("console", world.common, clock=world.clock)
    build(runtime, ConsoleSettings(**world.service_settings()))
    async with running(runtime):
        yield runtime
