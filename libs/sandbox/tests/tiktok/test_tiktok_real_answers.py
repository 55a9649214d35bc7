"""Answers of the real API that are difficult for clients: older searches, a shop moved to v2, and others."""

import pytest

PRODUCTS = "/product/202309/products"


@pytest.mark.parametrize(
    ("version", "lacks", "sku_lacks"),
    [
        ("202309", {"audit", "has_draft", "is_not_for_sale"}, {"status_info"}),
        ("202312", {"has_draft"}, {"status_info"}),
        ("202502", set(), set()),
    ],
)
async def test_rows_of_older_searches_lack_members(api, version, lacks, sku_lacks):
    await api.create()
    (row,) = (await api.ok("POST", f"/product/{version}/products/search", {}, page_size="10"))["products"]
    every = {"id", "status", "audit", "has_draft", "is_not_for_sale", "title", "skus", "create_time", "update_time"}
    assert every - row.keys() == lacks
    assert {"id", "seller_sku", "price", "inventory", "status_info"} - row["skus"][0].keys() == sku_lacks


@pytest.mark.parametrize("version", ["202309", "202312"])
async def test_prerequisites_are_answered_in_both_versions(api, version):
    assert (await api.ok("GET", f"/product/{version}/prerequisites"))["check_results"]


async def test_a_local_seller_has_no_global_permissions_and_warehouses(api):
    assert await api.ok("GET", "/seller/202309/permissions", cipher=False) == {"permissions": []}
    assert await api.ok("GET", "/logistics/202309/global_warehouses", cipher=False) == {"global_warehouses": []}
    api.shop.seller_type = "CROSS_BORDER"
    assert (await api.ok("GET", "/seller/202309/permissions", cipher=False))["permissions"] == ["MANAGE_GLOBAL_PRODUCT"]
    (one, *_) = (await api.ok("GET", "/logistics/202309/global_warehouses", cipher=False))["global_warehouses"]
    assert (set(one), one["ownership"]) == ({"id", "name", "ownership"}, "SELLER")


async def test_delivery_options_of_each_warehouse(api):
    for warehouse in api.shop.warehouses:
        path = f"/logistics/202309/warehouses/{warehouse.id}/delivery_options"
        options = (await api.ok("GET", path))["delivery_options"]
        ships = warehouse.type == "SALES_WAREHOUSE" and warehouse.effect_status == "ENABLED"
        assert bool(options) == ships
        for option in options:
            assert {"id", "name", "type", "dimension_limit", "weight_limit", "platform"} <= option.keys()
    unknown = await api.call("GET", "/logistics/202309/warehouses/1/delivery_options")
    assert unknown["code"] == 12052097


async def test_listing_schemas_tell_what_a_leaf_demands(api):
    found = await api.ok("GET", "/product/202407/listing_schemas", category_ids="[601234,603100,601000]")
    socks, shoes = found["listing_schemas"]
    required = {field["id"] for field in socks["fields"] if field["is_required"]}
    assert {"title", "description", "main_images", "skus", "package_weight"} <= required
    assert {field["id"] for field in shoes["fields"] if field["is_required"]} - required == {"size_chart"}
    (attributes,) = (field["fields"] for field in socks["fields"] if field["id"] == "product_attributes")
    assert {one["id"] for one in attributes if one["is_required"]} == {"100398", "100701"}
    assert [error["detail"]["category_id"] for error in found["errors"]] == ["601000"]
    for wrong in ("", "[", "x", ",".join(["601234"] * 11)):
        answer = await api.call("GET", "/product/202407/listing_schemas", category_ids=wrong)
        assert answer["code"] == 36009004


async def test_a_shop_can_be_moved_to_the_tree_v2(api):
    await api.control("PUT", "/category-version", {"shop": "demo", "version": "v2"})
    body = await api.body()
    assert (await api.call("POST", PRODUCTS, body))["code"] == 12052217
    for path in ("/product/202309/categories", "/product/202309/categories/601234/attributes"):
        assert (await api.call("GET", path, category_version="v1"))["code"] == 12052217
    attributes = await api.ok("GET", "/product/202309/categories/800111/attributes", category_version="v2")
    assert attributes["attributes"]
    await api.control("PUT", "/category-version", {"shop": "demo", "version": "v1"})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 0
    answer = await api.http.put(f"{api.url}/_sandbox/category-version", json={"shop": "demo", "version": "v3"})
    assert answer.status_code == 400


@pytest.mark.parametrize(("status", "setting"), [(429, 429), (200, 200)])
async def test_the_hours_end_comes_with_either_status(api, status, setting):
    api.sandbox.change_settings({"requests_per_hour": 1, "rate_limit_status": setting})
    await api.call("GET", f"{PRODUCTS}/1")
    answer = await api.send("GET", f"{PRODUCTS}/1", query=api.query())
    assert (answer.status_code, answer.json()["code"]) == (status, 36009037)


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (36009043, 401, "inactive"),
        (36009037, 429, "per hour"),
        (36009009, 404, "Invalid path"),
        (105002, 401, "'x-tts-access-token' header has expired"),
        (12059999, 200, "12059999"),
    ],
)
async def test_an_answer_on_order_has_the_words_and_the_status_that_were_seen(api, code, status, words):
    await api.control("POST", "/faults", {"kind": "answer", "operation": "get_product", "code": code})
    answer = await api.send("GET", f"{PRODUCTS}/1", query=api.query())
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, None)
    assert words in answer.json()["message"]
    assert ("retry-after" in answer.headers) == (status == 429)


async def test_an_answer_on_order_after_the_request_was_carried_out(api):
    order = {"kind": "answer", "operation": "create_product", "code": 7, "message": "x", "status": 400, "after": True}
    await api.control("POST", "/faults", order)
    answer = await api.send("POST", PRODUCTS, query=api.query(), body=b"{}")
    assert answer.json()["code"] == 7
    await api.control("POST", "/faults", order)
    assert (await api.call("POST", PRODUCTS, await api.body()))["code"] == 7
    assert len(api.shop.products) == 1
    for wrong in ({"kind": "answer"}, {"kind": "drop", "code": 7}):
        assert (await api.http.post(f"{api.url}/_sandbox/faults", json=wrong)).status_code == 400
