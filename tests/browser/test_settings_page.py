"""連携設定: another mode, with its warning."""

import pytest
from playwright.async_api import expect

from shopsync_contracts.events import ProductSnapshot

pytestmark = pytest.mark.browser


async def test_hidden_listings_are_named_before_a_mode_brings_them_back(world, ready):
    """Scenario 84 (RB-1, LY-6)."""
    names = {f"P{number}": f"タオル {number}" for number in range(4)}
    merchant = await ready(names)
    page, shop = merchant.page, merchant.shop
    await world.on_sale(shop, [*names])
    for listing in (await world.listings(shop))[:2]:
        await world.tiktok("POST", "/seller/hide", {"product_id": listing["product_id"]})

    def hidden() -> list[ProductSnapshot]:
        return [one for one in world.products(shop).values() if one.tiktok_product_id and not one.live]

    await world.until(lambda: len(hidden()) == 2, "two hidden listings")
    await merchant.open("/settings")
    await page.get_by_label("自動連携", exact=True).check()
    await page.get_by_label("間隔（分）").fill("45")
    await page.get_by_label("税率（％）").fill("8")
    await merchant.button("保存する").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("非公開の商品が出品中に戻ります")
    await expect(page.get_by_role("alert")).to_contain_text("2件")
    for product in hidden():
        await expect(page.get_by_role("row", name=product.content.name)).to_be_visible()
    assert len(await world.settings_of(shop)) == 1
    await merchant.button("保存しないで戻る").click()
    await expect(page.get_by_label("間隔（分）")).to_have_value("45")
    await merchant.button("保存する").click()
    await merchant.button("出品中に戻ることを確認して保存する").dblclick()
    await expect(page.get_by_label("自動連携", exact=True)).to_be_checked()
    *_, saved = await world.settings_of(shop)
    assert (saved.sync.mode, saved.sync.interval_minutes, saved.tax.rate_percent) == ("auto", 45, 8)
    assert len(await world.settings_of(shop)) == 2


async def test_scenario_84_hidden_listings_come_back_at_the_timing_of_the_new_mode(world, ready):
    """RB-1, LY-6: warned of before, sent with the rest at the next timing, and on sale again. OFF stays hidden."""
    names = {f"P{number}": f"タオル {number}" for number in range(4)}
    merchant = await ready(names)
    page, shop = merchant.page, merchant.shop
    await world.on_sale(shop, [*names])
    for listing in (await world.listings(shop))[:3]:
        await world.tiktok("POST", "/seller/hide", {"product_id": listing["product_id"]})

    def hidden() -> list[str]:
        return [one.product_no for one in world.products(shop).values() if one.tiktok_product_id and not one.live]

    await world.until(lambda: len(hidden()) == 3, "three hidden listings")
    off = hidden()[0]
    await merchant.open(f"/products/{off}")
    await merchant.button("OFFにする").click()
    await world.until(lambda: not world.products(shop)[off].sync_enabled, "OFF")
    await merchant.menu("連携設定")
    await page.get_by_label("自動連携", exact=True).check()
    await page.get_by_label("間隔（分）").fill("1")
    await merchant.button("保存する").click()
    await expect(page.get_by_role("alert")).to_contain_text("2件")
    await merchant.button("出品中に戻ることを確認して保存する").click()
    await expect(page.get_by_label("自動連携", exact=True)).to_be_checked()
    await world.until(lambda: hidden() == [off], "the listings that are back on sale")
    await world.reach(shop, [one for one in names if one != off], "synced")
    numbers = {one.tiktok_product_id: product_no for product_no, one in world.products(shop).items()}
    on_sale = {numbers[one["product_id"]] for one in await world.listings(shop) if one["status"] == "ACTIVATE"}
    assert on_sale == {*names} - {off}
    for product_no in names:
        await merchant.open(f"/products/{product_no}")
        words = "Seller Centerで非公開になっています" if product_no == off else "TikTok Shopで販売中"
        await expect(page.locator("#product-state")).to_contain_text(words)
    await merchant.menu("連携設定")
    await page.get_by_label("手動", exact=True).check()
    await merchant.button("保存する").click()
    await expect(page.get_by_label("手動", exact=True)).to_be_checked()


async def test_wrong_settings_come_back_with_what_is_wrong_beside_them(world, ready):
    merchant = await ready({"P1": "タオル"})
    page = merchant.page
    await merchant.open("/settings")
    await page.get_by_label("自動連携", exact=True).check()
    await page.get_by_label("間隔（分）").fill("しょっちゅう")
    await merchant.button("保存する").click()
    field = page.get_by_label("間隔（分）")
    await expect(field).to_have_value("しょっちゅう")
    await expect(field).to_have_attribute("aria-invalid", "true")
    assert len(await world.settings_of(merchant.shop)) == 1
