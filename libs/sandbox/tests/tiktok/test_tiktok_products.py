"""Creating, editing and reading products: what is kept, what is removed, what is reviewed."""

import pytest

PRODUCTS = "/product/202309/products"


async def stock_and_prices(api, product_id):
    read = await api.get(product_id)
    return [(sku["seller_sku"], sku["price"]["sale_price"], sku["inventory"][0]["quantity"]) for sku in read["skus"]]


async def test_create_gives_string_ids_above_what_a_float_holds(api):
    created = await api.create()
    ids = [created["product_id"], *(sku["id"] for sku in created["skus"])]
    assert len(set(ids)) == 3
    assert all(len(i) == 19 and int(i) > 2**53 for i in ids)
    values = {sku["sales_attributes"][0]["value_id"] for sku in created["skus"]}
    again = await api.create()
    assert {sku["sales_attributes"][0]["value_id"] for sku in again["skus"]} == values


async def test_without_a_key_a_repeated_create_makes_a_duplicate(api):
    first, second = await api.create(), await api.create()
    assert first["product_id"] != second["product_id"]
    assert api.sandbox.summary()["max_creates_per_seller_sku"] == 2


async def test_an_idempotency_key_makes_one_product_per_shop(api):
    first, second = await api.create(idempotency_key="k"), await api.create(idempotency_key="k", title="別の題名")
    assert first == second
    assert (api.sandbox.summary()["creates"], api.sandbox.summary()["creates_repeated"]) == (1, 1)
    api.sandbox.change_settings({"idempotency": "error"})
    assert (await api.call("POST", PRODUCTS, await api.body(idempotency_key="k")))["code"] == 36009004


async def test_a_key_of_a_refused_create_can_be_used_again(api):
    assert (await api.call("POST", PRODUCTS, await api.body(idempotency_key="k", title="")))["code"] != 0
    assert (await api.create(idempotency_key="k"))["product_id"]


@pytest.mark.parametrize("version", ["202309", "202509"])
async def test_an_edit_keeps_price_and_stock_that_are_left_out(api, version):
    created = await api.live()
    body = await api.edit_body(created, title="新しい題名")
    body["skus"][0]["price"] = {"amount": "1880", "currency": "JPY"}
    edited = await api.ok("PUT", f"/product/{version}/products/{created['product_id']}", body)
    assert edited["audit"] == {"status": "AUDITING"}
    assert await stock_and_prices(api, created["product_id"]) == [
        ("SOX-ネイビー", "1880", 25),
        ("SOX-グレー", "1980", 25),
    ]
    assert api.sandbox.summary()["stock_writes"] == {"max_per_sku": 1, "total": 2}


async def test_stock_in_an_edit_overwrites_at_once_and_is_counted(api):
    created = await api.live()
    body = await api.edit_body(created)
    warehouse = next(w.id for w in api.shop.warehouses if w.is_default)
    body["skus"][0]["inventory"] = [{"warehouse_id": warehouse, "quantity": 3}]
    edited = await api.ok("PUT", f"{PRODUCTS}/{created['product_id']}", body)
    assert edited["audit"] == {"status": "APPROVED"}
    assert (await stock_and_prices(api, created["product_id"]))[0][2] == 3
    assert api.sandbox.summary()["stock_writes"] == {"max_per_sku": 2, "total": 3}


async def test_skus_left_out_are_deleted_when_the_edit_is_approved(api):
    created = await api.live()
    body = await api.edit_body(created)
    kept = body["skus"][:1]
    await api.ok("PUT", f"{PRODUCTS}/{created['product_id']}", {**body, "skus": kept})
    assert len((await api.get(created["product_id"]))["skus"]) == 2
    newest = await api.get(created["product_id"], return_under_review_version="true")
    assert [sku["id"] for sku in newest["skus"]] == [kept[0]["id"]]
    api.sandbox.reviews.decide_all()
    assert [sku["id"] for sku in (await api.get(created["product_id"]))["skus"]] == [kept[0]["id"]]
    gone = created["skus"][1]["id"]
    assert (await api.edit({**created, "skus": created["skus"]}))["code"] == 12052557
    assert (await api.call("POST", f"{PRODUCTS}/search", {"sku_ids": [gone]}, page_size="10"))["data"][
        "total_count"
    ] == 0


