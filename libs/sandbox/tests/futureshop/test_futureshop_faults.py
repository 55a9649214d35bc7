import json
from itertools import chain

import httpx
import pytest
from pydantic import ValidationError

from shopsync_sandbox.futureshop import Fault, FutureshopSandbox

PRODUCTS = "/admin-api/v1/products"
INVENTORY = "/admin-api/v1/inventory"


async def pages(client, count: int, path: str = PRODUCTS, **params) -> list[list[str]]:
    """The product numbers of up to `count` pages."""
    found, url = [], str(httpx.URL(path).copy_merge_params(params))
    while url and len(found) < count:
        body = (await client.get(url)).raise_for_status().json()
        found.append([product["productNo"] for product in body["productList"]])
        url = body.get("nextUrl")
    return found


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_one_page_of_the_next_listing_fails_once(sandbox, client, status):
    sandbox.fail("status", page=2, status=status, retry_after=7)
    first = (await client.get(PRODUCTS, count=250)).json()
    second = await client.get(first["nextUrl"])
    assert (second.status_code, second.headers["Retry-After"]) == (status, "7")
    assert (await client.get(first["nextUrl"])).status_code == 200
    assert sandbox.faults.pending() == []


async def test_a_fault_happens_as_often_as_asked(sandbox, client):
    sandbox.fail("status", times=2)
    fault = sandbox.fail("status", times=None, status=502, endpoint="any")
    seen = [(await client.get(PRODUCTS)).status_code for _ in range(4)]
    assert seen == [500, 500, 502, 502]
    assert (await client.get(INVENTORY, types="regular")).status_code == 502
    assert sandbox.faults.remove(fault.id)
    assert not sandbox.faults.remove(fault.id)
    assert (await client.get(PRODUCTS)).status_code == 200


async def test_maintenance_closes_everything_until_it_is_over(sandbox, client):
    sandbox.fail("maintenance", times=None, retry_after=3600)
    for path in (PRODUCTS, INVENTORY, "/oauth/token", "/images/0001.jpg"):
        reply = await client.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (503, "text/html; charset=utf-8")
        assert reply.headers["Retry-After"] == "3600"
    assert (await client.http.get("/_sandbox/")).status_code == 200
    sandbox.faults.clear()
    assert (await client.get(PRODUCTS)).status_code == 200


async def test_an_empty_first_page(sandbox, client):
    sandbox.fail("empty_page")
    assert await pages(client, 5) == [[]]
    assert len(await client.numbers()) == 600


async def test_a_short_page_that_loses_nothing_and_one_that_does(sandbox, client):
    whole = await client.numbers()
    sandbox.fail("short_page", page=1, keep=3)
    cut = await pages(client, 50)
    assert [len(page) for page in cut[:2]] == [3, 50]
    assert list(chain(*cut)) == whole
    sandbox.fail("short_page", page=2, keep=3, lose=True)
    assert await client.numbers() == whole[:53] + whole[100:]


async def test_a_listing_that_ends_early(sandbox, client):
    sandbox.fail("end_early", page=2)
    assert [len(page) for page in await pages(client, 50)] == [50, 50]


async def test_a_shrunken_listing_is_shrunken_on_every_page_and_once(sandbox, client):
    whole = await client.numbers()
    sandbox.fail("shrink", page=1, ratio=0.4)
    some = await client.numbers(count=60)
    assert 180 < len(some) < 300
    assert set(some) < set(whole)
    assert await client.numbers() == whole
    sandbox.fail("shrink", page=1, ratio=0.4, endpoint="inventory")
    assert await client.numbers(INVENTORY, types="regular") == some


async def test_a_page_comes_twice(sandbox, client):
    whole = await client.numbers()
    sandbox.fail("duplicate_page", page=2)
    seen = await pages(client, 50)
    assert seen[1] == seen[2]
    assert list(chain(*seen[:2], *seen[3:])) == whole


