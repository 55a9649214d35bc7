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
    late = await token(api, "refresh", **query)
    assert (late["code"], late["message"]) == (36004001, "rt has expired")
    api.token = pair.access.value
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 36009005


async def test_tokens_expire_and_are_revoked_by_the_control_api(api):
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 0
    await api.control("POST", "/tokens/expire", {"shop": "demo"})
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 105002
    fresh = await api.control("POST", "/tokens", {"shops": ["demo"]})
    api.token = fresh["access_token"]
    await api.control("POST", "/tokens/revoke", {"shop": "demo"})
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 36009005
    assert (await token(api, "refresh", refresh_token=fresh["refresh_token"]))["code"] == 36004005


async def test_access_tokens_end_by_the_clock(api):
    api.clock.ahead += 7 * 86400 + 1
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 105002


@pytest.mark.parametrize("kind", ["get", "refresh"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_the_token_host_only_knows_get(api, method, kind):
    answer = await api.http.request(method, f"{api.url}/api/v2/token/{kind}")
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("kind", "query", "code"),
    [
        ("get", {"auth_code": "ROW_junk"}, 36004004),
        ("get", {}, 36004004),
        ("refresh", {"refresh_token": "ROW_junk"}, 36004005),
        ("refresh", {}, 36004005),
        ("get", {"grant_type": "refresh_token"}, 36009004),
        ("refresh", {"grant_type": "password"}, 36009004),
        ("get", {"app_key": "nobody"}, 36009004),
    ],
)
async def test_refusals_of_the_token_host_come_with_status_200(api, kind, query, code):
    envelope = await token(api, kind, **query)
    assert (envelope["code"], envelope["data"]) == (code, None)


async def test_a_refresh_never_prolongs_the_authorisation_and_ends_with_it(api):
    api.sandbox.change_settings({"refresh_token_seconds": 1000.0})
    pair = api.sandbox.authorise("demo")
    api.clock.ahead += 900
    data = (await token(api, "refresh", refresh_token=pair.refresh.value))["data"]
    assert data["refresh_token_expire_in"] == int(pair.refresh.expires)
    api.clock.ahead += 101
    assert (await token(api, "refresh", refresh_token=data["refresh_token"]))["code"] == 36004001


async def test_a_revoked_consent_takes_its_unused_code_along(api):
    code = api.sandbox.tokens.mint_code(["demo"]).value
    await api.control("POST", "/tokens/revoke", {"shop": "demo"})
    assert (await token(api, "get", auth_code=code))["code"] == 36004004


async def test_new_scopes_need_a_new_consent(api):
    pair = api.sandbox.authorise("demo", scopes=["seller.authorization.info"])
    api.sandbox.change_settings({"scopes": ["seller.authorization.info", "seller.product.basic"]})
    refreshed = (await token(api, "refresh", refresh_token=pair.refresh.value))["data"]
    assert refreshed["granted_scopes"] == ["seller.authorization.info"]
    fresh = await token(api, "get", auth_code=api.sandbox.tokens.mint_code(["demo"]).value)
    assert fresh["data"]["granted_scopes"] == ["seller.authorization.info", "seller.product.basic"]


async def test_a_creators_token_is_told_apart(api):
    code = await api.control("POST", "/codes", {"shops": ["demo"], "user_type": 1})
    data = (await token(api, "get", auth_code=code["code"]))["data"]
    assert data["user_type"] == 1
    api.token = data["access_token"]
    assert (await api.call("GET", SHOPS, cipher=False))["code"] == 101000


async def test_token_calls_are_in_the_request_log_without_their_secrets(api):
    pair = api.sandbox.authorise("demo")
    await token(api, "refresh", refresh_token=pair.refresh.value)
    (entry,) = (await api.control("GET", "/requests?operation=token_refresh"))["requests"]
    assert (entry["shop"], entry["status"], entry["code"]) == ("demo", 200, 0)
    assert entry["query"]["refresh_token"] == entry["query"]["app_secret"] == "***"
    assert (await api.control("GET", "/traffic"))["shops"] == {}


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


async def test_the_older_consent_page_and_one_without_state(serve):
    async with serve(redirect_url="http://127.0.0.1:9/callback") as api:
        query = {"app_key": api.sandbox.identity.app_key, "shop": "demo"}
        target = (await api.http.get(f"{api.url}/oauth/authorize", params=query)).next_request.url
        assert "state" not in target.params
        assert (await token(api, "get", auth_code=target.params["code"]))["code"] == 0
        assert (await api.http.get(f"{api.url}/oauth/authorize?app_key=1")).text == "app_key is unknown"
        assert (await api.http.get(f"{api.url}/open/authorize", params={**query, "service_id": 1})).status_code == 400


async def test_consent_needs_a_place_to_go_back_to_and_a_shop_that_exists(serve):
    async with serve() as api:
        query = {"service_id": api.sandbox.identity.service_id}
        assert "redirect_url" in (await api.http.get(f"{api.url}/open/authorize", params=query)).text
        api.sandbox.change_settings({"redirect_url": "http://127.0.0.1:9/callback"})
        unknown = await api.http.get(f"{api.url}/open/authorize", params={**query, "shop": "nobody"})
        assert (unknown.status_code, "no shop 'nobody'" in unknown.text) == (400, True)


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