async def test_a_new_sku_in_an_edit_needs_price_and_stock(api):
    created = await api.live()
    body = await api.edit_body(created)
    added = (await api.body())["skus"][0]
    added = {**added, "seller_sku": "SOX-赤", "sales_attributes": [{"id": "100000", "value_name": "赤"}]}
    path = f"{PRODUCTS}/{created['product_id']}"
    without = {key: value for key, value in added.items() if key != "inventory"}
    assert (await api.call("PUT", path, {**body, "skus": [*body["skus"], without]}))["code"] == 12019022
    edited = await api.ok("PUT", path, {**body, "skus": [*body["skus"], added]})
    assert len(edited["skus"]) == 3
    assert api.sandbox.summary()["stock_writes"]["total"] == 3


async def test_an_edit_without_ids_replaces_every_sku(api):
    created = await api.create()
    edited = await api.ok("PUT", f"{PRODUCTS}/{created['product_id']}", await api.body())
    assert {sku["id"] for sku in edited["skus"]}.isdisjoint(sku["id"] for sku in created["skus"])
    assert api.sandbox.summary()["stock_writes"] == {"max_per_sku": 2, "total": 4}


async def test_one_sales_attribute_must_remain(api):
    created = await api.live()
    body = await api.edit_body(created)
    lone = {**body["skus"][0], "sales_attributes": []}
    envelope = await api.call("PUT", f"{PRODUCTS}/{created['product_id']}", {**body, "skus": [lone]})
    assert envelope["code"] == 12052550


async def test_the_same_sku_id_twice(api):
    created = await api.live()
    body = await api.edit_body(created)
    body["skus"][1]["id"] = body["skus"][0]["id"]
    assert (await api.call("PUT", f"{PRODUCTS}/{created['product_id']}", body))["code"] == 12052553


async def test_an_edit_that_changes_nothing_needs_no_review(api):
    created = await api.live()
    body = await api.edit_body(created)
    first = await api.ok("PUT", f"{PRODUCTS}/{created['product_id']}", body)
    assert first["audit"] == {"status": "APPROVED"}
    assert (await api.get(created["product_id"]))["status"] == "ACTIVATE"


async def test_a_partial_edit_replaces_whole_properties_and_keeps_the_rest(api):
    created = await api.live()
    path = f"/product/202509/products/{created['product_id']}/partial_edit"
    reply = await api.ok("POST", path, {"title": "短い題名", "category_id": "601235"})
    assert (reply["audit"], "warnings" in reply) == ({"status": "AUDITING"}, False)
    api.sandbox.reviews.decide_all()
    read = await api.get(created["product_id"])
    assert (read["title"], read["category_chains"][-1]["id"]) == ("短い題名", "601234")
    assert len(read["skus"]) == 2
    assert (await api.call("POST", path, {"skus": []}))["code"] == 12052902
    assert (await api.call("POST", path, {"title": ""}))["code"] == 12052261
    lost = await api.call("POST", path, {"package_weight": {"value": "100"}})
    assert lost["code"] == 12052916
    keep = {"id": created["skus"][0]["id"], "sales_attributes": [{"id": "100000", "value_name": "ネイビー"}]}
    await api.ok("POST", path, {"skus": [keep]})
    newest = await api.get(created["product_id"], return_under_review_version="true")
    assert [(sku["id"], "seller_sku" in sku) for sku in newest["skus"]] == [(keep["id"], False)]


async def test_the_read_shape_is_not_the_write_shape(api):
    created = await api.create(brand_id="7080000000000000001")
    read = await api.get(created["product_id"])
    assert {"brand_id", "category_id", "save_mode"}.isdisjoint(read)
    assert [node["id"] for node in read["category_chains"]] == ["600001", "601000", "601234"]
    price = read["skus"][0]["price"]
    assert price == {"currency": "JPY", "tax_exclusive_price": "1980", "sale_price": "1980"}
    image = read["main_images"][0]
    assert (image["width"], image["height"]) == (400, 400)
    served = await api.http.get(image["urls"][0])
    assert (served.status_code, served.headers["content-type"]) == (200, "image/png")
    assert {value["name"] for a in read["product_attributes"] for value in a["values"]} == {"綿", "日本"}


async def test_another_shops_product_is_unknown(api):
    created = await api.create()
    path = f"{PRODUCTS}/{created['product_id']}"
    api.shop_key, api.token = "other", api.sandbox.authorise("other").access.value
    assert (await api.call("GET", path))["code"] == 12019150
    assert (await api.call("PUT", path, await api.body()))["code"] == 12052034
    assert (await api.call("POST", f"{path}/prices/update", {"skus": [{"id": "1"}]}))["code"] == 12052048
    assert (await api.call("PUT", f"{PRODUCTS}/1", await api.body()))["code"] == 12052260
    assert (await api.call("PUT", f"{PRODUCTS}/x", await api.body()))["code"] == 12052031


