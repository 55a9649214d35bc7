"""`shopsync accounts`: one account per shop, made by an operator (AU-1, AU-2)."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from pymongo import AsyncMongoClient

from shopsync_accounts import Accounts

CONSOLE = "https://console.example.com"
LINK = re.compile(rf"^{CONSOLE}/password/([\w-]{{43}})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv("CONSOLE_PUBLIC_URL", raising=False)
    monkeypatch.setenv("SHOPSYNC_CONSOLE_URL", f"{CONSOLE}/")


@pytest.fixture
def accounts(mongo_client, mongo_database):
    return Accounts(mongo_client[mongo_database])


async def test_the_printed_link_sets_the_password_once(shopsync, tool, accounts):
    await tool.shop("demo")
    ended = await shopsync(*tool.where, "accounts", "create", "demo", "Owner@Example.jp")
    assert ended.exit_code == 0, ended.stderr
    (secret,) = LINK.findall(ended.stdout)
    assert "owner@example.jp alone, works once within 3 days" in ended.stderr
    now = datetime.now(UTC)
    assert (await accounts.set_password(secret, "correct horse battery", now)).shop_key == "demo"
    again = (await shopsync(*tool.where, "accounts", "reset", "demo", "--json")).json()
    assert await accounts.by_link(again["link"].rpartition("/")[2], now) is not None
    assert datetime.fromisoformat(again["link_expires_at"]) > now + timedelta(days=2)


async def test_the_list_shows_who_has_a_password_and_no_link(shopsync, tool, accounts):
    for shop in ("demo", "other", "third"):
        await tool.shop(shop)
    now = datetime.now(UTC)
    secret = await accounts.create("demo", "owner@example.jp", now)
    await accounts.set_password(secret, "correct horse battery", now)
    await accounts.create("other", "other@example.jp", now)
    await accounts.create("third", "third@example.jp", now - timedelta(days=4))
    ended = await shopsync(*tool.where, "accounts", "list")
    assert ended.exit_code == 0
    lines = {line.split()[0]: line for line in ended.stdout.splitlines()[1:]}
    assert "owner@example.jp" in lines["demo"]
    assert "open until" in lines["other"]
    assert "ended: `shopsync accounts reset third`" in lines["third"]
    listed = (await shopsync(*tool.where, "accounts", "list", "--json")).json()
    assert [one["password_set_at"] is not None for one in listed] == [True, False, False]
    assert not [one for one in listed if "link" in one or "digest" in str(one)]


async def test_scenario_76_a_second_account_of_a_shop_is_refused_and_the_first_named(shopsync, tool):
    await tool.shop("demo")
    await tool.shop("other")
    assert (await shopsync(*tool.where, "accounts", "create", "demo", "owner@example.jp")).exit_code == 0
    second = await shopsync(*tool.where, "accounts", "create", "demo", "second@example.jp")
    assert second.exit_code == 1
    assert "has an account already, of owner@example.jp (AU-1)" in second.stderr
    assert "`shopsync accounts reset demo`" in second.stderr
    of_another = await shopsync(*tool.where, "accounts", "create", "other", "OWNER@example.jp")
    assert of_another.exit_code == 1
    assert "owner@example.jp is the account of another shop already (AU-2)" in of_another.stderr
    assert "reset" not in of_another.stderr


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (("create", "nobody", "owner@example.jp"), 1, "`shopsync shops put nobody`"),
        (("create", "demo", "owner"), 2, "'owner' is no e-mail address"),
        (("reset", "demo"), 1, "shop 'demo' has no account: `shopsync accounts create demo EMAIL` makes it"),
        (("create", "demo", "owner@example.jp", "--console", "console.example.com"), 2, "must be an origin"),
        (("create", "demo", "owner@example.jp", "--console", f"{CONSOLE}/x"), 2, "must be an origin"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_changes_nothing(shopsync, tool, accounts, words, exit_code, told):
    await tool.shop("demo")
    ended = await shopsync(*tool.where, "accounts", *words)
    assert (ended.exit_code, ended.stdout, len(ended.stderr.splitlines())) == (exit_code, "", 1), ended.stderr
    assert told in ended.stderr
    assert await accounts.list() == []


async def test_without_the_consoles_address_no_link_is_made(shopsync, tool, accounts, monkeypatch):
    monkeypatch.delenv("SHOPSYNC_CONSOLE_URL")
    await tool.shop("demo")
    ended = await shopsync(*tool.where, "accounts", "create", "demo", "owner@example.jp")
    assert ended.exit_code == 2
    assert "set --console or SHOPSYNC_CONSOLE_URL or CONSOLE_PUBLIC_URL" in ended.stderr
    assert await accounts.list() == []
    monkeypatch.setenv("CONSOLE_PUBLIC_URL", CONSOLE)
    assert LINK.search((await shopsync(*tool.where, "accounts", "create", "demo", "owner@example.jp")).stdout)


async def test_the_operator_may_make_accounts_and_no_other_user(shopsync, guarded_mongo, with_users):
    async with AsyncMongoClient(await with_users(guarded_mongo)) as client:
        await client["shopsync"]["shops"].insert_one({"_id": "demo"})

    async def create(user):
        uri = f"mongodb://{user}:p-{user}@127.0.0.1:{guarded_mongo}/?authSource=shopsync&directConnection=true"
        return await shopsync("--mongo", uri, "accounts", "create", "demo", "owner@example.jp")

    refused = await create("catalog")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert "not authorized" in refused.stderr
    assert "user operator" in refused.stderr
    assert "p-catalog" not in refused.stderr
    done = await create("operator")
    assert done.exit_code == 0, done.stderr
