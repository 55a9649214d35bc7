"""Log-in, log-out, and what nobody reaches without."""

from datetime import timedelta

import pytest

from shopsync_accounts import Accounts


@pytest.fixture
async def account(world):
    accounts = Accounts(world.database)
    await world.database["accounts"].delete_many({"_id": "demo"})
    secret = await accounts.create("demo", "Owner@Example.jp", world.now)
    await accounts.set_password(secret, "correct horse battery", world.now)


async def test_a_merchant_logs_in_and_out(world, account):
    form = await world.stranger.get("/login")
    assert form.status_code == 200
    done = await world.post(world.stranger, "/login", email="owner@example.jp", password="correct horse battery")
    assert (done.status_code, done.headers["location"]) == (303, "/products")
    assert (await world.stranger.get("/help")).status_code == 200
    out = await world.post(world.stranger, "/logout")
    assert out.headers["location"] == "/login?said=out"
    assert (await world.stranger.get("/help")).status_code == 303


async def test_an_unknown_e_mail_and_a_wrong_password_are_answered_alike(world, account):
    await world.stranger.get("/login")
    one = await world.post(world.stranger, "/login", email="owner@example.jp", password="wrong")
    two = await world.post(world.stranger, "/login", email="owner@example.jp.", password="wrong")
    assert (one.status_code, two.status_code) == (401, 401)
    assert one.text.replace("owner@example.jp", "") == two.text.replace("owner@example.jp.", "")


async def test_without_a_session_a_page_leads_to_the_log_in_and_back(world):
    asked = await world.stranger.get("/help?a=1")
    assert asked.headers["location"] == "/login?next=%2Fhelp%3Fa%3D1"


async def test_a_write_without_the_sessions_token_is_refused(world):
    refused = await world.client.post("/logout", data={"csrf": "x"})
    assert refused.status_code == 403
    foreign = await world.client.post("/logout", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403


async def test_a_session_ends_by_idleness(world):
    assert (await world.client.get("/help")).status_code == 200
    world.now += timedelta(hours=13)
    assert (await world.client.get("/help")).status_code == 303


async def test_a_write_after_the_session_ended_is_kept_over_the_log_in(world, account):
    world.now += timedelta(hours=13)
    asked = await world.post(world.client, "/products/A-1", name="新しい名前")
    assert asked.status_code == 401
    assert "新しい名前" in asked.text
