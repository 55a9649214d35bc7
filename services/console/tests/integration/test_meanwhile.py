"""商品詳細 while others save: whose a change is, and that nobody's value is replaced unseen."""

import html
import re

import pytest
from played_services import PlayedServices
from product_pages import changes, edits, fields_of, opened, send

from shopsync_contracts.topics import TOOL_EDITS
from shopsync_testkit.polling import eventually

CHANGED = "この画面を開いたあとに商品が更新されました"
SAVED = "保存した内容が反映されました"
SHOWN_TOO = "ほかの画面や取り込みで変更された項目も、最新の内容を表示しています"
OVERTAKEN = "ほかの画面で『{}』に変更されています。上書きするにはもう一度保存してください"
PART = {"hx-request": "true"}


@pytest.fixture
async def tool(world):
    services = await PlayedServices.of(world)
    await services.shop()
    return services


async def state_of(world, page):
    """What the page asks for by itself."""
    [address] = re.findall(r'hx-get="(/products/A-1/state\?[^"]*)"', page.text)
    return await world.client.get(html.unescape(address), headers=PART)


async def ended(world, page):
    """Once what was saved from the page has ended."""

    async def is_due():
        part = await state_of(world, page)
        assert " data-due" in part.text
        return part

    return await eventually(is_due, timeout=30)


async def apply_all(world, tool):
    for event in (await world.events(TOOL_EDITS))[getattr(tool, "done", 0) :]:
        if event.source == "/shopsync/console":
            await tool.apply(event)
    tool.done = len(await world.events(TOOL_EDITS))


def error_at(page, name):
    found = re.search(rf'id="{re.escape(name)}-error">([^<]*)', page.text)
    return "" if found is None else html.unescape(found[1])


def told(page):
    return [one for one in (SAVED, SHOWN_TOO, CHANGED) if one in page.text]


def heading(page):
    [found] = re.findall(r'id="product-name"[^>]*>([^<]*)', page.text)
    return found


async def test_ones_own_save_is_told_as_ones_own_and_shown_in_every_layer(world, tool):
    await tool.imported(name="シャツ")
    saved = await send(world, fields_of(await opened(world)), f__name="夏のシャツ", f__package_weight_g="３００")
    await apply_all(world, tool)
    part = await ended(world, saved)
    assert CHANGED not in part.text
    fields = {**fields_of(saved), "f.brand_id": "7080000000000000001", "f.length": "2"}
    page = await send(world, fields, step="follow")
    assert (SAVED in page.text, CHANGED in page.text) == (True, False)
    assert heading(page) == "夏のシャツ"
    assert page.text.count('value="restore:name"') == 1
    missing = page.text.partition('id="product-missing"')[2].partition("</section>")[0]
    assert ('id="package_weight_g"' in missing, 'id="length"' in missing) == (False, True)
    now = fields_of(page)
    assert [now[one] for one in ("f.name", "f.package_weight_g", "f.brand_id", "f.length")] == [
        ["夏のシャツ"],
        ["300"],
        ["7080000000000000001"],
        ["2"],
    ]
    assert SAVED in (await state_of(world, page)).text
    await send(world, now)
    assert (await changes(world))[1] == {"brand_id": "7080000000000000001", "package_dimensions_cm": {"length": 2}}


async def test_ones_own_switch_is_no_change_of_somebody_else(world, tool):
    await tool.imported()
    page = await opened(world)
    [version] = fields_of(page)["version"]
    action = {"on": "1", "action_id": "00000000-0000-4000-8000-000000000001", "version": version}
    switched = await world.post(world.client, "/products/A-1/target", PART, **action)
    await apply_all(world, tool)
    assert CHANGED not in (await ended(world, switched)).text


