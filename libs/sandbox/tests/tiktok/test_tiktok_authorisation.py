import pytest

from shopsync_sandbox.tiktok import TikTokSandbox

SHOPS = "/authorization/202309/shops"


async def token(api, kind, **query):
    app = api.sandbox.identity
    grant = {"get": "authorized_code", "refresh": "refresh_token"}[kind]
    given = {"app_key": app.app_key, "app_secret": app.app_secret, "grant_type": grant, **query}
    answer = await api.http.get(f"{api.url}/api/v2/token/{kind}", params=given)
    assert answer.status_code == 200
    return answer.json()


async def test_a_code_works_once_and_for_thirty_minutes(api):
    code = api.sandbox.tokens.mint_code(["demo"]).value
    envelope = await token(api, "get", auth_code=code)
    assert (envelope["code"], envelope["message"]) == (0, "success")
    data = envelope["data"]
    assert data["seller_base_region"] == "JP"
    assert data["access_token_expire_in"] - int(api.clock()) == pytest.approx(7 * 86400, abs=30)
    assert "cipher" not in str(data)
    assert (await token(api, "get", auth_code=code))["code"] == 36004004
    late = api.sandbox.tokens.mint_code(["demo"]).value
    api.clock.ahead += 1801
    assert (await token(api, "get", auth_code=late))["code"] == 36004004


async def test_a_refresh_rotates_both_tokens_and_ends_the_old_refresh_token(api):
    pair = api.sandbox.authorise("demo")
    data = (await token(api, "refresh", refresh_token=pair.refresh.value))["data"]
    assert {data["access_token"], data["refresh_token"]}.isdisjoint({pair.access.value, pair.refresh.value})
    assert data["refresh_token_expire_in"] == int(pair.refresh.expires)
    assert (await token(api, "refresh", refresh_token=pair.refresh.value))["code"] == 36004005
    api.token = pair.access.value
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 0


async def test_a_grace_period_for_old_refresh_tokens_can_be_set(api):
    api.sandbox.change_settings({"old_refresh_token_seconds": 60.0, "refresh_ends_access_token": True})
    pair = api.sandbox.authorise("demo")
    query = {"refresh_token": pair.refresh.value, "grant_type": "authorized_code"}
    assert [(await token(api, "refresh", **query))["code"] for _ in range(2)] == [0, 0]
    api.clock.ahead += 61
    assert (await token(api, "refresh", **query))["code"] == 36004005
    api.token = pair.access.value
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 36009004


async def test_tokens_expire_and_are_revoked_by_the_control_api(api):
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 0
    await api.control("POST", "/tokens/expire", {"shop": "demo"})
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 105002
    fresh = await api.control("POST", "/tokens", {"shops": ["demo"]})
    api.token = fresh["access_token"]
    await api.control("POST", "/tokens/revoke", {"shop": "demo"})
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 36009004
    assert (await token(api, "refresh", refresh_token=fresh["refresh_token"]))["code"] == 36004005


async def test_access_tokens_end_by_the_clock(api):
    api.clock.ahead += 7 * 86400 + 1
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 105002


async def test_the_token_host_only_knows_get(api):
    answer = await api.http.post(f"{api.url}/api/v2/token/get")
    assert (answer.status_code, answer.text) == (404, "404 page not found")


async def test_a_wrong_app_secret_is_refused(api):
    code = api.sandbox.tokens.mint_code().value
    assert (await token(api, "get", auth_code=code, app_secret="wrong"))["code"] == 36009004


async def test_consent_sends_the_seller_back_with_code_and_state(serve):
    async with serve(redirect_url="http://127.0.0.1:9/callback?x=1") as api:
        query = {"service_id": api.sandbox.identity.service_id, "state": "s t&1", "shop": "other"}
        answer = await api.http.get(f"{api.url}/open/authorize", params=query)
        assert answer.status_code == 302
        target = answer.next_request.url
        assert (target.path, target.params["x"], target.params["state"]) == ("/callback", "1", "s t&1")
        data = (await token(api, "get", auth_code=target.params["code"]))["data"]
        api.token = data["access_token"]
        shops = (await api.ok("GET", SHOPS, cipher=False))["shops"]
        assert [shop["id"] for shop in shops] == [api.sandbox.world.shop("other").id]
        assert (await api.http.get(f"{api.url}/open/authorize?service_id=1")).status_code == 400


async def test_shops_carry_a_cipher_and_seller_shops_do_not(api):
    shop = (await api.ok("GET", SHOPS, cipher=False))["shops"][0]
    assert (shop["id"], shop["cipher"], shop["region"]) == (api.shop.id, api.shop.cipher, "JP")
    seller = await api.ok("GET", "/seller/202309/shops", cipher=False)
    assert seller == {"shops": [{"id": api.shop.id, "region": "JP"}]}


def test_the_seed_decides_all_names():
    one, same, other = (TikTokSandbox(seed=seed, shops=["a", "b"]) for seed in ("s", "s", "t"))
    assert one.identity == same.identity
    assert one.identity.app_secret != other.identity.app_secret
    assert [shop.cipher for shop in one.world.shops.values()] == [shop.cipher for shop in same.world.shops.values()]
    assert one.facts() | {"shops": []} == same.facts() | {"shops": []}
    ciphers = {s.cipher for sandbox in (one, other) for s in sandbox.world.shops.values()}
    assert len(ciphers) == 4


def test_shops_must_be_named_once():
    with pytest.raises(ValueError, match="different keys"):
        TikTokSandbox(shops=["a", "a"])
