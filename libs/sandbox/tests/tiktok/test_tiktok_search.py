"""Search: filters, opaque tokens, products that move between pages, and a shop with thousands of products."""

import pytest

from shopsync_sandbox.tiktok.products.search import token_for
from shopsync_sandbox.tiktok.protocol.bodies import ProductBody, SearchFilters, parse

PRODUCTS = "/product/202309/products"


async def find(api, filters=None, *, version="202502", **query):
    path = f"/product/{version}/products/search"
    return await api.call("POST", path, filters or {}, **{"page_size": "100", **query})


async def ids(api, filters=None, **query):
    return [row["id"] for row in (await find(api, filters, **query))["data"]["products"]]


async def many(api, count):
    skus = [[{**(await api.body())["skus"][0], "seller_sku": f"S-{n}"}] for n in range(count)]
    return [(await api.create(skus=sku))["product_id"] for sku in skus]


@pytest.mark.parametrize("version", ["202309", "202312", "202502"])
async def test_search_by_status_and_seller_sku(api, version):
    first, second, third = await many(api, 3)
    api.sandbox.reviews.approve(api.sandbox.product(first))
    api.sandbox.lifecycle.delete(api.sandbox.product(third))
    assert await ids(api, {"status": "ACTIVATE"}, version=version) == [first]
    assert await ids(api, {"seller_skus": ["S-1", "S-9"]}, version=version) == [second]
    assert set(await ids(api, version=version)) == {first, second, third}
    assert await ids(api, {"status": "ALL", "seller_skus": ["S-2"]}) == [third]
    assert await ids(api, {"audit_status": ["APPROVED"]}) == [first]
    assert await ids(api, {"category_version": "v2"}) == []
    assert await ids(api, {"create_time_ge": int(api.clock()) + 60}) == []


@pytest.mark.parametrize(
    ("filters", "query", "code"),
    [
        ({"seller_skus": ["x"] * 11}, {}, 12019027),
        ({"sku_ids": ["1"] * 11}, {}, 12019087),
        ({"create_time_ge": 5, "create_time_le": 4}, {}, 12019118),
        ({"create_time_ge": -5}, {}, 12019118),
        ({"update_time_ge": 5, "update_time_le": 4}, {}, 12019119),
        ({}, {"page_token": token_for(9_901, parse(SearchFilters, {}))}, 12052180),
        ({"status": "SOLD"}, {}, 36009004),
        ({}, {"page_size": "101"}, 36009004),
        ({}, {"page_size": "0"}, 36009004),
        ({}, {"page_token": "nonsense"}, 36009004),
    ],
)
async def test_searches_that_are_refused(refusing, filters, query, code):
    assert (await find(refusing, filters, **query))["code"] == code


async def test_pages_are_followed_by_opaque_tokens(api):
    made, seen, token = await many(api, 5), [], None
    while token != "":
        query = {"page_token": token} if token else {}
        data = (await find(api, page_size="2", **query))["data"]
        assert data["total_count"] == 5
        seen += [row["id"] for row in data["products"]]
        token = data["next_page_token"]
        assert not token or ("+" in token and "/" in token)
    assert sorted(seen) == made


async def test_a_token_belongs_to_its_search(api):
    await many(api, 3)
    token = (await find(api, page_size="2"))["data"]["next_page_token"]
    assert (await find(api, {"status": "PENDING"}, page_size="2", page_token=token))["code"] == 36009004


async def test_the_cursor_shifts_when_products_change_meanwhile(api):
    oldest, _, newest = await many(api, 3)
    first = (await find(api, page_size="1"))["data"]
    assert [row["id"] for row in first["products"]] == [newest]
    await api.control("POST", "/seller/stock", {"product_id": oldest, "quantity": 1})
    rest = await ids(api, page_size="1", page_token=first["next_page_token"])
    assert rest == [newest]
    assert oldest not in rest


async def test_a_product_inserted_meanwhile_shifts_the_pages(api):
    _, middle, newest = await many(api, 3)
    first = (await find(api, page_size="2"))["data"]
    assert [row["id"] for row in first["products"]] == [newest, middle]
    await many(api, 1)
    assert (await ids(api, page_size="2", page_token=first["next_page_token"]))[0] == middle


async def test_the_last_page_before_the_limit_is_answered(api):
    await many(api, 1)
    token = token_for(9_900, parse(SearchFilters, {}))
    assert (await find(api, page_token=token))["data"] == {"total_count": 1, "products": [], "next_page_token": ""}


async def test_new_products_can_appear_late(api):
    api.sandbox.change_settings({"search_delay_seconds": 30.0})
    made = await many(api, 1)
    assert await ids(api, {"seller_skus": ["S-0"]}) == []
    api.clock.ahead += 31
    assert await ids(api, {"seller_skus": ["S-0"]}) == made


async def test_five_thousand_listings_stay_quick(api):
    body = await api.body()
    listings = api.sandbox.services.listings
    for number in range(5000):
        sku = {**body["skus"][0], "seller_sku": f"BULK-{number}"}
        listings.create(api.shop, parse(ProductBody, {**body, "skus": [sku]}))
    for number in range(0, 5000, 100):
        assert len(await ids(api, {"seller_skus": [f"BULK-{number}"]})) == 1
    assert api.sandbox.reviews.decide_all() == 5000
    summary = await api.control("GET", "/summary")
    assert summary["listings"] == {"ACTIVATE": 5000}
    assert summary["stock_writes"] == {"max_per_sku": 1, "total": 5000}
    page = await api.control("GET", "/state?shop=demo&limit=2")
    assert [row["skus"][0]["seller_sku"] for row in page["listings"]] == ["BULK-0", "BULK-1"]
    following = await api.control("GET", f"/state?shop=demo&limit=1&after={page['next_after']}")
    assert following["listings"][0]["skus"][0]["seller_sku"] == "BULK-2"