@pytest.mark.parametrize("distinct", [False, True])
async def test_a_cursor_without_end(sandbox, client, distinct):
    sandbox.fail("endless_cursor", page=2, distinct=distinct)
    url, seen = PRODUCTS, []
    for _ in range(20):
        body = (await client.get(url)).json()
        url = body["nextUrl"]
        seen.append((url, [product["productNo"] for product in body["productList"]]))
    assert all(products == seen[1][1] for _, products in seen[1:])
    assert len({url for url, _ in seen[1:]}) == (19 if distinct else 1)
    assert len(await client.numbers()) == 600


async def test_a_next_url_to_somewhere_else(sandbox, client):
    sandbox.fail("foreign_next_url", url="http://169.254.0.1/steal")
    assert (await client.get(PRODUCTS)).json()["nextUrl"] == "http://169.254.0.1/steal"


async def test_answers_that_are_not_what_they_seem(sandbox, client):
    sandbox.fail("failed", code="ProductNotFound", message="だめです")
    reply = await client.get(PRODUCTS)
    assert (reply.status_code, reply.json()["status"]) == (200, "failed")
    assert reply.json()["errors"] == [{"code": "ProductNotFound", "message": "だめです"}]
    sandbox.fail("html")
    reply = await client.get(PRODUCTS)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sandbox.fail("malformed_json")
    reply = await client.get(PRODUCTS)
    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    assert (await client.get(PRODUCTS)).json()["status"] == "success"


async def test_slow_answers_arrive_late_and_other_faults_still_happen(sandbox, client):
    sandbox.fail("slow", ms=120)
    sandbox.fail("status", status=503)
    assert (await client.get(PRODUCTS)).status_code == 503
    assert sandbox.journal.entries()[-1].milliseconds >= 120
    assert sandbox.faults.pending() == []


async def test_tokens_expire_in_the_middle(sandbox, client, connect):
    sandbox.fail("expire_tokens", page=2)
    first = (await client.get(PRODUCTS)).json()
    assert (await client.get(first["nextUrl"])).status_code == 401
    assert (await client.get(first["nextUrl"])).status_code == 401
    client.headers = (await connect(sandbox)).headers
    assert (await client.get(first["nextUrl"])).status_code == 200
    assert sandbox.access.expire("demo") == 1
    assert (await client.get(PRODUCTS)).status_code == 401


async def test_the_token_call_and_images_fail_too(sandbox, client):
    known = sandbox.credentials()
    sandbox.fail("status", endpoint="token", status=503)
    sandbox.fail("status", endpoint="image", status=404, times=2)
    call = {"auth": (known.client_id, known.client_secret), "headers": {"X-SHOP-KEY": "demo"}}
    form = {"grant_type": "client_credentials"}
    assert (await client.http.post("/oauth/token", **call, data=form)).status_code == 503
    assert (await client.http.post("/oauth/token", **call, data=form)).status_code == 200
    assert [(await client.get("/images/0001.jpg")).status_code for _ in range(3)] == [404, 404, 200]


async def test_a_refused_call_uses_no_fault_up(sandbox, client):
    sandbox.fail("status")
    assert (await client.http.get(PRODUCTS)).status_code == 401
    assert (await client.get(PRODUCTS, count=1)).status_code == 400
    assert (await client.get(PRODUCTS)).status_code == 500


async def test_faults_keep_to_their_shop(connect):
    sandbox = FutureshopSandbox(["K1:5", "K2:5"], requests_per_second=0)
    one, two = await connect(sandbox, "K1"), await connect(sandbox, "K2")
    sandbox.fail("maintenance", shop_key="K2", times=None)
    sandbox.fail("failed", shop_key="K1", times=None)
    assert [(await each.get(PRODUCTS)).status_code for each in (one, two)] == [200, 503]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "fire"},
        {"kind": "status", "times": 0},
        {"kind": "status", "status": 200},
        {"kind": "shrink", "endpoint": "token"},
        {"kind": "status", "endpoint": "image", "page": 1},
        {"kind": "status", "endpoint": "image", "shop_key": "demo"},
        {"kind": "status", "tmies": 3},
    ],
)
def test_a_fault_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)
