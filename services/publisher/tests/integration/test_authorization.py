import re

import httpx
import pytest
from starlette.requests import Request

from publisher.consent import pages
from publisher.store import Authorizations
from shopsync_sandbox.tiktok import Code, Fault
from shopsync_testkit.polling import eventually

JSON = {"accept": "application/json"}


async def stored(world, shop="demo"):
    return await Authorizations(world.database).get(shop)


async def state_for(world, shop="demo", **more):
    """A signed state, as the consent page would return it."""
    reply = await world.http.get("/oauth/tiktok/start", params={"shop_key": shop, **more}, headers=JSON)
    assert reply.status_code == 200, reply.text
    return dict(httpx.URL(reply.json()["consent_url"]).params)["state"]


async def call_back(world, code, state):
    return await world.http.get("/oauth/tiktok/callback", params={"code": code, "state": state}, headers=JSON)


def code_of(world, *shops):
    return world.sandbox.tokens.mint_code(shops).value


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
        ({"code": "x", "state": "nobody"}, 400, "この店舗はまだ設定されていません"),
        ({"code": "x", "state": "demo"}, 400, "/oauth/tiktok/start?shop_key=demo"),
        ({"state": "demo"}, 400, "no code"),
        ({"code": "x"}, 400, "店舗KEY"),
        ({}, 400, "店舗KEY"),
        ({"code": "x", "state": "<script>"}, 400, "not set up yet"),
    ],
)
async def test_bad_consents_are_reported(world, params, status, words):
    await world.settings_for("demo")
    response = await world.http.get("/oauth/tiktok/callback", params=params)
    assert response.status_code == status
    assert words in response.text
    assert "<script>" not in response.text


@pytest.mark.parametrize("code", [*pages._JAPANESE, "105002"])
def test_a_merchant_reads_japanese_with_english_beside_and_no_command(code):
    request = Request({"type": "http", "headers": [(b"accept", b"text/html")]})
    text = "PUBLISHER_X is not set: `shopsync shops put`" if code in pages._FOR_MERCHANTS else "tell <why> in English"
    page = pages.problem(request, code, text, 400).body.decode()
    assert '<html lang="ja">' in page
    assert re.search(r"<p>[^<]*(認証|店舗|TikTok Shop)[^<]*。</p><p lang=\"en\">[A-Za-z]", page), page
    assert "shopsync" not in page
    assert "PUBLISHER_" not in page
    assert "<why>" not in page


async def test_the_start_page_of_an_unknown_shop_is_for_a_merchant_and_its_json_for_an_operator(world):
    page = await world.http.get("/oauth/tiktok/start", params={"shop_key": "nobody"})
    assert page.status_code == 400
    assert "この店舗はまだ設定されていません" in page.text
    assert "This shop is not set up yet" in page.text
    assert "shopsync" not in page.text
    told = await world.http.get("/oauth/tiktok/start", params={"shop_key": "nobody"}, headers=JSON)
    assert "shopsync shops put" in told.json()["error"]["message"]


async def test_a_code_works_once(demo):
    """Another consent with it is refused, and told how to begin again; loading the same page twice does no harm."""
    code, state = code_of(demo, "demo"), await state_for(demo)
    first = await call_back(demo, code, state)
    assert first.status_code == 200, first.text
    before = await stored(demo)
    again = await call_back(demo, code, state)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await stored(demo) == before
    demo.clock.forward(seconds=2)
    other = await call_back(demo, code, await state_for(demo))
    assert other.status_code == 400
    assert other.json()["error"]["code"] == "code"
    assert "/oauth/tiktok/start?shop_key=demo" in other.json()["error"]["message"]
    assert await stored(demo) == before


async def test_a_code_is_good_for_half_an_hour(demo):
    code = code_of(demo, "demo")
    demo.clock.forward(minutes=31)
    late = await call_back(demo, code, await state_for(demo))
    assert (late.status_code, late.json()["error"]["code"]) == (400, "code")