async def test_a_change_of_somebody_else_is_told_beside_ones_own(world, tool):
    await tool.imported(name="シャツ")
    page = await opened(world)
    saved = await send(world, fields_of(page), f__package_weight_g="300")
    await tool.edited(minute=1, name="誰かのシャツ")
    assert CHANGED in (await state_of(world, page)).text
    await apply_all(world, tool)
    await ended(world, saved)
    page = await send(world, fields_of(saved), step="follow")
    assert told(page) == [SAVED, SHOWN_TOO]
    assert (heading(page), fields_of(page)["f.name"]) == ("誰かのシャツ", ["誰かのシャツ"])


async def test_what_was_refused_can_be_saved_again(world, tool):
    await tool.imported(name="シャツ")
    saved = await send(world, fields_of(await opened(world)), f__name="夏のシャツ")
    [event] = [one for one in await world.events(TOOL_EDITS) if one.source == "/shopsync/console"]
    await tool.refuse(event, "no such name")
    await ended(world, saved)
    page = await send(world, fields_of(saved), step="follow")
    assert (SAVED in page.text, CHANGED in page.text) == (False, False)
    assert (heading(page), fields_of(page)["f.name"]) == ("シャツ", ["夏のシャツ"])
    await send(world, fields_of(page))
    assert len(await edits(world)) == 2


async def test_a_page_without_scripts_shows_what_arrived_when_it_is_asked_for_again(world, tool):
    await tool.imported(name="シャツ")
    fields = {**fields_of(await opened(world)), "f.name": "夏のシャツ", "step": "save"}
    address = (await world.submit(world.client, "/products/A-1", **fields)).headers["location"]
    assert SAVED not in (await world.client.get(address)).text
    await apply_all(world, tool)

    async def is_there():
        page = await world.client.get(address)
        assert SAVED in page.text
        return page

    assert heading(await eventually(is_there, timeout=30)) == "夏のシャツ"


@pytest.mark.parametrize(
    ("theirs", "mine", "name", "value"),
    [
        ({"name": "誰かのシャツ"}, {"f.name": "私のシャツ"}, "name", "誰かのシャツ"),
        ({"package_weight_g": 1200}, {"f.package_weight_g": "300"}, "package_weight_g", "1200"),
        ({"package_dimensions_cm": {"width": 7}}, {"f.width": "9"}, "width", "7"),
        ({"description": "<p>誰かの説明</p>"}, {"f.description": "私の"}, "description", "<p>誰かの説明</p>"),
        ({"category_id": "611100"}, {"f.category_id": "601234"}, "category_id", "食品・飲料 > お茶・コーヒー > 日本茶"),
        ({"package_weight_g": None}, {"f.package_weight_g": "300"}, "package_weight_g", "空欄"),
        (
            {"stock": [{"vertical_no": "", "horizontal_no": "", "quantity": 4}]},
            {"stock.0": "9"},
            "stock.0",
            "4",
        ),
    ],
)
async def test_a_value_of_somebody_else_is_named_once_before_it_is_replaced(world, tool, theirs, mine, name, value):
    await tool.imported(name="シャツ")
    await tool.edited(minute=1, package_weight_g=10, brand_id="7000")
    fields = {**fields_of(await opened(world)), "f.size_chart_image": "https://a.example/1.jpg"}
    await tool.edited(minute=2, brand_id="7001", **theirs)
    asked = await send(world, {**fields, **mine})
    assert error_at(asked, name) == OVERTAKEN.format(value)
    assert await edits(world) == []
    kept = fields_of(asked)
    assert all(kept[one] == [given] for one, given in mine.items())
    assert kept["f.size_chart_image"] == ["https://a.example/1.jpg"]
    again = await send(world, kept)
    assert error_at(again, name) == ""
    [sent] = await changes(world)
    assert {*sent} == {*theirs, "size_chart_image"} if name != "category_id" else "brand_id" not in sent


