"""同期 and 一括情報更新 say before what they would do, and send it once it is confirmed."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from played_services import PlayedServices

from console.live import Situation
from shopsync_contracts.topics import IMPORT_COMMANDS, SYNC_COMMANDS
from shopsync_readmodel.products.overwrites import read_dry_run, read_summary
from shopsync_readmodel.products.sync_plan import index_of, sync_groups


@pytest.fixture
async def services(world):
    return await PlayedServices.of(world)


@pytest.fixture
async def three(world, services):
    """One that goes, one that is OFF, one that lacks its category and more."""
    for number in ("A-1", "A-2", "A-3"):
        await services.imported(number, name=f"<i>{number}")
    for number in ("A-1", "A-2"):
        await services.completed(number)
    for number in ("A-1", "A-3"):
        await services.switched(number, on=True)
    return services


def hidden_fields(page):
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return [(name, value) for name, value in found if name in {"product_no", "all", "keyword", "status", "sync"}]


async def test_scenario_45_a_sync_of_all_says_what_goes_and_what_waits(world, three):
    page = await world.client.get("/sync")
    assert "TikTok Shopへ送信する商品: 1" in page.text
    assert "不足項目あり: 1 うちカテゴリー未設定: 1" in page.text
    assert "連携対象OFF: 1" in page.text
    assert "&lt;i&gt;A-3" in page.text
    one = str(uuid4())
    done = await world.post(world.client, "/sync", confirm="1", action_id=one)
    assert done.headers["location"] == f"/actions/{one}"
    await world.post(world.client, "/sync", confirm="1", action_id=one)
    [event] = await world.events(SYNC_COMMANDS)
    assert (event.id, event.data.product_nos, event.data.reason) == (one, None, "manual")


@pytest.mark.parametrize(
    ("chosen", "most"),
    [({}, 4), ({"status": {"$in": ["incomplete"]}}, 2), ({"content.name": {"$regex": "帽子"}}, 4)],
)
async def test_what_a_sync_would_do_is_counted_without_reading_products(world, three, chosen, most):
    await three.products.ensure_indexes()
    query = {**chosen, "shop_key": "demo"}
    asked = {"aggregate": "products", "pipeline": sync_groups(query), "hint": index_of(query)}
    plan = await world.database.command({"explain": {**asked, "cursor": {}}, "verbosity": "executionStats"})
    stats = plan.get("executionStats") or plan["stages"][0]["$cursor"]["executionStats"]
    assert (stats["totalDocsExamined"], stats["totalKeysExamined"] <= most) == (0, True)


async def test_hidden_listings_are_found_without_reading_the_others(world, three):
    await three.products.ensure_indexes()
    await three.pushed("A-1", minute=10)
    await three.reviewed("A-1", review="deactivated", minute=30)
    await world.database.command({"profile": 2})
    page = await world.client.get("/sync")
    await world.database.command({"profile": 0})
    assert "再び出品中" in page.text
    asked = {"ns": {"$regex": "products$"}, "command.filter.$and.live": {"$exists": True}}
    [found] = await world.database["system.profile"].find(asked).to_list()
    assert (found["docsExamined"], found["nreturned"]) == (1, 1)


async def test_scenario_45_a_sync_of_ticked_products_is_of_these_alone(world, three):
    page = await world.post(world.client, "/sync", product_no=["A-1", "A-2", "B-9"])
    assert "選んだ 3 商品" in page.text
    assert "送信する商品: 1" in page.text
    assert "連携対象OFF: 1" in page.text
    assert "ツールにない商品: 1" in page.text
    assert not await world.events(SYNC_COMMANDS)
    assert hidden_fields(page) == [("product_no", one) for one in ("A-1", "A-2", "B-9")]
    await world.post(world.client, "/sync", confirm="1", action_id=str(uuid4()), product_no=["A-1", "A-2", "B-9"])
    [event] = await world.events(SYNC_COMMANDS)
    assert event.data.product_nos == ("A-1", "A-2", "B-9")


async def test_a_sync_of_all_that_match_is_of_what_matches_when_it_is_confirmed(world, three):
    chosen = {"all": "1", "keyword": "A", "status": "pending", "sync": "on"}
    page = await world.post(world.client, "/sync", **chosen)
    assert "条件に合うすべての商品" in page.text
    assert "送信する商品: 1" in page.text
    assert dict(hidden_fields(page)) == chosen
    await world.post(world.client, "/sync", confirm="1", action_id=str(uuid4()), **chosen)
    [event] = await world.events(SYNC_COMMANDS)
    assert event.data.product_nos == ("A-1",)


async def test_the_same_press_is_one_sync_also_when_others_match_by_now(world, three):
    form = {"confirm": "1", "action_id": str(uuid4()), "all": "1", "keyword": "A", "sync": "on"}
    first = await world.post(world.client, "/sync", **form)
    await three.imported("A-9", name="A")
    await three.switched("A-9", on=True)
    again = await world.post(world.client, "/sync", **form)
    assert again.headers["location"] == first.headers["location"]
    assert len(await world.events(SYNC_COMMANDS)) == 1


async def test_products_of_another_shop_are_neither_counted_nor_sent(world, three):
    other = await world.log_in("other")
    page = await world.post(other, "/sync", product_no=["A-1"])
    assert "ツールにない商品: 1" in page.text
    assert "送信できる商品がありません" in page.text
    assert "送信する商品: 0" in (await other.get("/sync")).text


async def test_hidden_listings_that_would_come_back_are_named_before(world, three):
    await three.pushed("A-1", minute=10)
    await three.reviewed("A-1", review="approved", minute=20)
    assert "再び出品中" not in (await world.client.get("/sync")).text
    await three.reviewed("A-1", review="deactivated", minute=30)
    page = await world.client.get("/sync")
    assert "Seller Centerで非公開にした 1 商品が、この同期で再び出品中になります" in page.text
    assert "再び出品中" in (await world.post(world.client, "/sync", product_no="A-1")).text
    assert "再び出品中" not in (await world.post(world.client, "/sync", product_no="A-3")).text


async def test_what_holds_the_shop_up_is_said_before_with_its_end(world, three):
    until = world.now + timedelta(hours=21)
    await world.database["authorization_states"].update_one({"_id": "demo"}, {"$set": {"quota_until": until}})
    page = await world.client.get("/sync")
    assert "1日の新規登録数の上限" in page.text
    assert "2026/11/24 09:00 から再開します" in page.text


@pytest.mark.parametrize(
    ("cause", "shown"),
    [(["token_key", "add the key to PUBLISHER_TOKEN_KEY"], None), (["105005", "no scope"], "no scope")],
)
async def test_what_the_publisher_tells_operators_is_no_reason_for_merchants(world, cause, shown):
    changes = {"blocked": cause, "blocked_until": world.now + timedelta(hours=1)}
    await world.database["authorization_states"].update_one({"_id": "demo"}, {"$set": changes})
    found = await Situation(world.database).hold_up("demo", world.now)
    assert (found.code, found.reason) == ("blocked", shown)


async def test_an_update_is_sent_at_once_and_leads_back_to_the_list_that_follows_it(world, services):
    one = str(uuid4())
    done = await world.post(world.client, "/reimport", mode="changed_only", action_id=one)
    assert done.headers["location"] == "/products"
    await world.post(world.client, "/reimport", mode="changed_only", action_id=one)
    [event] = await world.events(IMPORT_COMMANDS)
    assert (event.id, event.data.mode, event.data.then_sync) == (one, "changed_only", False)
    page = await world.client.get("/products")
    assert f'hx-get="/actions/{one}"' in page.text
    assert "情報を更新する" in page.text


async def test_an_overwrite_of_everything_shows_first_what_would_be_lost(world, services):
    await services.imported("A-1", name="元の名前<b>")
    await services.imported("A-2")
    await services.edited("A-1", minute=5, name="<script>ツールの名前", price=2900, package_weight_g=300)
    asked = await world.post(world.client, "/reimport", mode="overwrite_all", action_id=str(uuid4()))
    assert asked.headers["location"] == "/reimport"
    assert not await world.events(IMPORT_COMMANDS)
    page = await world.client.get("/reimport")
    assert "1 商品の 2 項目で、ツールでの変更がfutureshopの値に戻ります" in page.text
    assert "ツールの名前" in page.text
    assert "元の名前" in page.text
    assert "¥2,900" in page.text
    assert "¥3,500" in page.text
    assert "<script>ツール" not in page.text
    one = str(uuid4())
    done = await world.post(world.client, "/reimport", mode="overwrite_all", confirm="1", action_id=one)
    assert done.headers["location"] == f"/actions/{one}"
    [event] = await world.events(IMPORT_COMMANDS)
    assert (event.id, event.data.mode) == (one, "overwrite_all")
    assert "一括情報更新" in (await world.client.get(f"/actions/{one}")).text


async def test_of_very_many_lost_edits_the_first_ones_are_held(world, services):
    for number in ("A-1", "A-2"):
        await services.imported(number)
        await services.edited(number, minute=5, name="x", price=1)
    found = await read_summary(world.database, "demo", 3)
    assert [(row.product_no, row.field) for row in found.first] == [("A-1", "name"), ("A-1", "price"), ("A-2", "name")]
    assert (found.counts["products"], found.counts["edits"]) == (2, 4)
    assert found.counts == (await read_dry_run(world.database, "demo")).counts()


async def test_edits_of_another_shop_are_not_in_the_dry_run(world, services):
    await services.imported("A-1", shop_key="other")
    await services.edited("A-1", minute=5, shop_key="other", name="よその名前")
    page = await world.client.get("/reimport")
    assert "失われる変更はありません" in page.text
    assert "よその名前" not in page.text


@pytest.mark.parametrize("mode", ["", "enumerate", "x"])
async def test_no_other_import_can_be_asked_for(world, mode):
    done = await world.post(world.client, "/reimport", mode=mode, confirm="1", action_id=str(uuid4()))
    assert done.status_code == 403
    assert not await world.events(IMPORT_COMMANDS)
