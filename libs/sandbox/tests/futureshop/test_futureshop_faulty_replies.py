"""Faults of the transport and of single records."""

import gzip
import json
import math

import httpx
import pytest
from pydantic import ValidationError

from shopsync_sandbox.futureshop import Fault
from shopsync_sandbox.serving import running

PRODUCTS = "/admin-api/v1/products"
INVENTORY = "/admin-api/v1/inventory"


@pytest.fixture
async def served(sandbox, connect):
    """A client on a real connection."""
    async with running(sandbox.app) as url:
        headers = (await connect(sandbox)).headers
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
            yield http


@pytest.mark.parametrize("share", [0, 0.5, 0.99])
async def test_a_connection_that_is_dropped_in_the_middle(sandbox, served, share):
    sandbox.fail("drop", share=share)
    with pytest.raises(httpx.RemoteProtocolError):
        await served.get(PRODUCTS)
    assert len((await served.get(PRODUCTS)).json()["productList"]) == 50


async def test_a_body_that_drips(sandbox, served):
    sandbox.fail("drip", bytes=20_000, ms=1)
    async with served.stream("GET", PRODUCTS) as reply:
        sizes = [len(chunk) async for chunk in reply.aiter_raw()]
    assert sum(sizes) == int(reply.headers["Content-Length"])
    assert max(sizes) <= 20_000


async def test_another_encoding_is_no_utf_8(sandbox, client):
    sandbox.fail("encoding", encoding="shift_jis")
    reply = await client.get(PRODUCTS)
    with pytest.raises(UnicodeDecodeError):
        reply.content.decode()
    assert json.loads(reply.content.decode("shift_jis", errors="replace"))["status"] == "success"


async def test_a_small_body_that_unpacks_to_a_large_one(sandbox, client):
    sandbox.fail("gzip_bomb", mebibytes=8)
    request = client.http.build_request("GET", PRODUCTS, headers=client.headers)
    reply = await client.http.send(request, stream=True)
    packed = b"".join([chunk async for chunk in reply.aiter_raw()])
    assert len(packed) < 20_000
    assert len(gzip.decompress(packed)) == 8 * 1024 * 1024


async def test_a_redirect(sandbox, client):
    sandbox.fail("redirect", url="http://elsewhere.invalid/")
    reply = await client.get(PRODUCTS)
    assert (reply.status_code, reply.headers["Location"]) == (302, "http://elsewhere.invalid/")


async def test_records_that_make_no_sense(sandbox, client):
    sandbox.fail(
        "spoil",
        records={
            "*": {"name": "同じ"},
            "TS-00000": {"unitPrice": math.nan, "variation.skuList": [], "comment.main": "\ud800", "id": 10**30},
        },
    )
    body = (await client.get(PRODUCTS, types="variation")).json()["productList"]
    (first,) = [each for each in body if each["productNo"] == "TS-00000"]
    assert {each["name"] for each in body} == {"同じ"}
    assert math.isnan(first["unitPrice"])
    assert (first["variation"]["skuList"], first["comment"], first["id"]) == ([], {"main": "\ud800"}, 10**30)
    assert not math.isnan((await client.get(PRODUCTS)).json()["productList"][0]["unitPrice"])


async def test_a_member_of_a_list_can_be_spoiled(sandbox, client):
    sandbox.fail(
        "spoil", endpoint="inventory", records={"TS-00000": {"inventoryInfo.regular.inventoryList.0.count": "x"}}
    )
    body = (await client.get(INVENTORY, types="regular", productNo="TS-00000")).json()["productList"]
    assert body[0]["inventoryInfo"]["regular"]["inventoryList"][0]["count"] == "x"


async def test_a_product_that_moves_to_another_page(sandbox, client):
    whole = await client.numbers(count=100)
    moved = whole[150]
    sandbox.fail("omit", page=2, product_nos=[moved])
    sandbox.fail("repeat", page=4, product_nos=[moved])
    seen = await client.numbers(count=100)
    assert sorted(seen) == sorted(whole)
    assert seen.index(moved) == 299
    sandbox.fail("repeat", page=2, product_nos=[whole[0]])
    assert (await client.numbers(count=100)).count(whole[0]) == 2


@pytest.mark.parametrize(("path", "params"), [(PRODUCTS, {"count": 250}), (INVENTORY, {"types": "regular"})])
async def test_a_listing_in_the_other_order(sandbox, client, path, params):
    whole = await client.numbers(path, **params)
    sandbox.fail("reverse", endpoint="any", page=1)
    assert await client.numbers(path, **params) == whole[::-1]


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ValidationError, match="no encoding"):
        Fault(kind="encoding", encoding="klingon")
    with pytest.raises(ValidationError, match="needs endpoint"):
        Fault(kind="spoil", endpoint="token")
