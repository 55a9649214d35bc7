"""同期 and 一括情報更新 say before what they would do, and send it once it is confirmed."""

import re
from dataclasses import replace
from datetime import timedelta
from unittest.mock import AsyncMock
from uuid import uuid4

import httpx
import pytest
from played_services import PlayedServices
from pydantic import SecretStr

from console.category_demands import demand_of
from console.forms.attributes import choices_of, inputs, needed_certificates
from console.forms.missing import demanded
from console.live import Situation
from console.publisher_api import Certificate, PublisherApi
from shopsync_contracts.events import Attribute
from shopsync_contracts.topics import IMPORT_COMMANDS, SYNC_COMMANDS
from shopsync_readmodel.products import demands
from shopsync_readmodel.products.demands import find_lacking_of
from shopsync_readmodel.products.listed import index_of
from shopsync_readmodel.products.overwrites import read_dry_run, read_summary
from shopsync_readmodel.products.sync_plan import sync_groups


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


# What a category requires ---------------------------------------------------------------------------------------

DOCUMENTS = [
    (),
    (Certificate("届出", required=False),),
    (Certificate("届出", required=True),),
    (Certificate("届出", required=False, required_if=frozenset({("100701", "1007011"), ("100800", "1008001")})),),
    (Certificate("届出", required=False, required_if=frozenset({("100777", "1008001")})),),
]
REQUIRED = (("100701", {"id": "1007011"}), ("100398", {"id": "1001001"}))


def given(*pairs):
    return [{"id": one, "values": [value]} for one, value in pairs]


async def ready(services, number, category_id="601234", attributes=(), **changes):
    """A product that the catalog finds complete, and that is ON."""
    await services.imported(number, name=f"靴下 {number}")
    await services.completed(number)
    await services.edited(number, minute=2, category_id=category_id, attributes=list(attributes), **changes)
    await services.switched(number, on=True)
    assert (await services.document(number))["status"] == "pending"


def lacking(page):
    """Numbers of the products that are named as lacking something."""
    part = page.text.partition('id="lacking"')[2].partition("</li>\n    <li")[0]
    return re.findall(r'href="/products/([^"?]+)"', part)


async def test_products_without_what_their_category_requires_are_no_products_that_go(world, services):
    """ED-8: also what another value makes necessary, by its id or its name, and a size chart."""
    await services.products.ensure_indexes()
    battery = [("100800", {"name": "あり"}), ("100800", {"id": "1008002"})]
    await ready(services, "A-1", attributes=given(*REQUIRED))
    await ready(services, "A-2", attributes=given(REQUIRED[0]))
    await ready(services, "A-3", attributes=given(*REQUIRED, battery[0]))
    await ready(services, "A-4", attributes=given(*REQUIRED, battery[1]))
    await ready(services, "A-5", "611100", given(*REQUIRED))
    await ready(services, "A-6", "611100", given(*REQUIRED), size_chart_image="https://a.example/1.jpg")
    world.publisher.size_charts.add("611100")
    for asked in (world.client.get("/sync"), world.post(world.client, "/sync", all="1", keyword="靴下", sync="on")):
        page = await asked
        assert "TikTok Shopへ送信する商品: 3" in page.text
        assert "必須項目が未入力: 3" in page.text
        assert lacking(page) == ["A-2", "A-3", "A-5"]
        # The catalog commands these too: the result's count is explained before.
        assert "3 商品も、結果の「送信対象 6」に含まれます" in page.text
        assert "前回の送信から変更がない商品は、送り直しません" in page.text
        assert "同期しても送信されず、状態が「不足項目あり」になります" in page.text
        assert "3 商品を同期する" in page.text
        assert "確認できませんでした" not in page.text
    page = await world.post(world.client, "/sync", product_no=["A-1", "A-2"])
    assert (lacking(page), "送信する商品: 1" in page.text) == (["A-2"], True)
    none = await world.post(world.client, "/sync", product_no=["A-2"])
    assert "このまま同期する" in none.text
    asked = [path for _, path, _ in world.publisher.asked if path.endswith("/requirements")]
    assert sorted(asked[:2]) == [f"/internal/shops/demo/categories/{one}/requirements" for one in ("601234", "611100")]


