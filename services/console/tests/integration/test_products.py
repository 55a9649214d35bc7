"""商品一覧: found by name, 状態 and 連携対象, a page at a time, switched in its row."""

import asyncio
import html
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from played_services import PlayedServices

from console.actions import Actions
from console.forms.product import digest
from console.screens import status_counts
from console.screens.asked import Asked
from console.screens.products import PAGE
from console.store import ActionStore
from console.store.actions import KEPT_NUMBERS
from shopsync_contracts.events import EditChanges
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_readmodel.products.listed import LISTED
from shopsync_readmodel.products.search import rows_query
from shopsync_testkit.polling import eventually


@pytest.fixture
async def services(world):
    return await PlayedServices.of(world)


@pytest.fixture
def actions(world):
    return Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)


def numbers(page):
    """Of the rows, in order."""
    return re.findall(r'data-product="([^"]*)"', page.text)


async def many(world, services, count, *, shop_key="demo", **members):
    """Products that differ in their number: the first one is stored by the catalog, the others are copies of it."""
    await services.imported("P-0000", shop_key=shop_key)
    first = await world.database["products"].find_one({"_id": f"{shop_key}/P-0000"})
    copies = [
        {**first, "_id": f"{shop_key}/P-{number:04}", "product_no": f"P-{number:04}", **members}
        for number in range(1, count)
    ]
    await world.database["products"].insert_many(copies)


async def test_scenario_59_without_an_authorisation_the_list_leads_to_it(world, services):
    await services.imported("A-1")
    await world.database["authorization_states"].delete_one({"_id": "demo"})
    shown = await world.client.get("/products")
    assert (shown.status_code, shown.headers["location"]) == (303, "/authorization")
    assert "シャツ" not in shown.text
    counts = await world.client.get("/product-counts", headers={"hx-request": "true"})
    assert (counts.headers["hx-redirect"], counts.text) == ("/authorization", "")


async def test_a_page_about_a_wrong_address_keeps_the_menu(world):
    for browser, has_menu in ((world.client, True), (world.stranger, False)):
        wrong = await browser.get("/products/%FF")
        assert (wrong.status_code, '<a href="/settings">' in wrong.text) == (400, has_menu)


async def test_of_what_ended_well_the_newest_is_told_and_older_ones_are_folded_away(world, services, actions):
    await services.imported("A-1", name="靴下")
    for _ in range(3):
        world.now += timedelta(seconds=1)
        await actions.request_import("demo", "changed_only", action_id=str(uuid4()))
    assert "<details" not in (await world.client.get("/products")).text
    await world.database["accounts"].update_one({"_id": "demo"}, {"$set": {"actions.$[].state": "done"}})
    shown, _, folded = (await world.client.get("/products")).text.partition("<summary>最近の操作 2件</summary>")
    assert (shown.count(" good action"), folded.count(" good action")) == (1, 2)


async def test_of_a_status_alone_the_list_says_how_many_there_are(world, services):
    for number in ("A-1", "A-2"):
        await services.imported(number, name="靴下")
    assert "条件に合う商品：2件" in (await world.client.get("/products?status=incomplete")).text
    for address in ("/products", "/products?status=incomplete&keyword=靴下"):
        page = (await world.client.get(address)).text
        assert "条件に合う商品：" not in page
        part = re.findall(r'hx-get="(/product-counts[^"]*)"', page)[0]
        assert "条件に合う商品：" not in (await world.client.get(html.unescape(part))).text


NUMBERS = (".", "..", "~", "~.", "~~..", "%2e%2e", "...", "a?b#c", " a ;b", "a\\b", "靴下☂🧦", "a\n", "a\nb", "x" * 32)


