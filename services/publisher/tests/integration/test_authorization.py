import asyncio
from datetime import timedelta

import pytest

from publisher.store import Authorizations
from shopsync_sandbox.polling import eventually
from shopsync_sandbox.tiktok import Code, Fault, Settings


async def test_consent_binds_the_shop_and_keeps_tokens_secret(demo):
    document = await demo.database["authorizations"].find_one({"_id": "demo"})
    shop = demo.sandbox.world.shop("demo")
    assert (document["tiktok_shop_id"], document["cipher"]) == (shop.id, shop.cipher)
    for token in ("access_token", "refresh_token"):
        assert b"ROW_" not in document[token]


async def test_consent_by_the_signed_state(world):
    await world.settings_for("demo")
    start = await world.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    assert start.status_code == 302
    consent = await world.http.get(start.headers["location"], params=None)
    assert "state=" in start.headers["location"]
    page = await world.http.get(start.headers["location"] + "&shop=demo")
    done = await world.http.get(page.headers["location"])
    assert done.status_code == 200, done.text
    # Begun for all shops of the seller, it is not clear which is meant.
    several = await world.http.get(consent.headers["location"])
    assert several.status_code == 400
    assert all(shop.id in several.text for shop in world.sandbox.world.shops.values())


async def test_a_plain_shop_key_cannot_replace_a_binding(demo):
    again = await demo.authorise()
    assert again.status_code == 400
    assert "/oauth/tiktok/start" in again.text


async def test_a_tiktok_shop_belongs_to_one_shop_key(demo):
    """NV-13."""
    code = demo.sandbox.tokens.mint_code(["demo"]).value
    response = await demo.http.get("/oauth/tiktok/callback", params={"code": code, "state": "other"})
    assert response.status_code == 400
    assert await demo.database["authorizations"].count_documents({}) == 1


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"code": "x", "state": "nobody"}, 400, "no settings"),
        ({"code": "x", "state": "demo"}, 502, "auth_code"),
        ({"state": "demo"}, 400, "missing"),
        ({"code": "x", "state": "<script>"}, 400, "&lt;script&gt;"),
    ],
)
async def test_bad_consents_are_told(world, params, status, words):
    await world.settings_for("demo")
    response = await world.http.get("/oauth/tiktok/callback", params=params)
    assert response.status_code == status
    assert words in response.text


async def test_an_expired_access_token_is_refreshed_once_for_many_pushes(demo):
    for number in range(6):
        await demo.store(f"P-{number}")
    demo.sandbox.tokens.expire("demo")
    await demo.push(*[f"P-{number}" for number in range(6)])
    assert demo.sandbox.journal.requests["token_refresh"] == 1
    assert len(demo.events("push.succeeded")) == 6
    assert demo.events("push.failed") == []


async def test_replicas_refresh_once(demo):
    """Two processes' worth of calls against one pair: TikTok would end the consent of whoever is second."""
    store = Authorizations(demo.database)
    version = (await store.get("demo")).version
    claims = [store.claim_refresh("demo", version, now=demo.clock(), lease=timedelta(seconds=9)) for _ in range(8)]
    assert sum(await asyncio.gather(*claims)) == 1
    demo.clock.forward(seconds=10)
    assert await store.claim_refresh("demo", version, now=demo.clock(), lease=timedelta(seconds=9))


async def test_a_dead_consent_fails_every_product_once_and_parks_it(demo):
    """AU-5, scenario 58."""
    for number in range(3):
        await demo.store(f"P-{number}")
    demo.sandbox.tokens.revoke("demo")
    await demo.push("P-0", "P-1", "P-2", reason="auto")
    failed = demo.events("push.failed")
    assert sorted(event["product_no"] for event in failed) == ["P-0", "P-1", "P-2"]
    assert {event["code"] for event in failed} == {"authorization"}
    assert {event["status"] for event in failed} == {"sync_error"}
    assert await demo.database["push_jobs"].count_documents({}) == 3
    calls = demo.sandbox.journal.requests.total()
    await demo.push("P-0", reason="auto")
    assert demo.sandbox.journal.requests.total() == calls


async def test_a_new_consent_wakes_the_parked_pushes(demo):
    await demo.store()
    demo.sandbox.tokens.revoke("demo")
    await demo.push("A-100")
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get(start.headers["location"] + "&shop=demo")
    assert (await demo.http.get(page.headers["location"])).status_code == 200
    await eventually(lambda: demo.events("push.succeeded"))


async def test_a_withdrawn_consent_is_learnt_by_webhook(demo):
    demo.sandbox.deauthorise("demo")

    async def ended():
        document = await demo.database["authorizations"].find_one({"_id": "demo"})
        return document["ended"]

    assert (await eventually(ended))[0] == "deauthorized"


async def test_a_missing_scope_blocks_the_shop_until_it_is_time_to_try_again(world):
    await world.settings_for("demo")
    code = world.sandbox.tokens.mint_code(["demo"], ["seller.authorization.info"]).value
    await world.http.get("/oauth/tiktok/callback", params={"code": code, "state": "demo"})
    await world.store("P-0")
    await world.store("P-1")
    await world.push("P-0", "P-1")
    assert {(event["product_no"], event["code"]) for event in world.events("push.failed")} == {
        ("P-0", str(int(Code.SCOPE_MISSING))),
        ("P-1", str(int(Code.SCOPE_MISSING))),
    }
    assert len(world.events("push.failed")) == 2
    world.clock.forward(minutes=16)
    refused = world.sandbox.journal.codes[int(Code.SCOPE_MISSING)]
    await eventually(lambda: world.sandbox.journal.codes[int(Code.SCOPE_MISSING)] > refused)
    await world.quiet()
    assert len(world.events("push.failed")) == 2


async def test_a_wrong_clock_is_explained(demo):
    await demo.store()
    demo.sandbox.set_clock_offset(-600)
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert "timestamp" in event["message"]
    assert "clock is" in event["message"]


async def test_a_token_host_outage_is_waited_out(demo):
    await demo.store()
    demo.sandbox.tokens.expire("demo")
    demo.sandbox.faults.add(Fault("error", operation="token_refresh", times=2))
    await demo.push("A-100")
    assert demo.events("push.succeeded")
    assert demo.events("push.failed") == []


class TestWebhookRegistration:
    @pytest.fixture
    def publisher_settings(self):
        return {"webhook_url": "http://127.0.0.1:9/webhooks/tiktok"}

    async def test_webhooks_are_registered_and_read_back(self, world):
        await world.settings_for("demo")
        await world.authorise()
        upkeep = next(task for task in world.runtime.tasks if task.name == "upkeep")
        await upkeep.stop()
        upkeep.start()

        async def registered():
            document = await world.database["authorizations"].find_one({"_id": "demo"})
            return document["webhook_url"]

        assert await eventually(registered) == "http://127.0.0.1:9/webhooks/tiktok"
        there = world.sandbox.world.shop("demo").webhooks
        assert {"PRODUCT_STATUS_CHANGE", "PRODUCT_AUDIT_STATUS_CHANGE"} <= set(there)


class TestRefreshAhead:
    @pytest.fixture
    def sandbox_settings(self):
        return Settings(review_seconds=None, access_token_seconds=3600, requests_per_second=None)

    async def test_tokens_near_their_end_are_refreshed_ahead(self, demo):
        upkeep = next(task for task in demo.runtime.tasks if task.name == "upkeep")
        await upkeep.stop()
        upkeep.start()
        await eventually(lambda: demo.sandbox.journal.requests["token_refresh"] >= 1)
