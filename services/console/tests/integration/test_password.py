"""The page of a one-time link, at which a merchant sets the password."""

from datetime import timedelta

import pytest

from shopsync_accounts import Accounts

GOOD = "correct horse battery"


@pytest.fixture
def accounts(world):
    return Accounts(world.database)


@pytest.fixture
async def link(world, accounts):
    """Of the account of "demo", which has a session already."""
    return f"/password/{await accounts.reset('demo', world.now)}"


async def stored(world):
    names = await world.database.list_collection_names()
    return {name: await world.database[name].find({}).sort("_id", 1).to_list() for name in names}


async def test_a_merchant_sets_the_password_once_and_logs_in(world, accounts, link):
    page = await world.stranger.get(link)
    assert page.status_code == 200
    assert "demo@example.jp" in page.text
    done = await world.post(world.stranger, link, password=GOOD, again=GOOD)
    assert (done.status_code, done.headers["location"]) == (303, "/login?said=password")
    assert "パスワードを設定しました" in (await world.stranger.get("/login?said=password")).text
    inside = await world.post(world.stranger, "/login", email="demo@example.jp", password=GOOD)
    assert inside.headers["location"] == "/products"
    again = await world.post(world.stranger, link, password="another horse", again="another horse")
    assert again.status_code == 404
    assert await accounts.log_in("demo@example.jp", GOOD) is not None


async def test_every_session_of_the_shop_ends_and_no_other(world, link):
    second, other = await world.log_in("demo"), await world.log_in("other")
    await world.stranger.get(link)
    await world.post(world.stranger, link, password=GOOD, again=GOOD)
    assert [(await browser.get("/help")).status_code for browser in (world.client, second, other)] == [303, 303, 200]


async def test_a_log_in_with_the_old_password_that_ends_after_the_new_one_is_no_log_in(
    world, accounts, link, monkeypatch
):
    await accounts.set_password(link.rpartition("/")[2], GOOD, world.now)
    new = await accounts.reset("demo", world.now)
    begin = world.sessions.begin

    async def after_the_change(*who):
        session = await begin(*who)
        await accounts.set_password(new, "another horse", world.now + timedelta(seconds=1))
        return session

    monkeypatch.setattr(type(world.sessions), "begin", lambda _self, *who: after_the_change(*who))
    await world.stranger.get("/login")
    refused = await world.post(world.stranger, "/login", email="demo@example.jp", password=GOOD)
    assert refused.status_code == 401
    assert not world.stranger.cookies.get("console_session")


async def test_a_look_changes_nothing(world, link):
    before = await stored(world)
    for _ in range(3):
        assert (await world.stranger.get(link)).status_code == 200
        assert (await world.stranger.head(link)).status_code == 200
    assert await stored(world) == before


async def test_used_replaced_expired_and_wrong_links_have_the_same_page(world, accounts, link):
    replaced, expired, used = link, await accounts.create("third", "third@example.jp", world.now), None
    await accounts.reset("demo", world.now)
    used = await accounts.create("fourth", "fourth@example.jp", world.now)
    await accounts.set_password(used, GOOD, world.now)
    world.now += timedelta(days=3)
    asked = [replaced, f"/password/{expired}", f"/password/{used}", "/password/x", f"/password/{'x' * 5000}"]
    answers = [await world.stranger.get(one) for one in asked]
    assert {answer.status_code for answer in answers} == {404}
    texts = {answer.text.replace(one, "") for answer, one in zip(answers, asked, strict=True)}
    assert len(texts) == 1
    assert "運営担当者に新しいリンク" in texts.pop()
    sent = await world.post(world.stranger, f"/password/{expired}", password=GOOD, again=GOOD)
    assert sent.status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "field", "told"),
    [
        ("short", "short", "password", "10文字以上"),
        ("", "", "password", "10文字以上"),
        ("x" * 201, "x" * 201, "password", "200文字以内"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "password", "推測されやすい"),
        ("1234567890", "1234567890", "password", "推測されやすい"),
        ("Demo@Example.jp", "Demo@Example.jp", "password", "推測されやすい"),
        (GOOD, "correct horse batter", "again", "一致していません"),
        (GOOD, "", "again", "一致していません"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_the_link_stays(world, link, password, again, field, told):
    await world.stranger.get(link)
    answer = await world.post(world.stranger, link, password=password, again=again)
    assert answer.status_code == 422
    error = answer.text.partition(f'id="{field}-error"')[2].partition("</span>")[0]
    assert told in error
    assert answer.text.count('aria-invalid="true"') == 1
    assert not password or f'value="{password}"' not in answer.text
    assert (await world.client.get("/help")).status_code == 200
    assert (await world.post(world.stranger, link, password=GOOD, again=GOOD)).status_code == 303


async def test_a_password_is_the_same_however_a_keyboard_writes_it(world, accounts, link):
    secret = link.rpartition("/")[2]
    await accounts.set_password(secret, "がぎぐげござじずぜぞ", world.now)
    apart = "がぎぐげござじずぜぞ"
    assert await accounts.log_in("demo@example.jp", apart) is not None


async def test_the_address_is_told_to_nobody(world, link):
    for answer in (await world.stranger.get(link), await world.stranger.get("/password/x")):
        assert answer.headers["referrer-policy"] == "strict-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "http" not in answer.text.replace("htmx", "")