async def test_a_product_is_opened_and_switched_whatever_its_number_is(world, services):
    for number in NUMBERS:
        await services.imported(number, images=["not an address"])
    page = await world.client.get("/products")
    links = [html.unescape(one) for one in re.findall(r'<a id="open-[^"]*" href="([^"]*)"', page.text)]
    assert len(links) == len(set(links)) == len(NUMBERS)
    shown = set()
    for link in links:
        opened = await world.client.get(link)
        assert opened.status_code == 200, link
        shown.add(html.unescape(re.findall(r'data-product="([^"]*)"', opened.text)[0]))
        assert f'<form id="product-form" method="post" action="{html.escape(link)}"' in opened.text
        for below in ("/row", "/state", "/picture"):
            assert (await world.client.get(link + below)).status_code == 200, link + below
        switched = await world.post(world.client, f"{link}/row", sync="on", action_id=str(uuid4()))
        back = await world.post(world.client, f"{link}/target", on="0", action_id=str(uuid4()))
        assert (switched.status_code, back.status_code, back.headers["location"]) == (303, 303, link)
    assert shown == set(NUMBERS)
    assert {one.data.product_no for one in await world.events(TOOL_EDITS)} == shown


async def test_scenario_60_keyword_and_status_together(world, services):
    for number, name in (("A-1", "白いシャツ"), ("A-2", "黒いシャツ"), ("A-3", "白い帽子"), ("A-4", "青いシャツ")):
        await services.imported(number, name=name)
    products = world.database["products"]
    await products.update_many({"_id": {"$in": ["demo/A-1", "demo/A-3"]}}, {"$set": {"status": "rejected"}})
    found = await world.client.get("/products", params={"keyword": "シャツ", "status": "rejected"})
    assert numbers(found) == ["A-1"]
    assert 'value="シャツ"' in found.text
    assert '<option value="rejected" selected>' in found.text
    assert numbers(await world.client.get("/products", params={"keyword": ".*"})) == []
    assert "条件に合う商品はありません" in (await world.client.get("/products", params={"keyword": ".*"})).text


async def test_scenario_40_a_product_that_lacks_a_category_is_found_by_its_status(world, services):
    await services.imported("A-1")
    await services.imported("A-2")
    await services.completed("A-2")
    assert numbers(await world.client.get("/products?status=incomplete")) == ["A-1"]
    assert numbers(await world.client.get("/products?status=pending")) == ["A-2"]


async def test_a_row_shows_what_a_merchant_looks_for(world, services):
    await services.imported("シャツ 1/".rstrip("/"), name="<script>alert(1)</script>シャツ")
    page = await world.client.get("/products")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;シャツ" in page.text
    assert "<script>alert" not in page.text
    assert 'src="/products/%E3%82%B7%E3%83%A3%E3%83%84%201/picture"' in page.text
    assert "¥3,500" in page.text
    assert "不足項目あり" in page.text
    assert "2026/11/23 09:00" in page.text
    assert "未送信" in page.text


async def test_stock_that_is_not_managed_is_shown_as_there(world, services):
    await services.imported("A-1", stock_managed=False, skus=[{}])
    assert "在庫有り" in (await world.client.get("/products")).text


async def test_products_of_another_shop_are_neither_listed_nor_switched(world, services):
    await services.imported("A-1", shop_key="other")
    assert numbers(await world.client.get("/products")) == []
    assert "A-1" not in (await world.client.get("/products/A-1/row")).text
    one = await world.post(world.client, "/products/A-1/row", sync="on", action_id=str(uuid4()), shop_key="other")
    assert one.status_code == 404
    assert not await world.events(TOOL_EDITS)


