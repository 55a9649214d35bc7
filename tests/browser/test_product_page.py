"""商品詳細: a product is completed, its stock counted, its texts shown as texts."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from shopsync_contracts.topics import TOOL_EDITS
from shopsync_rehearsals.completion import BRAND, SOCKS

pytestmark = pytest.mark.browser

EVIL = "<b>太字</b> & <script>document.title='taken'</script> \"引用\" '記号' シャツ"
VARIATIONS = [
    {
        "vertical_no": f"V{i}",
        "vertical_name": f"色{i}",
        "horizontal_no": f"H{j}",
        "horizontal_name": f"サイズ{j}",
        "stock": 2,
    }
    for i in range(50)
    for j in range(8)
]


async def held_up(page: Page) -> asyncio.Event:
    """Answers to forms wait from now on, until the event is set."""
    answers = asyncio.Event()

    async def late(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    await page.route("**/products/A1", late)
    return answers


async def test_a_product_is_completed_with_the_pickers(world, ready, watched):
    """Scenarios 26, 30, 40: stock 0 and missing values first; what is entered there is what is sent."""
    watched.expect_status(422)
    merchant = await ready({"靴下-1": "無地の靴下"}, skus=[{"stock": 0}])
    page = merchant.page
    await merchant.open("/products/靴下-1")
    missing = page.get_by_role("region", name="不足項目")
    await expect(missing.get_by_role("group", name="カテゴリー 不足")).to_be_visible()
    await missing.get_by_label("カテゴリー名で探す").fill("ソックス")
    await missing.get_by_label("カテゴリー名で探す").press("Enter")
    await missing.get_by_role("button", name=re.compile("靴下・タイツ.*ソックス")).click()
    await expect(page.locator("#category_id")).to_contain_text("ソックス")
    await missing.get_by_label("ブランド名で探す").fill("きぬがさ")
    await missing.get_by_label("ブランド名で探す").press("Enter")
    await expect(missing.get_by_role("button", name=re.compile(" を選ぶ$"))).to_have_count(1)
    await missing.get_by_role("button", name="きぬがさ織物 を選ぶ").click()
    await expect(page.locator("#brand_id")).to_contain_text("きぬがさ")
    await page.get_by_label("梱包重量").fill("300")
    for side, number in {"長さ": "24", "幅": "18", "高さ": "4"}.items():
        await page.get_by_label(side, exact=True).fill(number)
    await merchant.fill_required_attributes()
    await page.get_by_label(re.compile("の在庫数$")).first.fill("七")
    await merchant.button("保存する").click()
    await expect(page.get_by_role("alert")).to_contain_text("保存していません")
    await expect(page.get_by_label("梱包重量")).to_have_value("300")
    await page.get_by_label(re.compile("の在庫数$")).first.fill("7")
    await merchant.button("保存する").click()
    await world.reach(merchant.shop, ["靴下-1"], "pending")
    product = world.products(merchant.shop)["靴下-1"]
    assert product.content.package_weight_g == 300
    assert product.skus[0].stock == 7
    await expect(page.locator("#product-state").get_by_text("同期待ち")).to_be_visible()
    await merchant.button("ONにする").click()
    await expect(merchant.button("OFFにする")).to_be_visible()
    await world.sync(merchant.shop)
    await expect(page.locator("#product-state").get_by_text("連携成功")).to_be_visible()
    [listing] = await world.listings(merchant.shop)
    assert [sku["stock"] for sku in listing["skus"]] == [7]


async def test_presses_that_come_faster_than_the_answers_all_count(world, ready):
    """The answer to one press replaces the form in which the next one was made."""
    merchant = await ready({"A1": "無地の靴下"})
    page = merchant.page
    await merchant.open("/products/A1")
    await page.get_by_label("カテゴリー名で探す").fill("ソックス")
    await page.get_by_label("カテゴリー名で探す").press("Enter")
    socks = page.get_by_role("button", name=re.compile("靴下・タイツ.*ソックス"))
    await expect(socks).to_be_visible()
    brand = page.get_by_role("button", name="きぬがさ織物 を選ぶ")
    await page.get_by_label("ブランド名で探す").fill("きぬがさ")
    await page.get_by_label("ブランド名で探す").press("Enter")
    await expect(page.get_by_role("button", name=re.compile(" を選ぶ$"))).to_have_count(1)
    answers = await held_up(page)
    await socks.click()
    await brand.dblclick()
    await page.get_by_label("梱包重量").fill("300")
    await merchant.button("保存する").dblclick()
    answers.set()
    await world.until(lambda: world.products(merchant.shop)["A1"].content.package_weight_g == 300, "the weight")
    await expect(page.locator("#category_id")).to_contain_text("ソックス")
    await expect(page.locator("#brand_id")).to_contain_text("きぬがさ")
    content = world.products(merchant.shop)["A1"].content
    assert (content.category_id, content.brand_id) == (SOCKS, BRAND)
    assert len(await world.sent(merchant.shop, TOOL_EDITS)) == 1


async def test_attributes_entered_while_an_answer_is_on_its_way_stay(world, ready):
    merchant = await ready({"A1": "無地の靴下"})
    page = merchant.page
    await world.complete(merchant.shop, ["A1"], but=("brand_id",))
    await merchant.open("/products/A1")
    answers = await held_up(page)
    await page.get_by_role("button", name=re.compile(" を選ぶ$")).first.click()
    choices = page.locator(".attribute").get_by_role("combobox").first
    before = await choices.input_value()
    other = await choices.locator("option").evaluate_all(
        "(all, before) => all.map(one => one.value).find(one => one && one !== before)", before
    )
    await choices.select_option(other)
    answers.set()
    await expect(page.locator("#brand_id")).not_to_have_text("選択されていません")
    await expect(choices).to_have_value(other)
    await expect(choices).to_be_focused()


async def test_what_is_html_and_script_in_a_name_is_shown_as_text(world, ready, watched):
    merchant = await ready(
        {"<i>1&2": EVIL},
        description='<p onclick="a()">説明</p><script>document.title="taken"</script><img src=x onerror=alert(1)>',
    )
    page = merchant.page
    await merchant.open("/products/%3Ci%3E1%262")
    await expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    await expect(page).to_have_title(re.compile(re.escape(EVIL)))
    await page.get_by_text("表示を確認する").first.click()
    await expect(page.locator(".described").first).to_have_text("説明")
    assert await page.locator(".described [onclick], .described script, .described img").count() == 0


async def test_a_product_of_400_skus_can_be_looked_at_and_changed(world, ready):
    """VA-2, scenario 37."""
    merchant = await ready({"V400": "色とサイズ"}, skus=VARIATIONS, vertical_axis="カラー", horizontal_axis="サイズ")
    page = merchant.page
    await merchant.open("/products/V400")
    await expect(page.locator(".skus tbody tr")).to_have_count(400)
    await page.get_by_label(re.compile("^V49-H7 .*の在庫数$")).fill("9")
    await page.get_by_label("商品名").fill("四百の組み合わせ")
    await merchant.button("保存する").click()
    await world.until(
        lambda: world.products(merchant.shop)["V400"].content.name == "四百の組み合わせ", "the new name of V400"
    )
    stock = {(sku.vertical_no, sku.horizontal_no): sku.stock for sku in world.products(merchant.shop)["V400"].skus}
    assert stock[("V49", "H7")] == 9
    assert sum(one or 0 for one in stock.values()) == 399 * 2 + 9
