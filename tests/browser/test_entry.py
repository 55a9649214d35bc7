"""Log-in, the way to TikTok Shop認証, and what an account may."""

import re

import pytest
from playwright.async_api import expect


async def test_scenario_77_another_e_mail_or_a_wrong_password_is_refused_in_the_same_words(world, merchant_of, watched):
    """Scenario 77 (AU-2)."""
    watched.expect_status(401)
    merchant = await merchant_of(world.take_shop(), log_in=False)
    page, login = merchant.page, await world.login(merchant.shop)
    await merchant.open("/products")
    await expect(page).to_have_url(re.compile(r"/login\?next="))
    for email, password in (("somebody@example.jp", login.password), (login.email, "not the password")):
        await page.get_by_label("メールアドレス").fill(email)
        await page.get_by_label("パスワード").fill(password)
        await merchant.main().get_by_role("button", name="ログイン").click()
        await expect(page.get_by_role("alert")).to_have_text("メールアドレスまたはパスワードが正しくありません。")
        await expect(page.get_by_label("メールアドレス")).to_have_value(email)
    await expect(page.get_by_role("link", name=re.compile("登録|新規"))).to_have_count(0)


async def test_the_list_is_not_shown_before_the_shop_is_authorised(world, merchant_of):
    """Scenario 59 (LS-1): the merchant authorises, and comes to the list."""
    shop = world.take_shop()
    await world.open_shop(shop)
    merchant = await merchant_of(shop)
    page = merchant.page
    await merchant.open("/products")
    await expect(page).to_have_url(f"{world.url}/authorization")
    await merchant.menu("商品一覧")
    await expect(page.get_by_role("heading", level=1)).to_have_text("TikTok Shop認証")
    await page.get_by_role("button", name="TikTok Shopで認証する").click()
    # The seller of the sandbox has all shops: TikTok's answer does not say which one is meant.
    await page.get_by_label("認証するTikTok ShopのID").fill(world.tiktok_id(shop))
    await page.get_by_role("button", name="TikTok Shopで認証する").click()
    await expect(page.get_by_role("status").first).to_contain_text("TikTok Shop認証が完了しました。")
    await page.get_by_role("link", name="商品一覧へ進む").click()
    await expect(page).to_have_url(re.compile(f"{world.url}/products"))


@pytest.mark.browser
async def test_scenario_76_a_second_account_of_a_shop_is_refused(world, merchant_of, watched):
    """AU-1, AU-2: nobody but an operator makes accounts, and not two of one shop. The first one stays as it was."""
    watched.expect_status(401, 404)
    shop = world.take_shop()
    await world.open_shop(shop)
    merchant = await merchant_of(shop)
    page, login = merchant.page, await world.login(shop)
    ended, said = await world.operator("accounts", "create", shop, "second@example.jp")
    assert ended == 1
    assert f"has an account already, of {login.email} (AU-1)" in said
    assert "/password/" not in said
    for path in ("/accounts", "/users", "/signup", "/register", "/login/new"):
        answer = await page.goto(f"{world.url}{path}")
        assert answer.status == 404
    await merchant.open("/help")
    await expect(page.get_by_role("main").get_by_label(re.compile("メールアドレス|パスワード"))).to_have_count(0)
    await page.get_by_role("button", name="ログアウト").click()
    await page.get_by_label("メールアドレス").fill("second@example.jp")
    await page.get_by_label("パスワード").fill(login.password)
    await merchant.main().get_by_role("button", name="ログイン").click()
    await expect(page.get_by_role("alert")).to_have_text("メールアドレスまたはパスワードが正しくありません。")
    await merchant.enter_login()
    await expect(page.get_by_text(shop, exact=True)).to_be_visible()