async def test_a_draft_beside_a_live_product(api):
    created = await api.live()
    edited = await api.edit(created, save_mode="AS_DRAFT", title="下書き")
    assert edited["code"] == 0
    read = await api.get(created["product_id"])
    assert (read["has_draft"], read["title"], read["status"]) == (True, "手編みコットンソックス 2色", "ACTIVATE")
    assert (await api.get(created["product_id"], return_draft_version="true"))["title"] == "下書き"
    await api.edit(created, title="公開")
    assert not (await api.get(created["product_id"]))["has_draft"]
    api.sandbox.change_settings({"drafts_of_live_products": False})
    assert (await api.edit(created, save_mode="AS_DRAFT"))["code"] == 12052488


async def test_inventory_update(api):
    created = await api.live()
    path = f"{PRODUCTS}/{created['product_id']}/inventory/update"
    first, second = (sku["id"] for sku in created["skus"])
    skus = [{"id": first, "inventory": [{"quantity": 7}]}, {"id": second, "inventory": [{"quantity": 0}]}]
    data = await api.ok("POST", path, {"skus": skus})
    assert [(e["code"], e["detail"]["sku_id"]) for e in data["errors"]] == [(12052990, second)]
    assert data["errors"][0]["detail"]["extra_errors"][0]["code"] == 12052055
    assert [row[2] for row in await stock_and_prices(api, created["product_id"])] == [7, 25]
    found = (await api.ok("POST", "/product/202309/inventory/search", {"sku_ids": [first]}))["inventory"]
    assert [sku["total_available_quantity"] for row in found for sku in row["skus"]] == [7]
    stock = {"inventory": [{"quantity": 7}]}
    for code, sent in ((12052557, [{"id": "1"}]), (12052036, [{}]), (12052553, [{"id": first}] * 2), (12052902, [])):
        assert (await api.call("POST", path, {"skus": [{**sku, **stock} for sku in sent]}))["code"] == code


async def test_price_update_only_of_live_products(api):
    created = await api.create()
    path = f"{PRODUCTS}/{created['product_id']}/prices/update"
    skus = [{"id": created["skus"][0]["id"], "price": {"amount": "2500", "currency": "JPY"}}]
    assert (await api.call("POST", path, {"skus": skus}))["code"] == 12019113
    api.sandbox.reviews.decide_all()
    assert await api.ok("POST", path, {"skus": skus}) == {}
    assert [row[1] for row in await stock_and_prices(api, created["product_id"])] == ["2500", "1980"]


@pytest.mark.parametrize(
    ("width", "height", "use_case", "code", "size"),
    [
        (400, 400, "MAIN_IMAGE", 0, (400, 400)),
        (400, 300, "MAIN_IMAGE", 0, (400, 300)),
        (800, 300, "MAIN_IMAGE", 0, (800, 800)),
        (300, 800, "ATTRIBUTE_IMAGE", 0, (800, 800)),
        (800, 100, "DESCRIPTION_IMAGE", 0, (800, 100)),
        (299, 299, "MAIN_IMAGE", 12038014, None),
        (99, 400, "DESCRIPTION_IMAGE", 12038014, None),
        (400, 400, "SIZE_CHART_IMAGE", 12038014, None),
        (400, 400, "POSTER", 36009004, None),
    ],
)
async def test_uploads_by_use_case(api, picture, width, height, use_case, code, size):
    envelope = await api.upload(picture(width, height), use_case)
    assert envelope["code"] == code
    if size is not None:
        assert (envelope["data"]["width"], envelope["data"]["height"]) == size
        assert (await api.http.get(envelope["data"]["url"])).status_code == 200


async def test_uploads_are_addressed_by_content(api, picture):
    same = [(await api.upload(picture(colour="red")))["data"]["uri"] for _ in range(2)]
    other = (await api.upload(picture(colour="blue", kind="JPEG")))["data"]["uri"]
    assert same[0] == same[1] != other


async def test_what_is_no_image_is_refused(api, picture):
    assert (await api.upload(b"<svg/>"))["code"] == 12038002
    assert (await api.upload(b""))["code"] == 12038002
    assert (await api.upload(picture(kind="GIF")))["code"] == 12038004
    assert (await api.upload(picture()[:200]))["code"] == 12038002


async def test_the_observed_image_rules_take_small_main_images(api, picture):
    api.sandbox.change_settings({"image_rules": "observed"})
    small = (await api.upload(picture(100, 100)))["data"]
    assert (await api.create(main_images=[{"uri": small["uri"]}]))["product_id"]
    api.sandbox.change_settings({"image_rules": "documented"})
    assert (await api.call("POST", PRODUCTS, await api.body(main_images=[{"uri": small["uri"]}])))["code"] == 12052301
