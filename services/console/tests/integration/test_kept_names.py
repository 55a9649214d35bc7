"""What was entered before a log-in is shown by the names of its category, and never by those of another shop."""

import html
import json
import re

import pytest
from played_services import PlayedServices
from product_pages import fields_of, opened

from shopsync_accounts import Accounts

PASSWORD = "correct horse battery"
ATTRIBUTES = {
    "f.name": ["シャツ"],
    "a.100701": ["1007012"],
    "a.100398": ["1001001", "1001002"],
    "t.100398": ["竹"],
    "a.100800": [""],
    "t.100811": ["１２"],
}


@pytest.fixture
async def page(world):
    """商品詳細 of a product of demo, and the passwords of both shops."""
    tool = await PlayedServices.of(world)
    await tool.imported(name="シャツ")
    given = [{"id": "100701", "values": [{"id": "1007011"}]}, {"id": "100800", "values": [{"id": "1008001"}]}]
    await tool.edited(minute=1, category_id="601234", attributes=[*given, {"id": "100811", "values": [{"name": "12"}]}])
    await world.log_in("other")
    accounts = Accounts(world.database)
    for shop in ("demo", "other"):
        await accounts.set_password(await accounts.reset(shop, world.now), PASSWORD, world.now)
    fields = fields_of(await opened(world))
    world.publisher.asked.clear()
    return fields


async def shown_to(world, shop, fields):
    """What the page after the log-in says of the fields of the kept form."""
    kept = [(name, value) for name, values in fields.items() for value in values]
    await world.stranger.get("/login")
    who = {"email": f"{shop}@example.jp", "password": PASSWORD}
    answer = await world.post(world.stranger, "/login", **who, next="/products/A-1", kept=json.dumps(kept))
    table = answer.text.partition('<table class="kept">')[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>(.*?)</td>', table, re.DOTALL)
    return {html.unescape(name).strip(): html.unescape(value) for name, value in rows}


def shops_asked(world):
    return {path.split("/")[3] for _, path, _ in world.publisher.asked}


async def test_category_attributes_and_brand_are_named_as_on_their_page(world, page):
    chosen = {"f.brand_id": ["7080000000000000001"], "brand_name": ["きぬがさ織物"]}
    assert await shown_to(world, "demo", {**page, **ATTRIBUTES, **chosen}) == {
        "商品属性 原産国": "中国",
        "商品属性 素材": "綿、ウール、竹",
        "商品属性 電池の有無": "（空欄）",
        "ブランド": "きぬがさ織物",
    }
    picked = {**page, "f.category_id": ["611100"]}
    assert await shown_to(world, "demo", picked) == {"カテゴリー": "食品・飲料 > お茶・コーヒー > 日本茶"}
    assert shops_asked(world) == {"demo"}


async def test_a_bulk_edits_category_and_brand_are_named_too(world, page):
    fields = {"product_no": ["A-1"], "f.category_id": ["611100"], "f.brand_id": ["7001"], "brand_name": ["茶園"]}
    assert await shown_to(world, "demo", fields) == {
        "商品番号": "A-1",
        "カテゴリー": "食品・飲料 > お茶・コーヒー > 日本茶",
        "ブランド": "茶園",
    }


@pytest.mark.parametrize("cause", ["no such category", "no such attribute", "publisher away"])
async def test_what_has_no_name_any_more_says_so(world, page, cause):
    away = {"no such category": "601235", "no such attribute": "611100", "publisher away": "601234"}
    world.publisher.attributes["611100"] = []
    world.publisher.categories = [one for one in world.publisher.categories if one["id"] != "601235"]
    if cause == "publisher away":
        world.publisher.trouble = (503, "unavailable", "TikTok Shop does not answer", None)
    fields = {**page, "f.category_id": [away[cause]], "a.100701": ["1007012"], "t.100701": ["<b>島"]}
    shown = await shown_to(world, "demo", fields)
    assert shown["商品属性 ID 100701（名前を確認できません）"] == "ID 1007012、<b>島"


async def test_a_product_that_is_gone_or_of_another_shop_is_named_for_the_sessions_own_shop_alone(world, page):
    """The form is one of demo's. Its category is TikTok's, and asked for as the shop that has logged in sees it."""
    shown = await shown_to(world, "other", {**page, **ATTRIBUTES})
    assert shown["商品属性 原産国"] == "中国"
    assert shops_asked(world) == {"other"}
    await world.database["products"].delete_many({})
    assert await shown_to(world, "demo", {**page, **ATTRIBUTES}) == shown


async def test_where_nothing_of_a_category_was_entered_nobody_is_asked(world, page):
    fields = {name: values for name, values in page.items() if name not in {"shown", "f.category_id"}}
    assert await shown_to(world, "demo", {**fields, "f.name": ["新しい名前"]}) == {"商品名": "新しい名前"}
    assert await shown_to(world, "demo", {"times": ["09:00"], "f.category_id": [""]}) == {"時刻（日本時間）": "09:00"}
    assert shops_asked(world) == set()