async def test_an_attribute_of_somebody_else_is_named_too(world, tool):
    await tool.imported()
    given = [{"id": "100701", "values": [{"id": "1007011"}]}]
    await tool.edited(minute=1, category_id="601234", attributes=given)
    fields = fields_of(await opened(world))
    given = [{"id": "100701", "values": [{"id": "1007012"}]}, {"id": "100812", "values": [{"name": "AB"}]}]
    await tool.edited(minute=2, attributes=given)
    asked = await send(world, fields, **{"a.100701": "", "t.100701": "フランス"})
    assert error_at(asked, "a.100701") == OVERTAKEN.format("中国")
    await send(world, fields_of(asked))
    [sent] = await changes(world)
    values = {one["id"]: one["values"] for one in sent["attributes"]}
    assert values == {"100701": [{"name": "フランス"}], "100812": [{"name": "AB"}]}


async def test_what_an_import_changed_is_named_as_such_and_what_is_equal_is_not(world, tool):
    await tool.imported(name="シャツ")
    fields = fields_of(await opened(world))
    await tool.edited(minute=1, package_weight_g=300)
    await tool.imported(minute=2, name="冬のシャツ")
    asked = await send(world, fields, f__name="私のシャツ", f__package_weight_g="３００g")
    assert "futureshopからの取り込みで『冬のシャツ』に変更されています" in error_at(asked, "name")
    assert error_at(asked, "package_weight_g") == ""


async def test_back_to_futureshops_value_asks_too_and_leaves_nothing_to_send(world, tool):
    await tool.imported(name="シャツ")
    await tool.edited(minute=1, name="夏のシャツ")
    fields = fields_of(await opened(world))
    await tool.edited(minute=2, name="誰かのシャツ")
    asked = await send(world, fields, step="restore:name")
    assert error_at(asked, "name") == OVERTAKEN.format("誰かのシャツ")
    assert "変更された項目はありません" in (await send(world, fields_of(asked))).text
    await send(world, fields_of(asked), step="restore:name")
    assert await changes(world) == [{"name": None}]


async def test_ones_own_next_save_is_no_conflict_with_the_one_before(world, tool):
    await tool.imported(name="シャツ")
    first = await send(world, fields_of(await opened(world)), f__name="夏のシャツ")
    second = await send(world, fields_of(first), f__name="秋のシャツ")
    await apply_all(world, tool)
    third = await send(world, fields_of(second), f__name="冬のシャツ")
    assert error_at(third, "name") == ""
    assert [one["name"] for one in await changes(world)] == ["夏のシャツ", "秋のシャツ", "冬のシャツ"]


async def test_a_field_that_both_changed_stays_as_entered_and_is_asked_for_when_it_is_saved(world, tool):
    await tool.imported(name="シャツ")
    saved = await send(world, fields_of(await opened(world)), f__package_weight_g="300")
    await tool.edited(minute=1, name="誰かのシャツ")
    await apply_all(world, tool)
    await ended(world, saved)
    page = await send(world, {**fields_of(saved), "f.name": "私のシャツ"}, step="follow")
    assert fields_of(page)["f.name"] == ["私のシャツ"]
    assert told(page) == [SAVED, CHANGED]
    assert error_at(await send(world, fields_of(page)), "name") == OVERTAKEN.format("誰かのシャツ")


async def test_a_conflict_that_was_saved_over_is_announced_no_more(world, tool):
    await tool.imported(name="シャツ")
    page = await opened(world)
    await tool.edited(minute=1, name="誰かのシャツ")
    assert CHANGED in (await state_of(world, page)).text
    fields = {**fields_of(page), "told": "changed", "f.name": "私のシャツ"}
    saved = await send(world, fields_of(await send(world, fields)))
    assert CHANGED in saved.text
    await apply_all(world, tool)
    await ended(world, saved)
    page = await send(world, fields_of(saved), step="follow")
    assert (told(page), heading(page)) == ([SAVED], "私のシャツ")
    assert told(await state_of(world, page)) == [SAVED]
    again = await send(world, fields_of(page), f__package_weight_g="300")
    assert told(again) == []
    await apply_all(world, tool)
    await ended(world, again)
    page = await send(world, fields_of(again), step="follow")
    assert told(page) == [SAVED]
    await tool.edited(minute=10_000, name="また誰かのシャツ")
    assert told(await state_of(world, page)) == [CHANGED]