async def test_a_consent_may_take_an_hour(demo):
    state = await state_for(demo)
    demo.clock.forward(minutes=61)
    code = code_of(demo, "demo")
    late = await call_back(demo, code, state)
    assert (late.status_code, late.json()["error"]["code"]) == (400, "state_expired")
    assert (await call_back(demo, code, await state_for(demo))).status_code == 200, "the code was not used up"


async def test_a_state_cannot_be_forged(demo):
    state = await state_for(demo)
    token = (await stored(demo)).access_token.decode()  # sealed with the same key, but no state
    for forged in (state[:-4] + "AAAA", state.swapcase(), token):
        refused = await call_back(demo, code_of(demo, "demo"), forged)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "shop_unknown"), forged


async def test_begun_in_seller_center_nothing_is_done_and_the_code_stays_good(demo):
    """TikTok sends no shop key then (no state)."""
    code, before = code_of(demo, "demo"), await stored(demo)
    page = await demo.http.get("/oauth/tiktok/callback", params={"code": code, "app_key": "x"})
    assert page.status_code == 400
    assert 'action="/oauth/tiktok/start"' in page.text
    assert 'name="shop_key"' in page.text
    assert await stored(demo) == before
    assert (await call_back(demo, code, await state_for(demo))).status_code == 200


async def test_a_code_for_several_shops_needs_the_one_that_is_meant(world):
    await world.settings_for("demo")
    ids = [shop.id for shop in world.sandbox.world.shops.values()]
    refused = await call_back(world, code_of(world), await state_for(world))
    assert refused.json()["error"]["code"] == "several_shops"
    assert all(one in refused.json()["error"]["message"] for one in ids)
    absent = await call_back(world, code_of(world), await state_for(world, tiktok_shop_id="7"))
    assert absent.json()["error"]["code"] == "no_shop"
    done = await call_back(world, code_of(world), await state_for(world, tiktok_shop_id=ids[1]))
    assert (done.status_code, done.json()["tiktok_shop_id"]) == (200, ids[1])


async def test_a_shop_key_stays_with_its_tiktok_shop(demo):
    """Its listings are there (NV-13)."""
    other = await call_back(demo, code_of(demo, "other"), await state_for(demo))
    assert (other.status_code, other.json()["error"]["code"]) == (400, "other_shop")
    taken = await call_back(demo, code_of(demo, "demo"), await state_for(demo, "other"))
    assert (taken.status_code, taken.json()["error"]["code"]) == (400, "shop_taken")
    assert await stored(demo, "other") is None


async def test_a_failure_after_the_code_was_used_does_not_lose_the_consent(world):
    await world.settings_for("demo")
    world.sandbox.faults.add(Fault("error", operation="authorized_shops", times=2))
    done = await call_back(world, code_of(world, "demo"), await state_for(world))
    assert done.status_code == 200, done.text


async def test_no_page_shows_a_secret(demo):
    secrets = {demo.sandbox.identity.app_secret, *demo.sandbox.tokens._access, *demo.sandbox.tokens._refresh}
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get("/oauth/tiktok/callback", params={"code": "c0de-of-a-test", "state": "demo"})
    done = await demo.http.get(
        "/oauth/tiktok/callback", params={"code": code_of(demo, "demo"), "state": await state_for(demo)}
    )
    for reply in (start, page, done):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert "c0de-of-a-test" not in reply.text
        assert not [secret for secret in secrets if secret in reply.text or secret in str(reply.headers)]


async def test_a_new_consent_wakes_the_parked_pushes(demo):
    await demo.store()
    demo.sandbox.tokens.revoke("demo")
    await demo.push("A-100")
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get(start.headers["location"] + "&shop=demo")
    assert (await demo.http.get(page.headers["location"])).status_code == 200
    await eventually(lambda: demo.events("push.succeeded"))


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
