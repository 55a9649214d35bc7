import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import httpx
import pytest

from shopsync_sandbox.futureshop import FutureshopSandbox, ShopSpec, credentials_for
from shopsync_sandbox.serving import running

PRODUCTS = "/admin-api/v1/products"
INVENTORY = "/admin-api/v1/inventory"


def error(reply: httpx.Response) -> tuple:
    body = reply.json()
    assert body["status"] == "failed"
    return reply.status_code, body["errors"][0]["code"], body["errors"][0].get("path")


async def test_a_token_has_a_life_and_is_refused_after_it(sandbox, client):
    sandbox.access.token_seconds = 120
    known = sandbox.credentials()
    reply = await client.http.post(
        "/oauth/token",
        auth=(known.client_id, known.client_secret),
        headers={"X-SHOP-KEY": "demo"},
        data={"grant_type": "client_credentials"},
    )
    body = reply.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 120)
    client.headers["Authorization"] = f"Bearer {body['access_token']}"
    sandbox.clock.shift(timedelta(seconds=110))
    assert (await client.get(PRODUCTS)).status_code == 200
    sandbox.clock.shift(timedelta(seconds=121))
    reply = await client.get(PRODUCTS)
    assert error(reply) == (401, "Unauthorized", None)
    assert "expired" in reply.text


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (None, {"X-SHOP-KEY": "demo"}),
        (("client", "wrong"), {"X-SHOP-KEY": "demo"}),
        (("right", "right"), {}),
        (("right", "right"), {"X-SHOP-KEY": "other"}),
        (None, {"X-SHOP-KEY": "demo", "Authorization": "Basic not-base64!"}),
        (None, {"X-SHOP-KEY": "demo", "Authorization": "Basic YWJj"}),
    ],
)
async def test_wrong_credentials_get_no_token(sandbox, client, auth, headers):
    known = sandbox.credentials()
    auth = (known.client_id, known.client_secret) if auth == ("right", "right") else auth
    reply = await client.http.post(
        "/oauth/token", auth=auth, headers=headers, data={"grant_type": "client_credentials"}
    )
    assert error(reply) == (401, "Unauthorized", None)
    assert reply.json()["error"] == "invalid_client"


async def test_a_token_call_needs_its_grant_type(sandbox, client):
    known = sandbox.credentials()
    auth = (known.client_id, known.client_secret)
    reply = await client.http.post("/oauth/token", auth=auth, headers={"X-SHOP-KEY": "demo"}, data={})
    assert error(reply) == (400, "InvalidValue", "grant_type")
    assert (await client.http.get("/oauth/token")).status_code == 405


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"X-SHOP-KEY": "other"}])
async def test_calls_need_the_token_and_its_shop(client, headers):
    client.headers = headers if not headers else client.headers | headers
    assert error(await client.get(PRODUCTS)) == (401, "Unauthorized", None)


async def test_two_shops_share_nothing(connect):
    sandbox = FutureshopSandbox(["K1:60", "K2:60"], requests_per_second=0)
    one, two = await connect(sandbox, "K1"), await connect(sandbox, "K2")
    assert sandbox.credentials("K1").client_secret != sandbox.credentials("K2").client_secret
    shared = set(await one.numbers()) & set(await two.numbers())
    number = min(shared)
    sandbox.delete([number], shop_key="K1")
    sandbox.fail("status", shop_key="K1")
    assert number in await two.numbers()
    assert (await one.get(PRODUCTS)).status_code == 500
    assert number not in await one.numbers()
    one.headers["X-SHOP-KEY"] = "K2"
    assert (await one.get(PRODUCTS)).status_code == 401
    assert {entry.shop_key for entry in sandbox.journal.entries(kind="products")} == {"K1", "K2"}
    assert all(entry.shop_key == "K2" for entry in sandbox.journal.entries(shop_key="K2"))


async def test_one_request_a_second_and_429_beyond(sandbox, client):
    time = [100.0]
    sandbox.access._monotonic = lambda: time[0]
    sandbox.access.allow(1)
    assert (await client.get(PRODUCTS)).status_code == 200
    refused = await client.get(INVENTORY, types="regular")
    assert error(refused) == (429, "TooManyRequests", None)
    assert refused.headers["Retry-After"] == "1"
    time[0] += 0.5
    assert (await client.get(PRODUCTS)).status_code == 429
    time[0] += 0.45  # the network's unevenness is forgiven …
    assert (await client.get(PRODUCTS)).status_code == 200
    time[0] += 0.85  # … but does not add up
    assert (await client.get(PRODUCTS)).status_code == 429
    time[0] += 10
    assert (await client.get(PRODUCTS)).status_code == 200
    assert (await client.get(PRODUCTS)).status_code == 429, "idle time must not be saved up"
    sandbox.access.allow(0)
    assert [(await client.get(PRODUCTS)).status_code for _ in range(5)] == [200] * 5


