"""The browser's Back, from pages that answered a form: none asks whether to send the form again."""

import re

import pytest
from playwright.async_api import Dialog, Page, expect

from shopsync_contracts.events import ProductsBulkEdited
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_testkit.polling import eventually

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize(
    "scripts", [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts")]
)


async def back_to(page: Page, heading: str) -> None:
    """Chromium shows a page of its own in place of one that only a form can ask for, and says net::ERR_CACHE_MISS."""
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)


@SCRIPTS
async def test_back_from_the_report_of_a_bulk_edit_and_from_the_page_that_asks(world, ready, scripts):
    merchant = await ready({"A1": "白いタオル", "A2": "赤いタオル"}, options={"java_script_enabled": scripts})
    page, shop = merchant.page, merchant.shop
    await merchant.open("/products")
    for name in ("白いタオル", "赤いタオル"):
        await page.get_by_label(re.compile(f"^{name}.*を選ぶ$")).check()
    await merchant.button("一括入力・変更").click()
    await page.get_by_role("textbox", name="梱包重量").fill("300")
    await page.get_by_label("ONにする").check()
    await merchant.button("内容を確認する").click()
    await merchant.button("2 商品を変更する").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("一括入力・変更の結果")
    await back_to(page, "一括入力・変更の確認")
    await merchant.button("2 商品を変更する").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("一括入力・変更の結果")
    await back_to(page, "一括入力・変更の確認")
    await back_to(page, "一括入力・変更")
    await expect(page.get_by_role("textbox", name="梱包重量")).to_have_value("300")
    await expect(page.get_by_label("ONにする")).to_be_checked()
    await page.get_by_role("textbox", name="梱包重量").fill("")
    await page.reload()
    await expect(page.get_by_role("textbox", name="梱包重量")).to_have_value("300")
    await back_to(page, "商品一覧")
    await world.until(lambda: world.products(shop)["A1"].content.package_weight_g == 300, "the weight")
    bulk = [one for one in await world.sent(shop, TOOL_EDITS) if isinstance(one.data, ProductsBulkEdited)]
    assert len(bulk) == 1


@SCRIPTS
async def test_back_to_settings_that_were_refused(world, ready, scripts):
    merchant = await ready({"P1": "タオル"}, options={"java_script_enabled": scripts})
    page = merchant.page
    await merchant.open("/settings")
    await page.get_by_label("自動連携", exact=True).check()
    await page.get_by_label("間隔（分）").fill("しょっちゅう")
    await merchant.button("保存する").click()
    await expect(page.locator("#interval-error")).to_be_visible()
    await merchant.menu("ヘルプ")
    await back_to(page, "連携設定")
    await expect(page.locator("#interval-error")).to_be_visible()
    await expect(page.get_by_label("間隔（分）")).to_have_value("しょっちゅう")
    await page.get_by_label("税率（％）").fill("8")
    await page.get_by_label("間隔（分）").fill("30")
    await merchant.button("保存する").click()
    await expect(page).to_have_url(re.compile("saved="))
    _, saved = await world.settings_of(merchant.shop)
    assert (saved.sync.mode, saved.sync.interval_minutes, saved.tax.rate_percent) == ("auto", 30, 8)


async def test_back_to_a_product_whose_values_were_refused_without_scripts(world, ready):
    merchant = await ready({"A1": "白いタオル"}, options={"java_script_enabled": False})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.get_by_label("梱包重量").fill("重い")
    await merchant.button("保存する").click()
    await expect(page.locator("#package_weight_g-error")).to_be_visible()
    await merchant.menu("ヘルプ")
    await back_to(page, "白いタオル")
    await expect(page.locator("#package_weight_g-error")).to_be_visible()
    await expect(page.get_by_label("梱包重量")).to_have_value("重い")


@SCRIPTS
async def test_the_other_language_shows_what_was_entered(world, ready, scripts, watched):
    watched.expect_status(422)
    merchant = await ready({"A1": "白いタオル"}, options={"java_script_enabled": scripts})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.get_by_label("梱包重量").fill("重い")
    await merchant.button("English").click()
    await expect(page.get_by_label("Package weight")).to_have_value("重い")
    await merchant.button("Save").click()
    await expect(page.locator("#package_weight_g-error")).to_be_visible()
    await page.get_by_label("Package weight").fill("とても重い")
    await merchant.button("日本語").click()
    await expect(page.get_by_label("梱包重量")).to_have_value("とても重い")
    await expect(page.locator("#package_weight_g-error")).to_be_visible()
    await page.get_by_role("button", name=" を選ぶ").first.click()
    await expect(page.locator("#brand_id")).not_to_have_text("選択されていません")
    await page.reload()
    await expect(page.locator("#brand_id")).not_to_have_text("選択されていません")
    await merchant.open("/settings")
    await page.get_by_label("税率（％）").fill("8")
    await merchant.button("English").click()
    await expect(page.get_by_label("Rate")).to_have_value("8")


async def test_who_leaves_with_input_that_is_not_saved_is_asked(world, ready):
    merchant = await ready({"A1": "白いタオル"})
    page = merchant.page
    asked = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    await merchant.open("/products")
    await page.get_by_role("link", name="白いタオル").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("link", name="閉じる").click()
    await expect(dialog).to_have_count(0)
    page.on("dialog", answer)
    await page.get_by_role("link", name="白いタオル").click()
    await dialog.get_by_label("梱包重量").fill("300")
    await dialog.get_by_label("梱包重量").press("Escape")
    await dialog.get_by_role("link", name="閉じる").click()
    await expect(dialog.get_by_label("梱包重量")).to_have_value("300")
    await page.evaluate("location.reload()")
    await eventually(lambda: len(asked) == 3, what="three questions")
    assert asked == ["confirm", "confirm", "beforeunload"]
    await expect(dialog.get_by_label("梱包重量")).to_have_value("300")
    await dialog.get_by_role("button", name="保存する").click()
    await expect(dialog.get_by_text("反映されました")).to_be_visible()
    await dialog.get_by_role("link", name="閉じる").click()
    await expect(dialog).to_have_count(0)
    assert len(asked) == 3