async def test_what_tiktok_has_taken_or_does_not_go_is_not_counted_as_lacking(world, services):
    await ready(services, "A-1")
    await services.pushed("A-1", minute=10)
    await ready(services, "A-2")
    await services.switched("A-2", on=False, minute=3)
    page = await world.client.get("/sync")
    assert (lacking(page), "TikTok Shopへ送信する商品: 1" in page.text) == ([], True)
    assert not [path for _, path, _ in world.publisher.asked if path.endswith("/requirements")]


async def test_of_categories_that_cannot_be_asked_for_it_is_said_that_nobody_knows(world, services):
    await ready(services, "A-1")
    await ready(services, "A-2", "611100", given(*REQUIRED))
    world.publisher.silent.add("601234")
    page = await world.client.get("/sync")
    assert "TikTok Shopへ送信する商品: 2" in page.text
    assert "うち 1 商品は、カテゴリーの必須属性が入力されているかを確認できませんでした" in page.text
    world.publisher.trouble = (401, "unauthorized", "another token", None)
    page = await world.client.get("/sync")
    assert "うち 2 商品は" in page.text
    assert lacking(page) == []


async def test_of_very_many_products_some_are_looked_at_and_some_are_named(world, services, monkeypatch):
    monkeypatch.setattr(demands, "MOST_LOOKED_AT", 14)
    monkeypatch.setattr(demands, "MOST_NAMED", 12)
    await ready(services, "A-01")
    first = await services.document("A-01")
    others = [{**first, "_id": f"demo/A-{n:02}", "product_no": f"A-{n:02}"} for n in range(2, 17)]
    await world.database["products"].insert_many(others)
    page = await world.client.get("/sync")
    assert lacking(page) == [f"A-{n:02}" for n in range(1, 13)]
    assert "必須項目が未入力: 14" in page.text
    assert "ほか 2 商品を表示する" in page.text
    assert "さらに 2 商品あります" in page.text
    assert "うち 2 商品は" in page.text


@pytest.mark.parametrize(
    "attributes",
    [
        given(*REQUIRED),
        given(REQUIRED[0]),
        given(*REQUIRED, ("100800", {"id": "1008001"})),
        given(*REQUIRED, ("100800", {"name": "あり"})),
        given(*REQUIRED, ("100800", {"name": "なし"})),
        given(*REQUIRED, ("100800", {"id": "1008001"}), ("100801", {"id": "1008011"})),
        given(*REQUIRED, ("100777", {"id": "1008001"})),
    ],
)
async def test_one_product_and_many_are_judged_alike(world, services, attributes):
    """商品詳細 and 同期 must not say different things of the same product."""
    await services.imported("A-1")
    await services.edited("A-1", minute=2, category_id="601234", attributes=attributes)
    async with httpx.AsyncHTTPTransport() as http:
        url = world.settings["publisher_url"]
        api = PublisherApi(http, url, SecretStr(world.publisher.token))
        required = await api.requirements("demo", "601234")
    stored = choices_of([Attribute.model_validate(one, strict=False) for one in attributes])
    for documents in DOCUMENTS:
        with_documents = replace(required, certificates=documents)
        needed = bool(needed_certificates(with_documents, stored))
        one = demanded(inputs(required.fields, stored), "", needs_size_chart=False, needs_certificate=needed)
        known = AsyncMock(return_value={"601234": demand_of(with_documents)})
        found = await find_lacking_of(world.database, "demo", ["A-1"], known)
        assert found == ({"A-1"} if one else set()), documents


async def test_a_sync_of_all_that_match_is_of_what_matches_when_it_is_confirmed(world, three):
    chosen = {"all": "1", "keyword": "A", "status": "pending", "sync": "on"}
    page = await world.post(world.client, "/sync", **chosen)
    assert "条件に合うすべての商品" in page.text
    assert "条件：商品名に含む言葉「A」・状態「同期待ち」・連携対象「ON」" in page.text
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
