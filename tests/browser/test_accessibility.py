"""Every screen: no violation that axe-core finds, no sideways scrolling on a phone, all of it by keyboard."""

import re

import pytest
from chromium import overflow, violations
from playwright.async_api import Page, expect

WIDE, PHONE = {"width": 1100, "height": 800}, {"width": 360, "height": 740}
SCREENS = (
    "/products",
    "/products?status=incomplete&keyword=%E9%9D%B4%E4%B8%8B",
    "/products/A1",
    "/products/V1",
    "/bulk?all=1",
    "/sync",
    "/reimport",
    "/settings",
    "/history",
    "/authorization",
    "/help",
    "/products/nothing",
)
FOCUSED = """() => {
  const one = document.activeElement, label = one.labels && one.labels[0];
  return one.getAttribute('aria-label') || (label || one).innerText || '';
}"""
SKUS = [
    {"vertical_no": f"{i}", "vertical_name": f"色{i}", "horizontal_no": f"{j}", "horizontal_name": f"{j}号", "stock": 2}
    for i in range(4)
    for j in range(5)
]


async def faults(page: Page, axe: str, name: str) -> list[str]:
    found = [f"{name}: {one}" for one in await violations(page, axe)]
    wider = await overflow(page)
    return [*found, f"{name}: {wider} px wider than the window"] if wider > 0 else found


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param(WIDE, "ja", id="wide, Japanese"),
        pytest.param(PHONE, "en", id="phone, English", marks=pytest.mark.browser),
        pytest.param(PHONE, "ja", id="phone, Japanese", marks=pytest.mark.browser),
        pytest.param(WIDE, "en", id="wide, English", marks=pytest.mark.browser),
    ],
)
async def test_every_screen_is_accessible(world, ready, merchant_of, watched, axe, size, language):
    watched.expect_status(401, 404)
    shop = await world.ready_shop({"A1": "とても長い名前の靴下" + "あいうえおかきくけこ" * 12, "A2": "W" * 120})
    await world.register(
        shop,
        "V1",
        name="色とサイズのあるタオル",
        unit_price=900,
        skus=SKUS,
        vertical_axis="カラー",
        horizontal_axis="サイズ",
    )
    await world.import_products(shop)
    merchant = await merchant_of(shop, viewport=size, log_in=False)
    page = merchant.page
    await merchant.open("/login")
    if language == "en":
        await page.get_by_role("button", name="English").click()
    found = await faults(page, axe, "/login")
    await merchant.log_in()
    for path in SCREENS:
        await merchant.open(path)
        found += await faults(page, axe, path)
    await merchant.open("/products/A1")
    save = page.locator("button.primary[value=save]")
    await save.click()
    await expect(page.locator("#still-missing")).to_be_visible()
    found += await faults(page, axe, "what is still missing")
    await page.locator("#package_weight_g").fill("300")
    await world.end_sessions(shop)
    await save.click()
    await merchant.enter_login()
    await expect(page.locator("table.kept")).to_be_visible()
    assert found + await faults(page, axe, "what was kept over the log-in") == []


async def test_a_merchant_works_with_the_keyboard_alone(world, ready, merchant_of):
    shop = await world.ready_shop({"A1": "白いタオル", "A2": "赤いタオル"})
    merchant = await merchant_of(shop, log_in=False)
    page, login = merchant.page, await world.login(shop)
    await merchant.open("/login")
    await tab_to(page, "メールアドレス")
    await page.keyboard.type(login.email)
    await tab_to(page, "パスワード")
    await page.keyboard.type(login.password)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/products$"))
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    await page.keyboard.press("Enter")
    await tab_to(page, "商品名に含む言葉")
    await page.keyboard.type("赤い")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("row", name=re.compile("赤いタオル"))).to_be_visible()
    await expect(page.get_by_role("row", name=re.compile("白いタオル"))).to_have_count(0)
    await tab_to(page, "赤いタオルの連携対象をONにする")
    await page.keyboard.press("Enter")
    await world.until(lambda: world.products(shop)["A2"].sync_enabled, "the switch")
    await tab_to(page, "赤いタオル")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await tab_to(page, "梱包重量")
    await page.keyboard.type("250")
    page.once("dialog", lambda question: question.accept())  # the weight is not saved
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_role("link", name="赤いタオル")).to_be_focused()


async def tab_to(page: Page, name: str, most: int = 120) -> None:
    """Press Tab until the element of this accessible name has the focus. It must show that it has."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        label = await page.evaluate(FOCUSED)
        if label.split("\n")[0].strip() in {name, f"{name} 不足"}:
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {name} cannot be seen"
            return
    raise AssertionError(f"{name} is not reached by Tab")