async def test_pages_go_on_by_number_in_both_directions(world, services):
    await many(world, services, 2 * PAGE + 5)
    await many(world, services, 3, shop_key="other")
    first = await world.client.get("/products?sync=off")
    assert numbers(first) == [f"P-{number:04}" for number in range(PAGE)]
    assert "前のページ" not in first.text
    second = await world.client.get(link(first, "next"))
    assert numbers(second) == [f"P-{number:04}" for number in range(PAGE, 2 * PAGE)]
    assert "sync=off" in link(second, "next")
    third = await world.client.get(link(second, "next"))
    assert numbers(third) == [f"P-{number:04}" for number in range(2 * PAGE, 2 * PAGE + 5)]
    assert "次のページ" not in third.text
    back = await world.client.get(link(third, "prev"))
    assert numbers(back) == numbers(second)
    start = await world.client.get(link(back, "prev"))
    assert numbers(start) == numbers(first)
    assert "前のページ" not in start.text


def link(page, which):
    return re.search(rf'rel="{which}" href="([^"]*)"', page.text).group(1).replace("&amp;", "&")


async def test_counts_stand_on_top_and_are_of_this_moment_where_counting_is_quick(world, services, monkeypatch):
    monkeypatch.setattr(status_counts, "KEPT_FOR_SECONDS", 1_000)
    await many(world, services, 3)
    assert await shown_counts(world) == [3, 3, 0, 0, 0, 0, 0, 0]
    await services.imported("Q-1")

    async def counted_again():
        return "<b>4</b>" in (await world.client.get("/products")).text

    await eventually(counted_again, timeout=120, interval=0.1)
    assert await shown_counts(world, await world.log_in("other")) == [0] * 8


@pytest.fixture
def counting(monkeypatch):
    """Counts that take what the test says."""

    class Counting:
        found = 3
        times = 0

        def __init__(self):
            self.may_end = asyncio.Event()

        async def count(self, *_):
            self.times += 1
            await self.may_end.wait()
            return {"demo": {"incomplete": self.found}}

    counting = Counting()
    monkeypatch.setattr(status_counts, "count_statuses", counting.count)
    return counting


async def test_counts_that_take_a_while_are_kept_for_some_seconds(world, counting, monkeypatch):
    monkeypatch.setattr(status_counts, "_TIMES_AS_LONG", float("inf"))  # however long it takes is a while
    monkeypatch.setattr(status_counts, "KEPT_FOR_SECONDS", 1_000)
    counting.may_end.set()
    assert await shown_counts(world) == [3, 3, 0, 0, 0, 0, 0, 0]
    counting.found = 4
    for _ in range(2):
        assert "<b>3</b>" in (await world.client.get("/products")).text
    assert counting.times == 1


async def test_a_page_is_shown_at_once_with_counts_of_a_moment_ago(world, counting, monkeypatch):
    monkeypatch.setattr(status_counts, "_TIMES_AS_LONG", 0)
    counting.may_end.set()
    assert "<b>3</b>" in (await world.client.get("/products")).text
    counting.may_end.clear()
    counting.found = 4
    async with asyncio.timeout(20):
        assert "<b>3</b>" in (await world.client.get("/products")).text
    counting.may_end.set()
    assert await shown_counts(world) == [4, 4, 0, 0, 0, 0, 0, 0]
    assert "<b>4</b>" in (await world.client.get("/products")).text


async def shown_counts(world, browser=None):
    page = await (browser or world.client).get("/product-counts")
    return [int(count) for count in re.findall(r"<b>(\d+)</b>", page.text)]


async def test_a_switch_answers_with_its_row_which_is_being_applied(world, services):
    await services.imported("A-1")
    one = str(uuid4())
    cookie = {"sync": "on", "action_id": one, "back": "/products?status=incomplete"}
    plain = await world.post(world.client, "/products/A-1/row", **cookie)
    assert plain.headers["location"] == "/products?status=incomplete#row-A-1"
    await world.post(world.client, "/products/A-1/row", **cookie)
    assert [event.id for event in await world.events(TOOL_EDITS)] == [one]
    row = await world.client.get("/products/A-1/row", headers={"hx-request": "true"})
    assert "<html" not in row.text
    assert "反映中" in row.text
    assert 'hx-trigger="sse:product, every 4s"' in row.text
    assert 'aria-checked="true"' in row.text
    [event] = await world.events(TOOL_EDITS)
    await services.apply(event)

    async def is_applied():
        row = await world.client.get("/products/A-1/row")
        return "反映中" not in row.text and 'aria-checked="true"' in row.text

    await eventually(is_applied, timeout=20)


