"""連携設定: saved once, never over somebody else's saving, and not before hidden products are shown (LY-6)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from tool_database import ToolDatabase

from shopsync_contracts.events import SyncSettings, TaxDefaults
from shopsync_contracts.topics import SHOP_SETTINGS
from shopsync_readmodel.products.hidden import read_hidden


@pytest.fixture
async def tool(world):
    tool = ToolDatabase(world.database)
    await world.database["shops"].delete_many({})
    for shop_key in ("demo", "other"):
        await tool.shop(shop_key)
    return tool


def fields_of(page):
    """The fields of the page's form that a browser would send without a press on anything but the main button."""
    main = page.text[page.text.index("<main") :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main)
    return {name: unescape(value) for name, value in hidden if name != "csrf"}


async def opened(browser):
    page = await browser.get("/settings?edit=1")
    assert page.status_code == 200
    return {
        **fields_of(page),
        "mode": "manual",
        "interval": "60",
        "times": [],
        "included": "yes",
        "rate": "10",
        "rounding": "down",
    }


async def sent(world):
    return [event.data for event in await world.events(SHOP_SETTINGS)]


async def test_a_mode_with_its_times_and_the_tax_are_saved(world, tool):
    form = await opened(world.client)
    changed = {"mode": "scheduled", "times": ["15:30", "", "3:00", "15:30"], "included": "no", "rate": "８"}
    answer = await world.post(world.client, "/settings", **{**form, **changed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/settings?saved={form['action_id']}")
    [event] = await world.events(SHOP_SETTINGS)
    assert event.id == form["action_id"]
    assert event.data.sync == SyncSettings(mode="scheduled", times=("03:00", "15:30"))
    assert event.data.tax == TaxDefaults(included=False, rate_percent=8)


async def test_a_double_click_saves_once(world, tool):
    form = {**await opened(world.client), "mode": "auto", "interval": "30"}
    for _ in range(2):
        assert (await world.post(world.client, "/settings", **form)).status_code == 303
    assert len(await sent(world)) == 1


async def test_the_form_again_with_other_values_is_followed_as_the_saving_that_it_is(world, tool):
    form = {**await opened(world.client), "mode": "auto"}
    values = [{**form, "interval": minutes} for minutes in ("30", "45")]
    answers = [await world.post(world.client, "/settings", **one) for one in values]
    ids = [event.id for event in await world.events(SHOP_SETTINGS)]
    assert len(set(ids)) == 2
    assert [answer.headers["location"] for answer in answers] == [f"/settings?saved={one}" for one in ids]


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"mode": "auto", "interval": "0"}, "interval", "「0」は使えません"),
        ({"mode": "auto", "interval": "1441"}, "interval", "1〜1,440分"),
        ({"mode": "auto", "interval": "abc"}, "interval", "「abc」"),
        ({"mode": "auto", "interval": ""}, "interval", "入力してください"),
        ({"mode": "scheduled", "times": ["", ""]}, "times", "時刻を1つ以上"),
        ({"mode": "scheduled", "times": ["25:00", "03:00"]}, "times", "「25:00」は時刻として使えません"),
        ({"mode": "", "times": []}, "mode", "送信のタイミングを選んでください"),
        ({"rate": "101"}, "rate", "「101」"),
        ({"rate": "-1"}, "rate", "「-1」"),
        ({"rate": "<b>"}, "rate", "「&lt;b&gt;」"),
        ({"rounding": "sideways"}, "rounding", "選んでください"),
        ({"included": ""}, "included", "選んでください"),
    ],
)
async def test_wrong_values_come_back_with_their_errors_and_nothing_is_sent(world, tool, changed, field, words):
    form = {**await opened(world.client), **changed}
    answer = await world.post(world.client, "/settings", **form)
    assert answer.status_code == 200
    assert re.search(f'id="{field}-error">[^<]*{words}', answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert fields_of(answer)["action_id"] == form["action_id"]
    for value in ("0", "abc", "1441") if field == "interval" else ():
        assert form["interval"] != value or f'value="{value}"' in answer.text
    assert not await sent(world)


async def hide(tool, number, *, by_platform=False):
    await tool.imported(number, name=f"シャツ {number}")
    await tool.completed(number)
    await tool.switched(number, on=True)
    await tool.pushed(number, minute=2, stock=10, tiktok_product_id=f"T-{number}")
    await tool.reviewed(number, review="approved", minute=3)
    if by_platform is not None:
        reasons = [{"reason": "PLATFORM_DEACTIVATED"}] if by_platform else []
        await tool.reviewed(number, review="deactivated", minute=4, reasons=reasons)


@pytest.fixture
async def thirty(tool, monkeypatch):
    """30 products ON, of which 5 are hidden."""
    take = tool.take

    async def of_its_own_listing(body, minute=0):
        if hasattr(body, "tiktok_product_id") and hasattr(body, "occurred_at"):
            body = body.model_copy(update={"tiktok_product_id": f"T-{body.product_no}"})
        await take(body, minute)

    monkeypatch.setattr(tool, "take", of_its_own_listing)
    for number in range(30):
        await hide(tool, f"P-{number:02}", by_platform=False if number < 5 else None)


async def test_scenario_84_ly6_hidden_products_are_named_before_the_mode_is_saved(world, tool, thirty):
    await hide(tool, "by-tiktok", by_platform=True)
    await hide(tool, "is-off")
    await tool.switched("is-off", on=False, minute=5)
    form = {**await opened(world.client), "mode": "auto"}
    asked = await world.post(world.client, "/settings", **form)
    assert asked.status_code == 200
    assert "5件" in asked.text
    assert re.findall(r'href="/products/([^"]+)"', asked.text) == [f"P-{number:02}" for number in range(5)]
    assert not await sent(world)
    back = await world.post(world.client, "/settings", **fields_of(asked), back="1")
    assert 'value="auto" checked' in back.text
    assert not await sent(world)
    saved = await world.post(world.client, "/settings", **fields_of(asked), confirmed="5")
    assert saved.status_code == 303
    assert [one.sync.mode for one in await sent(world)] == ["auto"]


async def test_one_more_hidden_product_is_asked_for_again(world, tool, thirty):
    form = {**await opened(world.client), "mode": "scheduled", "times": ["03:00"]}
    asked = await world.post(world.client, "/settings", **form, confirmed="4")
    assert "5件" in asked.text
    assert not await sent(world)


async def test_what_hides_nothing_or_changes_no_timing_asks_nothing(world, tool, thirty):
    form = {**await opened(world.client), "rate": "8"}
    assert (await world.post(world.client, "/settings", **form)).status_code == 303
    stored = {"sync": {"mode": "auto"}, "tax": {"rate_percent": 8}, "updated_at": world.now}
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": stored})
    form = {**await opened(world.client), "mode": "auto", "rate": "8", "rounding": "up"}
    assert (await world.post(world.client, "/settings", **form)).status_code == 303


async def test_somebody_elses_saving_meanwhile_is_shown_beside_the_own_one(world, tool):
    form = {**await opened(world.client), "mode": "auto", "interval": "15"}
    await tool.shop("demo", sync={"mode": "scheduled", "times": ["09:00"]})
    answer = await world.post(world.client, "/settings", **form)
    assert answer.status_code == 200
    assert "この画面を開いたあとに、設定が変更されました" in answer.text
    for shown in ("任意の時間に連携", "09:00", "自動連携", "15"):
        assert shown in answer.text
    assert not await sent(world)
    again = await world.post(world.client, "/settings", **{**form, **fields_of(answer)})
    assert again.status_code == 303
    assert [one.sync.interval_minutes for one in await sent(world)] == [15]


async def test_what_is_stored_after_the_form_was_checked_is_not_overwritten(world, tool, monkeypatch):
    """The operator's change is stored between the last page and the sending."""

    async def read_while_the_operator_saves(*given):
        mine = {"sync": {"mode": "manual"}, "tax": {"rate_percent": 5}, "category_version": "v2"}
        await world.database["shops"].update_one({"_id": "demo"}, {"$set": mine})
        return await read_hidden(*given)

    monkeypatch.setattr("console.screens.settings.read_hidden", read_while_the_operator_saves)
    form = {**await opened(world.client), "mode": "auto", "interval": "15"}
    answer = await world.post(world.client, "/settings", **form)
    assert answer.status_code == 200
    assert "この画面を開いたあとに、設定が変更されました" in answer.text
    assert not await sent(world)
    again = await world.post(world.client, "/settings", **{**form, **fields_of(answer)})
    assert again.status_code == 303
    assert [(one.sync.interval_minutes, one.category_version) for one in await sent(world)] == [(15, "v2")]


async def test_the_second_of_two_tabs_learns_of_the_firsts_saving_before_it_is_stored(world, tool):
    one, two = await opened(world.client), await opened(world.client)
    assert (await world.post(world.client, "/settings", **{**one, "rate": "8"})).status_code == 303
    answer = await world.post(world.client, "/settings", **{**two, "rate": "5"})
    assert answer.status_code == 200
    assert "先に保存した設定が反映中です" in answer.text
    assert [one.tax.rate_percent for one in await sent(world)] == [8]
    again = await world.post(world.client, "/settings", **{**two, "rate": "5", **fields_of(answer)})
    assert again.status_code == 303
    assert [one.tax.rate_percent for one in await sent(world)] == [8, 5]


async def test_until_it_is_stored_the_page_says_so_and_then_shows_it(world, tool):
    form = {**await opened(world.client), "rate": "8"}
    saved = await world.post(world.client, "/settings", **form)
    waiting = await world.client.get(saved.headers["location"])
    assert "反映しています" in waiting.text
    assert 'name="rate"' not in waiting.text
    await world.database["shops"].update_one(
        {"_id": "demo"}, {"$set": {"tax.rate_percent": 8, "updated_at": world.now + timedelta(seconds=1)}}
    )
    page = await world.client.get(saved.headers["location"])
    assert 'name="rate" inputmode="numeric" size="4" value="8"' in page.text


async def test_a_saving_is_in_one_state_at_a_time(world, tool):
    """No part of the page goes on by itself, and new values do not stand beside 反映中です."""
    form = {**await opened(world.client), "rate": "8"}
    saved = (await world.post(world.client, "/settings", **form)).headers["location"]
    waiting = await world.client.get(saved)
    assert 'hx-get="/actions/' not in waiting.text
    assert re.findall("受け付けました|反映中です|完了しました", waiting.text) in (["受け付けました"], ["反映中です"])
    stored = {"tax.rate_percent": 8, "updated_at": world.now + timedelta(seconds=1)}
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": stored})
    page = await world.client.get(saved)
    assert re.findall("受け付けました|反映中です|反映しています|完了しました", page.text) == ["完了しました"]


async def test_nothing_changed_sends_nothing(world, tool):
    answer = await world.post(world.client, "/settings", **await opened(world.client))
    assert answer.status_code == 200
    assert "変更はありません" in answer.text
    assert not await sent(world)


async def test_more_times_than_there_are_fields(world, tool):
    form = {**await opened(world.client), "mode": "scheduled", "times": ["01:00", "02:00", "03:00"], "more": "1"}
    answer = await world.post(world.client, "/settings", **form)
    assert answer.text.count('type="time"') == 6
    assert not await sent(world)


async def test_the_page_is_in_english_too(world, tool):
    world.client.cookies.set("console_language", "en")
    page = await world.client.get("/settings")
    assert "At set times" in page.text
    assert not re.search("[ぁ-ん]", page.text)
