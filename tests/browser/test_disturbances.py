"""Two windows, a cut stream, killed services, an ended session, a double click."""

import re
from urllib.parse import urljoin

import pytest
from playwright.async_api import Page, expect

from shopsync_contracts.events import SweepCompleted, SweepRequested
from shopsync_contracts.topics import TOOL_EDITS

SCRIPTS = pytest.mark.parametrize(
    "scripts",
    [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts", marks=pytest.mark.browser)],
)
SAVED = re.compile("完了しました")


def notice(page: Page):
    """What the page says of the last action."""
    return page.locator("#product-top .action").first


@pytest.mark.browser
async def test_two_windows_follow_the_rules_and_neither_loses_what_is_entered(world, ready, browser):
    merchant = await ready({"A1": "白いタオル"})
    first, second = merchant.page, await merchant.context.new_page()
    for page in (first, second):
        await merchant.open("/products/A1", page)
    await second.get_by_label("梱包重量").fill("450")
    await first.get_by_label("商品名").fill("青いタオル")
    await first.get_by_role("button", name="保存する", exact=True).click()
    await expect(notice(first)).to_contain_text(SAVED)
    await expect(second.get_by_text("この画面を開いたあとに商品が更新されました")).to_be_visible()
    await expect(second.get_by_label("梱包重量")).to_have_value("450")
    await second.get_by_role("button", name="保存する", exact=True).click()
    await expect(notice(second)).to_contain_text(SAVED)
    content = world.products(merchant.shop)["A1"].content
    assert (content.name, content.package_weight_g) == ("青いタオル", 450)


ANNOUNCED = """() => {
  const look = () => { window.announced ||= document.body.innerText.includes('この画面を開いたあとに'); };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


@pytest.mark.browser
async def test_ones_own_save_arrives_in_place_while_one_goes_on_typing(world, ready):
    merchant = await ready({"A1": "白いタオル"})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.evaluate(ANNOUNCED)
    await page.get_by_label("商品名").fill("青いタオル")
    await page.get_by_label("梱包重量").fill("３００グラム")
    await merchant.button("保存する").click()
    await page.get_by_label("長さ", exact=True).click()
    await page.keyboard.type("19", delay=300)
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#own-saved")).to_have_text("保存した内容が反映されました。")
    await page.keyboard.type("2")
    await expect(page.get_by_label("長さ", exact=True)).to_have_value("129")
    await expect(page.get_by_label("長さ", exact=True)).to_be_focused()
    await expect(page.get_by_role("heading", level=1)).to_have_text("青いタオル")
    await expect(page.locator(".field", has=page.locator("#name"))).to_contain_text("編集済み")
    await expect(page.get_by_label("梱包重量")).to_have_value("300")
    await expect(page.locator("#product-missing #package_weight_g")).to_have_count(0)
    await merchant.button("ONにする").click()
    await expect(merchant.button("OFFにする")).to_be_visible()
    await merchant.button("保存する").click()
    await world.until(lambda: world.products(merchant.shop)["A1"].content.package_dimensions_cm, "the length")
    assert world.products(merchant.shop)["A1"].content.package_dimensions_cm.length == 129
    await expect(page.locator("#own-saved")).to_be_visible()
    assert await page.evaluate("!window.announced")
    assert len(await world.sent(merchant.shop, TOOL_EDITS)) == 3


@pytest.mark.browser
async def test_two_windows_on_one_field_name_the_value_that_would_be_replaced(world, ready, watched):
    watched.expect_status(422)
    merchant = await ready({"A1": "白いタオル"})
    first, second = merchant.page, await merchant.context.new_page()
    for page, name in ((first, "青いタオル"), (second, "黒いタオル")):
        await merchant.open("/products/A1", page)
        await page.get_by_label("商品名").fill(name)
    await second.get_by_label("梱包重量").fill("450")
    save = second.get_by_role("button", name="保存する", exact=True)
    await first.get_by_role("button", name="保存する", exact=True).click()
    await expect(first.locator("#own-saved")).to_be_visible()
    await expect(second.get_by_text("この画面を開いたあとに商品が更新されました")).to_be_visible()
    await save.click()
    await expect(second.locator("#name-error")).to_contain_text("ほかの画面で『青いタオル』に変更されています")
    await expect(second.locator("#name")).to_have_value("黒いタオル")
    assert len(await world.sent(merchant.shop, TOOL_EDITS)) == 1
    await save.click()
    await expect(second.locator("#own-saved")).to_be_visible()
    await expect(second.get_by_text("この画面を開いたあとに商品が更新されました")).to_have_count(0)
    for page in (first, second):
        reload = page.get_by_role("link", name="最新の内容を表示する")
        if await reload.count():
            await reload.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("黒いタオル")
        await expect(page.locator("#name")).to_have_value("黒いタオル")
        await expect(page.get_by_label("梱包重量")).to_have_value("450")


@pytest.mark.browser
async def test_a_product_that_the_night_deletes_takes_its_open_form_along(world, ready, watched):
    watched.expect_status(404)
    merchant = await ready({f"A{n}": "白いタオル" for n in range(1, 9)})
    page = merchant.page
    await merchant.open("/products")
    await page.locator("#open-A1").click()
    await page.get_by_label("商品名").fill("青いタオル")
    other = await page.context.new_page()
    await other.goto(urljoin(page.url, "/products/A2"))
    await world.futureshop("POST", f"/shops/{merchant.shop}/delete", {"product_nos": ["A1", "A2"]})
    [request] = await world.bus.publish([SweepRequested(shop_key=merchant.shop)])
    await world.until(lambda: world.follower.report(SweepCompleted, request), "the night's report")
    await expect(page.get_by_role("alert")).to_contain_text("このツールから削除されました")
    await expect(page.locator("#product-form")).to_have_count(0)
    await page.locator("#product").get_by_role("link", name="商品一覧").click()
    await expect(page.locator("#open-A1")).to_have_count(0)
    await expect(other.get_by_role("alert")).to_contain_text("このツールから削除されました")
    await other.get_by_role("button", name="English").click()
    await expect(other.locator("html")).to_have_attribute("lang", "en")


@SCRIPTS
async def test_a_double_click_sends_one_event(world, ready, scripts):
    merchant = await ready({"A1": "白いタオル"}, options={"java_script_enabled": scripts})
    await merchant.open("/products/A1")
    await merchant.page.get_by_label("商品名").fill("赤いタオル")
    await merchant.button("保存する").dblclick()
    await world.until(lambda: world.products(merchant.shop)["A1"].content.name == "赤いタオル", "the new name")
    await expect(notice(merchant.page)).to_be_visible()
    assert len(await world.sent(merchant.shop, TOOL_EDITS)) == 1


@pytest.mark.browser
async def test_a_page_catches_up_after_its_stream_was_cut(world, ready, watched):
    watched.expect_cuts()
    merchant = await ready({"A1": "白いタオル"})
    await merchant.open("/products/A1")
    await expect(merchant.page.locator("#product-state")).to_contain_text("不足項目あり")
    async with world.without("console"):
        await world.complete(merchant.shop, ["A1"])
    await expect(merchant.page.locator("#product-state")).to_contain_text("同期待ち")
    await expect(merchant.page.get_by_text("この画面を開いたあとに商品が更新されました")).to_be_visible()


@pytest.mark.browser
async def test_a_console_killed_under_a_press_loses_nothing(world, ready, watched):
    watched.expect_cuts()
    merchant = await ready({"A1": "白いタオル"})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.get_by_label("商品名").fill("黒いタオル")
    async with world.without("console"):
        await merchant.button("保存する").click()
        await expect(page.locator("#notices")).to_contain_text("処理できませんでした")
        await expect(page.get_by_label("商品名")).to_have_value("黒いタオル")
    await merchant.button("保存する").click()
    await expect(notice(page)).to_contain_text(SAVED)
    assert world.products(merchant.shop)["A1"].content.name == "黒いタオル"
    assert len(await world.sent(merchant.shop, TOOL_EDITS)) == 1


@pytest.mark.browser
async def test_an_action_waits_for_a_killed_catalogue(world, ready):
    merchant = await ready({"A1": "白いタオル"})
    page = merchant.page
    await merchant.open("/products/A1")
    async with world.without("catalog"):
        await page.get_by_label("商品名").fill("緑のタオル")
        await merchant.button("保存する").click()
        await expect(notice(page)).to_contain_text(re.compile("受け付けました|反映中"))
    await expect(notice(page)).to_contain_text(SAVED)
    assert world.products(merchant.shop)["A1"].content.name == "緑のタオル"


@SCRIPTS
async def test_an_ended_session_keeps_what_was_entered(world, ready, watched, scripts):
    watched.expect_status(401)
    merchant = await ready({"A1": "白いタオル"}, options={"java_script_enabled": scripts})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.get_by_label("商品名").fill("<b>黄色い</b> タオル\"'")
    await page.get_by_label("商品説明").fill("一行目\n\n  三行目 & <p>四</p>")
    await world.end_sessions(merchant.shop)
    await merchant.button("保存する").click()
    await expect(page.get_by_text("入力した内容は残っています")).to_be_visible()
    await merchant.enter_login()
    await expect(page.get_by_role("heading", level=1)).to_have_text("入力の続き")
    await merchant.button("送信する").click()
    await expect(notice(page)).to_be_visible()
    await world.until(lambda: "黄色い" in world.products(merchant.shop)["A1"].content.name, "the new name")
    content = world.products(merchant.shop)["A1"].content
    assert content.name == "<b>黄色い</b> タオル\"'"
    assert content.description.splitlines() == ["一行目", "", "  三行目 & <p>四</p>"]
    await expect(page).to_have_url(re.compile(r"/products/A1(\?draft=[\w-]+)?$"))
