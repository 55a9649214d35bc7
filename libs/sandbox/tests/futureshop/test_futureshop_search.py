import tracemalloc
from datetime import timedelta

import httpx
import pytest

from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.shop import Filter, generate

PRODUCTS = "/admin-api/v1/products"
INVENTORY = "/admin-api/v1/inventory"
ALL = "variation,optionPrice,preorder,image,comment"


async def test_a_listing_gives_every_product_once_in_pages(sandbox, client):
    expected = [sandbox.shops["demo"].base.product_no(index) for index in range(600)]
    assert await client.numbers(count=250, types=ALL) == expected
    assert await client.numbers() == expected
    assert await client.numbers(INVENTORY, types="regular,preorder") == expected
    assert dict(sandbox.journal.counts) == {"products": 3 + 12, "inventory": 6}


@pytest.mark.parametrize(("path", "params"), [(PRODUCTS, {"count": 250}), (INVENTORY, {"types": "regular"})])
async def test_deletions_and_additions_between_pages_skip_and_repeat_nothing(sandbox, client, path, params):
    shop = sandbox.shops["demo"]
    everything = [shop.base.product_no(index) for index in range(600)]
    doomed = [everything[:20], everything[300:320], [*everything[20:22], *everything[240:250], everything[599]]]
    deleted: list[str] = []

    def change() -> None:
        if doomed:
            deleted.extend(sandbox.delete(doomed.pop(0)))
            sandbox.upsert(f"NEW-{len(doomed)}", changes={"name": "新商品"})

    found = await client.numbers(path, between=change, **params)
    assert len(set(found)) == len(found)
    assert set(everything) - set(deleted) <= set(found)
    assert {"NEW-2", "NEW-1"} <= set(found)
    again = await client.numbers(path, **params)
    assert set(again) == {*everything, "NEW-0", "NEW-1", "NEW-2"} - set(deleted)


async def test_the_last_full_page_has_no_next_url(connect):
    client = await connect(FutureshopSandbox(["demo:100"], requests_per_second=0))
    first = (await client.get(PRODUCTS)).json()
    second = (await client.get(first["nextUrl"])).json()
    assert (len(first["productList"]), len(second["productList"]), "nextUrl" in second) == (50, 50, False)
    assert "nextUrl" not in (await client.get(INVENTORY, types="regular")).json()


async def test_next_url_keeps_the_filters_and_a_cursor_keeps_to_them(client):
    first = (await client.get(PRODUCTS, types="image,comment", count=60)).json()
    url = httpx.URL(first["nextUrl"])
    assert (url.host, url.path, url.params["types"], url.params["count"]) == (
        "futureshop.test",
        PRODUCTS,
        "image,comment",
        "60",
    )
    other = await client.get(PRODUCTS, types="image", count=60, cursor=url.params["cursor"])
    assert other.json()["errors"][0]["path"] == "cursor"
    assert (await client.get(PRODUCTS, cursor="nonsense")).json()["errors"][0]["code"] == "InvalidValue"


async def test_the_fields_of_a_product(sandbox, client):
    basic = (await client.get(PRODUCTS)).json()["productList"][0]
    assert set(basic) == {
        "id",
        "url",
        "productNo",
        "name",
        "visible",
        "type",
        "dateCreated",
        "dateUpdated",
        "unitPrice",
        "listPrice",
        "bodyPrice",
        "memberPrice",
        "memberStagePrices",
        "taxEnabled",
        "taxRateCode",
        "taxRate",
        "inventoryEnabled",
        "variationEnabled",
        "preorderEnabled",
        "salesPeriod",
        "coolDeliveryEnabled",
        "mailDeliveryEnabled",
    }
    full = (await client.get(PRODUCTS, types=ALL)).json()["productList"][0]
    assert set(full) - set(basic) == {"comment", "image", "preorder", "variation", "optionPriceList"}
    product = sandbox.product(basic["productNo"])
    assert basic["dateUpdated"] == product.updated_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert [sku["janCode"] for sku in full["variation"]["skuList"]] == [sku.jan_code for sku in product.skus]


async def test_the_kinds_of_products_as_the_api_words_them(sandbox, client):
    shop = sandbox.shops["demo"]

    async def show(number: str) -> dict:
        return (await client.get(PRODUCTS, types=ALL, productNo=number)).json()["productList"][0]

    everything = list(shop.select(Filter()))
    single = await show(next(p.product_no for p in everything if not p.has_variations))
    assert single["variation"]["verticalName"] is None
    assert [(s["verticalNo"], s["horizontalNo"]) for s in single["variation"]["skuList"]] == [("", "")]
    assert single["preorder"] == {"enabled": False, "price": None, "periodStart": None, "periodEnd": None}
    sold = next(p for p in everything if p.preorder and p.unit_price)
    early = await show(sold.product_no)
    assert early["preorderEnabled"]
    assert early["preorder"]["price"] == sold.preorder.price != early["unitPrice"]
    assert early["preorder"]["periodEnd"] == sold.preorder.period_end.strftime("%Y-%m-%dT%H:%M:%S")
    food = await show(next(p.product_no for p in everything if p.reduced_tax and not p.tax_included))
    assert (food["taxEnabled"], food["taxRateCode"], food["taxRate"]) == (False, "REDUCED", 8)
    priced = next(p for p in everything if any(sku.price for sku in p.skus))
    assert {"verticalNo", "horizontalNo", "unitPrice"} == set((await show(priced.product_no))["optionPriceList"][0])
    ended = await show(next(p.product_no for p in everything if p.sales_end))
    assert ended["salesPeriod"]["end"] == "2025-03-31T23:59:59"