async def test_the_limit_is_per_client_and_on_by_default(connect):
    sandbox = FutureshopSandbox(["K1:1", "K2:1"])
    one, two = await connect(sandbox, "K1"), await connect(sandbox, "K2")
    assert [(await each.get(PRODUCTS)).status_code for each in (one, two, one, two)] == [200, 200, 429, 429]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", INVENTORY), ("PUT", PRODUCTS), ("DELETE", PRODUCTS), ("POST", "/admin-api/v1/shipping"), ("PATCH", "/x")],
)
async def test_writes_are_refused_and_recorded(sandbox, client, method, path):
    reply = await client.http.request(method, path, headers=client.headers, json={"productList": []})
    assert reply.status_code in (404, 405)
    (write,) = sandbox.writes()
    assert (write.method, write.path, write.status) == (method, path, reply.status_code)


async def test_reads_leave_no_write(sandbox, client):
    await client.numbers()
    await client.get(INVENTORY, types="regular")
    assert sandbox.writes() == []
    assert dict(sandbox.journal.counts) == {"products": 12, "inventory": 1}


async def test_other_apis_are_closed_to_the_client(client):
    assert error(await client.get("/admin-api/v1/orders/1")) == (403, "Forbidden", None)
    assert error(await client.get("/admin-api/v1/nonsense")) == (404, "NotFound", None)


@pytest.mark.parametrize("text", ["", ":5", "a/b", "demo:0", "demo:x", "あ" * 11])
def test_a_shop_that_cannot_be_is_refused(text):
    with pytest.raises(ValueError, match="is no shop"):
        ShopSpec.parse(text)


def test_shops_need_different_keys():
    with pytest.raises(ValueError, match="different keys"):
        FutureshopSandbox(["a:1", "a:2"])


async def test_the_server_serves_images_on_its_own_address(sandbox):
    async with running(sandbox.app) as url, httpx.AsyncClient(base_url=url) as http:
        known = (await http.get("/_sandbox/connections")).json()["demo"]
        assert known["base_url"] == url
        shop = {"X-SHOP-KEY": "demo"}
        auth = (known["client_id"], known["client_secret"])
        token = await http.post("/oauth/token", auth=auth, headers=shop, data={"grant_type": "client_credentials"})
        bearer = shop | {"Authorization": f"Bearer {token.json()['access_token']}"}
        reply = await http.get(PRODUCTS, params={"types": "image,comment"}, headers=bearer)
        product = next(each for each in reply.json()["productList"] if "<img" in each["comment"]["main"])
        image = product["image"]["list"][0]["url"]
        assert image.startswith(f"{url}/images/")
        assert f'src="{url}/images/' in product["comment"]["main"]
        assert reply.json()["nextUrl"].startswith(f"{url}{PRODUCTS}?")
        picture = await http.get(image)
        assert picture.headers["content-type"] in ("image/jpeg", "image/png")
        assert int(picture.headers["content-length"]) == len(picture.content) > 500
        assert (await http.get("/images/none.jpg")).status_code == 404


def test_the_command_prints_where_it_serves_and_stops_on_sigterm():
    code = "import typer; from shopsync_sandbox.futureshop.commands import futureshop; typer.run(futureshop)"
    arguments = ["--shop", "demo:30", "--shop", "k2:5", "--requests-per-second", "0", "--seed", "9"]
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline())
            known = credentials_for("demo", 9)
            assert ready["event"] == "ready"
            assert (ready["client_id"], ready["client_secret"]) == (known.client_id, known.client_secret)
            assert list(ready["shops"]) == ["demo", "k2"]
            assert ready["shops"]["demo"] == {"client_id": known.client_id, "client_secret": known.client_secret}
            state = httpx.get(ready["url"] + ready["control"], timeout=10).json()
            assert {key: shop["products"] for key, shop in state["shops"].items()} == {"demo": 30, "k2": 5}
            assert set(httpx.get(ready["url"] + ready["connections"], timeout=10).json()) == {"demo", "k2"}
        finally:
            os.kill(process.pid, signal.SIGTERM)
        assert process.wait(timeout=20) in (0, -signal.SIGTERM)
