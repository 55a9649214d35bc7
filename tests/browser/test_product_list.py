"""商品一覧: imports, search, bulk edits and syncs, each begun by its button."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from shopsync_contracts.topics import TOOL_EDITS

pytestmark = pytest.mark.browser


def rows(page: Page) -> Locator:
    return page.locator("table.products tbody tr")


def numbers(page: Page) -> Locator:
    return page.locator("table.products tbody td.no")


async def test_everything_of_futureshop_comes_by_either_button_and_edits_follow_rule_a(world, merchant_of):
    """Scenarios 1 to 4 (IM-1, IM-2, RA-1, RA-2, LY-1, LY-2)."""
    shop = world.take_shop()
    await world.open_shop(shop)
    await world.authorise(shop)
    await world.fill(shop, {"A1": "白いタオル", "A2": "赤いタオル"})
    await world.fill(shop, {"A3": "非公開のタオル"}, visible=False)
    merchant = await merchant_of(shop)
    page = merchant.page
    await merchant.menu("商品一覧")
    await merchant.button("情報を更新する").click()
    await world.until(lambda: {"A1", "A2", "A3"} <= set(world.products(shop)), "the imported products")
    await merchant.open("/products")
    for product_no in ("A1", "A2", "A3"):
        await expect(numbers(page).get_by_text(product_no, exact=True)).to_be_visible()

    await merchant.open("/products/A1")
    await page.get_by_label("商品名").fill("ツールの名前")
    await merchant.button("保存する").click()
    await world.until(lambda: world.products(shop)["A1"].content.name == "ツールの名前", "the edit")
    await world.register(shop, "A2", name="新しい赤いタオル")
    await merchant.open("/products")
    await merchant.button("情報を更新する").click()
    await world.until(lambda: world.products(shop)["A2"].content.name == "新しい赤いタオル", "the changed product")
    assert world.products(shop)["A1"].content.name == "ツールの名前"  # 2: 更新日 has not moved

    await merchant.open("/products")
    await page.get_by_role("link", name="一括情報更新").click()
    await expect(page.get_by_role("alert")).to_contain_text("1 商品の 1 項目で")
    lost = page.get_by_role("row", name=re.compile("A1"))
    await expect(lost).to_contain_text("ツールの名前")
    await expect(lost).to_contain_text("白いタオル")
    await merchant.button("一括情報更新を実行する").click()
    await world.until(lambda: world.products(shop)["A1"].content.name == "白いタオル", "futureshop's name")  # 3
    await merchant.open("/products/A2")
    await page.get_by_label("商品名").fill("別の名前")
    await merchant.button("保存する").click()
    await world.until(lambda: world.products(shop)["A2"].content.name == "別の名前", "the second edit")
    await world.register(shop, "A2", name="もっと新しいタオル")
    await merchant.open("/products")
    await merchant.button("情報を更新する").click()
    await world.until(lambda: world.products(shop)["A2"].content.name == "もっと新しいタオル", "the new name")  # 4


async def test_a_word_and_a_state_are_both_asked_for(world, ready):
    """Scenarios 40 and 60 (LS-2 to LS-4), without JavaScript as with it."""
    names = {"S1": "試作のシャツ", "S2": "黒いシャツ", "T1": "試作のタオル", "T2": "黒いタオル"}
    merchant = await ready(names)
    page, shop = merchant.page, merchant.shop
    rule = {"decision": "reject", "title_contains": "試作", "reason": "画像が不鮮明です"}
    await world.tiktok("PUT", "/reviews/rules", {"rules": [rule]})
    await world.complete(shop, ["S1", "S2", "T1"])
    await world.switch_on(shop, ["S1", "S2", "T1"])
    await world.sync(shop)
    await world.reach(shop, ["S1", "T1"], "rejected")
    await world.reach(shop, ["S2"], "synced")
    await merchant.open("/products")
    await page.get_by_label("商品名に含む言葉").fill("シャツ")
    await page.get_by_label("状態", exact=True).select_option(label="審査NG")
    await merchant.button("検索").click()
    await expect(numbers(page)).to_have_text(["S1"])
    all_of_it = page.get_by_label(re.compile("条件に合うすべての商品を選ぶ"))
    await all_of_it.check()
    await page.get_by_label("商品名に含む言葉").fill("")
    await expect(all_of_it).to_be_disabled()
    await expect(all_of_it).not_to_be_checked()
    await expect(page.get_by_text("条件が変わりました")).to_be_visible()
    await page.get_by_label("商品名に含む言葉").fill("シャツ")
    await expect(all_of_it).to_be_enabled()
    await page.get_by_label("商品名に含む言葉").fill("")
    await page.get_by_label("状態", exact=True).select_option(label="不足項目あり")
    await merchant.button("検索").click()
    await expect(numbers(page).filter(has_text=re.compile("^T2$"))).to_be_visible()
    await expect(numbers(page).filter(has_text=re.compile("^[ST]1$"))).to_have_count(0)
    await page.go_back()
    await expect(numbers(page)).to_have_text(["S1"])
    await expect(page.get_by_label("商品名に含む言葉")).to_have_value("シャツ")
    await expect(page.get_by_label("状態", exact=True)).to_have_value("rejected")
    await merchant.open("/products/S1")
    await expect(page.locator("#product-state")).to_contain_text("画像が不鮮明です")


async def test_twenty_products_are_completed_at_once(world, ready):
    """Scenarios 41 and 42 (ED-2, ED-3, ED-6): only what is filled in is written; no file can be sent."""
    names = {f"B{number:02}": f"靴下 {number}" for number in range(20)}
    merchant = await ready(names)
    page, shop = merchant.page, merchant.shop
    await world.complete(shop, [*names], but=("package_weight_g",))
    await merchant.open("/products")
    await page.get_by_label("商品名に含む言葉").fill("靴下")
    await merchant.button("検索").click()
    await expect(rows(page)).to_have_count(20)
    await page.get_by_label("このページのすべてを選ぶ").check()
    await merchant.button("一括入力・変更").click()
    await expect(merchant.main()).to_contain_text("20 商品に同じ値を入力します。")
    assert await page.locator("input[type=file]").count() == 0
    await page.get_by_role("textbox", name="梱包重量").fill("300")
    await merchant.button("内容を確認する").click()
    await merchant.button("20 商品を変更する").dblclick()
    await expect(page.get_by_role("heading", level=1)).to_have_text("一括入力・変更の結果")
    await expect(page.locator("td.outcome.applied")).to_have_count(20)
    products = [one for one in world.products(shop).values() if one.product_no in names]
    assert {one.content.package_weight_g for one in products} == {300}
    assert {one.status for one in products} == {"pending"}
    assert {one.content.name for one in products} == set(names.values())


async def test_only_products_that_are_on_are_sent_with_all_their_skus(world, ready):
    """Scenarios 36 and 45 (TG-1, RB-4, VA-1)."""
    skus = [
        {
            "vertical_no": f"{i}",
            "vertical_name": f"色{i}",
            "horizontal_no": f"{j}",
            "horizontal_name": f"{j}号",
            "stock": 2,
        }
        for i in range(3)
        for j in range(2)
    ]
    merchant = await ready(
        {"C1": "一つめ", "C2": "二つめ"}, skus=skus, vertical_axis="カラー", horizontal_axis="サイズ"
    )
    page, shop = merchant.page, merchant.shop
    await world.complete(shop, ["C1", "C2"])
    await merchant.open("/products")
    await page.get_by_role("switch", name="二つめの連携対象をONにする").click()
    await expect(page.get_by_role("switch", name="二つめの連携対象をOFFにする")).to_be_visible()
    await world.until(lambda: world.products(shop)["C2"].sync_enabled, "the switch")
    assert await page.get_by_role("switch").count() == await rows(page).count()  # none for a SKU
    await merchant.button("同期").click()
    await merchant.button("1 商品を同期する").dblclick()
    await expect(merchant.main().locator(".action").first).to_contain_text(re.compile("同期"))
    await world.reach(shop, ["C2"], "synced")
    [listing] = await world.listings(shop)
    assert len(listing["skus"]) == 6
    await merchant.open("/products")
    await expect(rows(page).filter(has_text="二つめ")).to_contain_text("連携成功")
    await expect(rows(page).filter(has_text="一つめ")).to_contain_text("同期待ち")


@pytest.mark.parametrize("scripts", [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts")])
async def test_a_double_click_on_a_switch_does_not_undo_itself(world, ready, scripts):
    merchant = await ready({"A1": "白いタオル"}, options={"java_script_enabled": scripts})
    page, shop = merchant.page, merchant.shop
    await merchant.open("/products")
    place = await page.evaluate("document.querySelector('#switch-A1').getBoundingClientRect().toJSON()")
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    await page.mouse.click(x, y)
    await page.wait_for_timeout(350)
    await page.mouse.click(x, y)
    await world.until(lambda: world.products(shop)["A1"].sync_enabled, "ON")
    await page.wait_for_timeout(0 if scripts else 600)  # without scripts nothing keeps a press waiting
    await page.get_by_role("switch", name="白いタオルの連携対象をOFFにする").click()
    await world.until(lambda: not world.products(shop)["A1"].sync_enabled, "OFF")
    switches = [one.data.sync_enabled for one in await world.sent(shop, TOOL_EDITS)]
    assert switches == [True, False]


async def test_what_is_beyond_the_daily_limit_waits_and_is_no_error(world, ready):
    """Scenario 53 (RB-11)."""
    names = {f"Q{number}": f"上限のタオル {number}" for number in range(5)}
    merchant = await ready(names)
    page, shop = merchant.page, merchant.shop
    await world.complete(shop, [*names])
    await world.switch_on(shop, [*names])
    await world.tiktok("PATCH", "/settings", {"daily_listing_quota": 2})
    try:
        await merchant.open("/sync")
        await merchant.button("5 商品を同期する").click()
        await expect(page.get_by_text(re.compile("1日の新規登録数の上限")).first).to_be_visible()
        states = sorted(world.products(shop)[one].status for one in names)
        assert states.count("pending") == 3
        assert "sync_error" not in states
    finally:
        await world.tiktok("PATCH", "/settings", {"daily_listing_quota": None})


async def test_reading_searching_and_switching_need_no_scripts(world, ready):
    names = {"N1": "白いシャツ", "N2": "黒いシャツ"}
    merchant = await ready(names, options={"java_script_enabled": False})
    page, shop = merchant.page, merchant.shop
    await merchant.open("/products")
    await page.get_by_label("商品名に含む言葉").fill("黒い")
    await merchant.button("検索").click()
    await expect(numbers(page)).to_have_text(["N2"])
    await page.get_by_role("switch", name="黒いシャツの連携対象をONにする").click()
    await world.until(lambda: world.products(shop)["N2"].sync_enabled, "the switch")
    await expect(numbers(page)).to_have_text(["N2"])
    await page.get_by_role("link", name="黒いシャツ").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("黒いシャツ")
    await page.get_by_label("カテゴリー名で探す").fill("ソックス")
    await page.get_by_label("カテゴリー名で探す").press("Enter")
    await page.get_by_role("button", name=re.compile("靴下・タイツ.*ソックス")).click()
    await page.get_by_label("梱包重量").fill("120")
    await merchant.button("保存する").click()
    await world.until(lambda: world.products(shop)["N2"].content.package_weight_g == 120, "the edit")
    assert world.products(shop)["N2"].content.category_id


async def test_a_product_whose_number_is_a_step_for_browsers_is_opened_and_saved(world, merchant_of):
    shop = await world.ready_shop({"%2E%2E": "番号が点のタオル"})
    page = (merchant := await merchant_of(shop)).page
    await merchant.open("/products")
    await page.get_by_role("link", name="番号が点のタオル").click()
    await expect(page.get_by_role("dialog").get_by_label("商品名")).to_have_value("番号が点のタオル")
    await page.reload()
    await page.get_by_label("商品名").fill("新しい名前")
    await merchant.button("保存する").click()
    await world.until(lambda: world.products(shop)[".."].content.name == "新しい名前", "the edit")
    await page.get_by_role("button", name="ONにする").click()
    await world.until(lambda: world.products(shop)[".."].sync_enabled, "the switch")