async def test_the_fields_of_stock(sandbox, client):
    everything = list(sandbox.shops["demo"].select(Filter()))
    early = next(p for p in everything if p.preorder and p.stock_managed and p.has_variations)
    unmanaged = next(p for p in everything if not p.stock_managed)
    asked = f"{early.product_no},{unmanaged.product_no}"
    listed = (await client.get(INVENTORY, types="regular,preorder", productNo=asked)).json()["productList"]
    by_number = {entry["productNo"]: entry for entry in listed}
    info = by_number[early.product_no]["inventoryInfo"]
    assert [row["count"] for row in info["regular"]["inventoryList"]] == [sku.stock for sku in early.skus]
    assert [row["count"] for row in info["preorder"]["inventoryList"]] == [sku.preorder_stock for sku in early.skus]
    assert set(info["regular"]["inventoryList"][0]) == {"skuNo", "verticalNo", "horizontalNo", "janCode", "count"}
    assert by_number[unmanaged.product_no]["inventoryEnabled"] is False
    only = (await client.get(INVENTORY, types="regular", productNo=early.product_no)).json()["productList"][0]
    assert set(only["inventoryInfo"]) == {"regular"}


async def test_product_numbers_are_asked_for_by_name(sandbox, client):
    shop = sandbox.shops["demo"]
    wanted = [shop.base.product_no(index) for index in (10, 11, 14, 15, 599)]
    assert await client.numbers(productNo=",".join(reversed(wanted))) == wanted
    assert await client.numbers(productNo="NOT-THERE") == []
    sandbox.delete([wanted[0]])
    assert await client.numbers(productNo=wanted[0]) == []
    code = next(p.skus[0].jan_code for p in shop.select(Filter()) if p.skus[0].jan_code)
    assert len(await client.numbers(janCode=code)) == 1


async def test_changes_are_found_by_update_time_unless_it_was_not_moved(sandbox, client):
    numbers = [sandbox.shops["demo"].base.product_no(index) for index in (1, 2)]
    now = sandbox.clock.now()
    sandbox.clock.freeze(now)
    sandbox.upsert(numbers[0], changes={"name": "動いた"})
    sandbox.upsert(numbers[1], changes={"name": "動かない"}, touch=False)
    since = (now - timedelta(days=31)).strftime("%Y-%m-%dT%H:%M:%S")
    assert await client.numbers(updateDateStart=since) == [numbers[0]]
    assert len(await client.numbers(createDateStart="2019-04-01T00:00:00")) == 600
    one = sandbox.product(numbers[1])
    created = one.created_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert await client.numbers(createDateStart=created, createDateEnd=created) == [numbers[1]]


@pytest.mark.parametrize(
    ("path", "params", "code", "at"),
    [
        (PRODUCTS, {"count": "49"}, "InvalidValue", "count"),
        (PRODUCTS, {"count": "251"}, "InvalidValue", "count"),
        (PRODUCTS, {"count": "many"}, "InvalidValue", "count"),
        (PRODUCTS, {"types": "variation,stock"}, "InvalidValue", "types"),
        (PRODUCTS, {"productNo": "x" * 33}, "InvalidValue", "productNo"),
        (PRODUCTS, {"updateDateStart": "2026-10-01"}, "InvalidDateFormat", "updateDateStart"),
        (PRODUCTS, {"updateDateStart": "2026-10-01T00:00:00+09:00"}, "InvalidDateFormat", "updateDateStart"),
        (PRODUCTS, {"updateDateStart": "2026-13-01T00:00:00"}, "InvalidDateFormat", "updateDateStart"),
        (PRODUCTS, {"updateDateEnd": "2026-10-01T00:00:00"}, "Required", "updateDateStart"),
        (
            PRODUCTS,
            {"updateDateStart": "2026-10-02T00:00:00", "updateDateEnd": "2026-10-01T00:00:00"},
            "InvalidValue",
            "updateDateEnd",
        ),
        (
            PRODUCTS,
            {"updateDateStart": "2026-10-01T00:00:00", "updateDateEnd": "2026-11-01T00:00:01"},
            "InvalidValue",
            "updateDateStart",
        ),
        (PRODUCTS, {"updateDateStart": "2020-01-01T00:00:00"}, "InvalidValue", "updateDateStart"),
        (INVENTORY, {}, "Required", "types"),
        (INVENTORY, {"types": "variation"}, "InvalidValue", "types"),
    ],
)
async def test_a_wrong_parameter_is_named(client, path, params, code, at):
    reply = await client.get(path, **params)
    body = reply.json()
    assert (reply.status_code, body["status"]) == (400, "failed")
    assert (body["errors"][0]["code"], body["errors"][0]["path"]) == (code, at)
    assert body["errors"][0]["message"]


async def test_exactly_31_days_are_allowed(client):
    params = {"updateDateStart": "2026-10-01T00:00:00", "updateDateEnd": "2026-11-01T00:00:00"}
    assert (await client.get(PRODUCTS, **params)).status_code == 200


async def test_a_shop_of_a_million_products_answers_without_making_them(connect):
    tracemalloc.start()
    try:
        sandbox = FutureshopSandbox(["demo:1000000"], requests_per_second=0)
        client = await connect(sandbox)
        first = (await client.get(PRODUCTS, types=ALL, count=50)).json()
        number = generate(1, 1_000_000).product_no(654_321)
        found = await client.numbers(productNo=number)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(first["productList"]) == 50
    assert found == [number]
    assert peak < 30_000_000