@pytest.mark.parametrize("part", [{}, {"hx-request": "true"}])
async def test_a_double_click_on_a_switch_does_not_undo_itself(world, services, part):
    """The answer to the first click is there before the second: that one hits the switch of the new page."""
    for number in ("A-1", "A-2"):
        await services.imported(number)

    async def press(path, **fields):
        await world.post(world.client, f"/products/{path}", part, action_id=str(uuid4()), **fields)
        return sorted((one.data.product_no, one.data.sync_enabled) for one in await world.events(TOOL_EDITS))

    assert await press("A-1/row", sync="on") == [("A-1", True)]
    world.now += timedelta(milliseconds=350)
    assert await press("A-1/row", sync="off") == [("A-1", True)]
    assert await press("A-2/target", on="0") == [("A-1", True), ("A-2", False)]
    assert 'aria-checked="true"' in (await world.client.get("/products/A-1/row")).text
    world.now += timedelta(milliseconds=350)
    assert await press("A-2/target", on="1") == [("A-1", True), ("A-2", False)]
    assert await press("A-1/row", sync="off") == [("A-1", False), ("A-1", True), ("A-2", False)]


async def test_a_switch_leads_back_to_the_list_and_nowhere_else(world, services):
    await services.imported("A-1")
    for back in ("https://evil.example/products", "//evil.example", "/help", "/productsx"):
        done = await world.post(world.client, "/products/A-1/row", sync="on", action_id=str(uuid4()), back=back)
        assert done.headers["location"] == "/products#row-A-1"


async def test_a_refused_edit_is_told_in_its_row(world, services, actions):
    await services.imported("A-1")
    one = str(uuid4())
    await actions.edit("demo", "A-1", EditChanges(package_weight_g=300), action_id=one)
    [event] = await world.events(TOOL_EDITS)
    await services.refuse(event, "no such SKU")

    async def is_told():
        return f'href="/actions/{one}">反映できませんでした' in (await world.client.get("/products")).text

    await eventually(is_told, timeout=20)


async def test_a_row_is_not_being_applied_because_it_is_synced(world, services, actions):
    await services.imported("A-1")
    await actions.request_sync("demo", ["A-1"], action_id=str(uuid4()))
    row = await world.client.get("/products/A-1/row")
    assert "反映中" not in row.text
    await actions.bulk_edit("demo", ["A-1"], EditChanges(package_weight_g=300), None, action_id=str(uuid4()))
    row = await world.client.get("/products/A-1/row")
    assert "反映中" in row.text
    assert "every 4s" not in row.text


async def test_every_row_of_an_action_on_more_products_than_are_kept_is_being_applied(world, services, actions):
    await many(world, services, KEPT_NUMBERS + 60)
    await world.database["products"].update_one({"_id": "demo/P-1055"}, {"$set": {"sync_enabled": True}})
    chosen = [f"P-{number:04}" for number in range(KEPT_NUMBERS + 60) if number != 1055]
    one = str(uuid4())
    await actions.bulk_edit(
        "demo", chosen, EditChanges(package_weight_g=300), None, action_id=one, chosen={"sync": "off"}
    )
    account = await world.database["accounts"].find_one({"_id": "demo"})
    assert len(account["actions"][0]["products"]) == KEPT_NUMBERS
    first, last = await world.client.get("/products"), await world.client.get("/products?after=P-1049")
    assert (first.text.count("反映中"), len(numbers(last)), last.text.count("反映中")) == (PAGE, 10, 9)
    assert "反映中" not in (await world.client.get("/products/P-1055/row")).text
    await services.edited("P-1050", minute=181, package_weight_g=300)
    assert "反映中" not in (await world.client.get("/products/P-1050/row")).text
    assert (await world.client.get("/products?after=P-1049")).text.count("反映中") == 8


