"""The whole way of a merchant, from the log-in to the night's verdicts. `make screenshots` takes its pictures."""

import re

from playwright.async_api import expect

from shopsync_contracts.events import SweepCompleted, SweepRequested

NAMES = {f"SOCKS-{number:02}": f"無地の靴下 {number:02}" for number in range(1, 21)}
LACKING = ("package_weight_g", "package_dimensions_cm")


async def test_a_merchant_does_it_all_alone(world, merchant_of, shot):
    shop = world.take_shop()
    await world.open_shop(shop)
    await world.fill(shop, {"TOWEL-01": "今治のバスタオル", **NAMES})
    merchant = await merchant_of(shop, log_in=False)
    page = merchant.page

    # Log in, authorise
    await merchant.open("/")
    await shot(page, "01-login")
    await merchant.enter_login()
    await expect(page.get_by_role("heading", level=1)).to_have_text("TikTok Shop認証")
    await shot(page, "02-authorization")
    await merchant.button("TikTok Shopで認証する").click()
    which = page.get_by_label("認証するTikTok ShopのID")
    await expect(which.or_(page.get_by_text("TikTok Shop認証が完了しました。"))).to_be_visible()
    if await which.is_visible():  # the sandbox's seller has the shops of all tests
        await which.fill(world.tiktok_id(shop))
        await merchant.button("TikTok Shopで認証する").click()
    await page.get_by_role("link", name="商品一覧へ進む").click()

    # Take the products in
    await merchant.button("情報を更新する").click()
    await world.until(lambda: {"TOWEL-01", *NAMES} <= set(world.products(shop)), "the imported products")
    await world.complete(shop, [*NAMES], but=LACKING)
    await merchant.open("/products?status=incomplete")
    await expect(page.locator("table.products tbody tr").first).to_be_visible()
    await expect(page.locator("#counts a[aria-current] b")).not_to_have_text("0")
    await shot(page, "03-products")

    # Complete one with the pickers
    await page.get_by_label("商品名に含む言葉").fill("バスタオル")
    await merchant.button("検索").click()
    await page.get_by_role("link", name="今治のバスタオル").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("カテゴリー名で探す").fill("バスタオル")
    await dialog.get_by_label("カテゴリー名で探す").press("Enter")
    await expect(dialog.get_by_text(re.compile("検索結果"))).to_be_visible()
    await shot(page, "04-category")
    await dialog.get_by_role("button", name=re.compile("> バスタオル$")).click()
    await expect(dialog.locator("#category_id")).to_contain_text("バスタオル")
    await dialog.get_by_label("ブランド名で探す").fill("きぬがさ")
    await dialog.get_by_label("ブランド名で探す").press("Enter")
    await expect(dialog.get_by_role("button", name=re.compile(" を選ぶ$"))).to_have_count(1)
    await dialog.get_by_role("button", name="きぬがさ織物 を選ぶ").click()
    await expect(dialog.locator("#brand_id")).to_contain_text("きぬがさ")
    await dialog.get_by_label("梱包重量").fill("450")
    for side, number in {"長さ": "30", "幅": "24", "高さ": "8"}.items():
        await dialog.get_by_label(side, exact=True).fill(number)
    await merchant.fill_required_attributes()
    await dialog.get_by_role("button", name="保存する", exact=True).click()
    await expect(page.locator("#product-state")).to_contain_text("同期待ち")
    await dialog.get_by_role("button", name="ONにする", exact=True).click()
    await expect(dialog.get_by_role("button", name="OFFにする", exact=True)).to_be_visible()
    # Once what was switched has arrived the page is made again.
    await expect(page.locator("#product-state input[name=following]")).to_have_count(0)
    await page.locator("#product").scroll_into_view_if_needed()
    await shot(page, "05-product")
    await dialog.get_by_role("link", name="閉じる").click()

    # Twenty at once, and ON
    await page.get_by_label("商品名に含む言葉").fill("無地の靴下")
    await merchant.button("検索").click()
    await expect(page.locator("table.products tbody tr")).to_have_count(20)
    await page.get_by_label("このページのすべてを選ぶ").check()
    await merchant.button("一括入力・変更").click()
    await page.get_by_role("textbox", name="梱包重量").fill("80")
    for side, number in {"長さ": "20", "幅": "10", "高さ": "3"}.items():
        await page.get_by_label(side, exact=True).fill(number)
    await page.get_by_label("ONにする").check()
    await shot(page, "06-bulk")
    await merchant.button("内容を確認する").click()
    await merchant.button("20 商品を変更する").click()
    await expect(page.locator("td.outcome.applied")).to_have_count(20)
    await shot(page, "07-bulk-report")

    # Send, and watch it
    await merchant.menu("商品一覧")
    await merchant.button("同期").click()
    await shot(page, "08-sync")
    await merchant.button("21 商品を同期する").click()
    await expect(merchant.main().locator(".action.good").first).to_contain_text("同期")
    await shot(page, "09-sync-done")
    await merchant.open("/products?status=synced")
    await expect(page.locator("table.products tbody .tag.synced")).to_have_count(21)
    await shot(page, "10-synced")

    # Another mode, with its warning
    for listing in (await world.listings(shop))[:3]:
        await world.tiktok("POST", "/seller/hide", {"product_id": listing["product_id"]})
    await world.until(
        lambda: sum(bool(one.tiktok_product_id) and not one.live for one in world.products(shop).values()) == 3,
        "three hidden listings",
    )
    await merchant.menu("連携設定")
    await page.get_by_label("自動連携", exact=True).check()
    await merchant.button("保存する").click()
    await expect(page.get_by_role("alert")).to_contain_text("3件")
    await shot(page, "11-settings-warning")
    await merchant.button("出品中に戻ることを確認して保存する").click()
    await expect(page.get_by_label("自動連携", exact=True)).to_be_checked()

    # The night
    off = next(number for number, one in world.products(shop).items() if not one.sync_enabled)
    await world.futureshop("POST", f"/shops/{shop}/delete", {"product_nos": [off, "SOCKS-01"]})
    [request] = await world.bus.publish([SweepRequested(shop_key=shop)])
    await world.until(lambda: world.follower.report(SweepCompleted, request), "the night's report")
    await merchant.menu("履歴")
    await page.get_by_role("link", name="夜間の削除処理").click()
    await page.locator("#history tbody a").first.click()
    await expect(page.get_by_role("row", name=re.compile("SOCKS-01"))).to_contain_text("連携対象")
    await expect(page.get_by_role("row", name=re.compile(re.escape(off)))).to_be_visible()
    await shot(page, "12-night")