async def test_all_that_match_are_kept_as_the_filter_that_took_them(world, services, actions):
    await services.imported("A-1")
    chosen = {"all": "1", "status": "incomplete", "keyword": "シャツ"}
    wanted = {"f.package_weight_g": "300", "target": "keep"}
    form = {"action_id": str(uuid4()), "which": digest("A-1"), "step": "send", **wanted}
    assert (await world.post(world.client, "/bulk", **chosen, **form)).status_code == 303
    [kept] = await actions.recent("demo")
    assert kept.chosen == {"status": "incomplete", "keyword": "シャツ"}


async def test_the_list_offers_its_work_as_forms_that_send_ticks_or_the_filter(world, services):
    await services.imported("A-1")
    page = (await world.client.get("/products?status=incomplete&keyword=シャツ")).text
    assert '<form method="post" action="/bulk" id="chosen"' in page
    assert '<input type="hidden" name="status" value="incomplete">' in page
    assert '<input type="hidden" name="keyword" value="シャツ">' in page
    assert 'form="chosen" name="product_no" value="A-1"' in page
    for word in ("情報を更新する", "一括情報更新", "同期", "一括入力・変更"):
        assert word in page


async def test_a_part_of_the_list_has_no_frame(world, services):
    await services.imported("A-1")
    part = await world.client.get("/products", headers={"hx-request": "true"})
    assert "<html" not in part.text
    assert numbers(part) == ["A-1"]


async def test_a_view_takes_at_most_three_queries(world, services):
    await many(world, services, 60)
    for task in world.runtime.tasks:
        await task.stop()
    await world.client.get("/products")
    await world.database.command({"profile": 2})
    try:
        await world.client.get("/products?status=incomplete&keyword=シャツ")
        await world.client.get("/products?sync=off")
    finally:
        await world.database.command({"profile": 0})
    asked = world.database["system.profile"].find({"op": {"$in": ["query", "command", "getmore"]}})
    collections = [one["ns"].partition(".")[2] async for one in asked]
    of_pages = [one for one in collections if one in {"products", "accounts", "authorization_states"}]
    assert 4 <= len(of_pages) <= 6
    assert set(collections) <= {"products", "accounts", "authorization_states", "sessions", "system.profile", "$cmd"}


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (Asked(), {}),
        (Asked(), {"after": "P-0100"}),
        (Asked(), {"before": "P-0200"}),
        (Asked(status="incomplete"), {}),
        (Asked(sync="off"), {"after": "P-0100"}),
        (Asked(status="incomplete", sync="off"), {"before": "P-0200"}),
        (Asked(keyword="シャツ"), {}),
        (Asked(keyword="帽子"), {}),
        (Asked(keyword="帽子", status="incomplete"), {}),
        (Asked(keyword="シャツ", status="synced"), {}),
        (Asked(keyword="SHIRT", sync="off"), {}),
        (Asked(status="incomplete", sync="on"), {}),
    ],
)
async def test_a_page_reads_its_rows_and_no_others_however_many_there_are(world, services, asked, place):
    await services.products.ensure_indexes()
    await many(world, services, 400)
    await many(world, services, 100, shop_key="other")
    query = rows_query("demo", asked.filter("demo"), **place)
    order = -1 if "before" in place else 1
    hint = {"hint": LISTED} if asked.filter("demo").is_compared else {}
    find = {"find": "products", **hint, "filter": query, "sort": {"_id": order}, "limit": PAGE + 1}
    plan = await world.database.command({"explain": find, "verbosity": "executionStats"})
    assert plan["executionStats"]["totalDocsExamined"] <= plan["executionStats"]["nReturned"]
    assert "'stage': 'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])
