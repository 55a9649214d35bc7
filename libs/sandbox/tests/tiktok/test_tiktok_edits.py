"""What an edit may change: locks, warehouses, identifier codes, drafts of live products."""

import pytest

PRODUCTS = "/product/202309/products"


def path_of(created):
    return f"{PRODUCTS}/{created['product_id']}"


async def lock(api, created, name):
    await api.control("POST", "/seller/lock", {"product_id": created["product_id"], "lock": name})


async def test_a_promotion_locks_price_and_stock(api):
    created = await api.live()
    await lock(api, created, "promotion")
    body = await api.edit_body(created, title="題名は変えられる")
    body["skus"][0]["price"] = {"amount": "1980", "currency": "JPY"}
    assert (await api.call("PUT", path_of(created), body))["code"] == 0
    body["skus"][0]["price"]["amount"] = "1979"
    assert (await api.call("PUT", path_of(created), body))["code"] == 12052038
    price = {"skus": [{"id": created["skus"][0]["id"], "price": {"amount": "1", "currency": "JPY"}}]}
    assert (await api.call("POST", f"{path_of(created)}/prices/update", price))["code"] == 12019045
    less, more = (
        {"skus": [{"id": created["skus"][0]["id"], "inventory": [{"quantity": quantity}]}]} for quantity in (24, 26)
    )
    errors = (await api.ok("POST", f"{path_of(created)}/inventory/update", less))["errors"]
    assert errors[0]["detail"]["extra_errors"][0]["code"] == 12052393
    assert await api.ok("POST", f"{path_of(created)}/inventory/update", more) == {}
    del body["skus"][0]["price"]
    warehouse = next(w.id for w in api.shop.warehouses if w.is_default)
    body["skus"][0]["inventory"] = [{"warehouse_id": warehouse, "quantity": 5}]
    assert (await api.call("PUT", path_of(created), body))["code"] == 12052393
    await api.control("POST", "/seller/unlock", {"product_id": created["product_id"]})
    assert (await api.call("PUT", path_of(created), body))["code"] == 0


async def test_locked_skus_are_neither_added_nor_deleted(api):
    created = await api.live()
    await lock(api, created, "skus")
    body = await api.edit_body(created)
    assert (await api.call("PUT", path_of(created), {**body, "skus": body["skus"][:1]}))["code"] == 12019057
    added = {**(await api.body())["skus"][0], "sales_attributes": [{"id": "100000", "value_name": "赤"}]}
    assert (await api.call("PUT", path_of(created), {**body, "skus": [*body["skus"], added]}))["code"] == 12019056
    assert (await api.call("PUT", path_of(created), body))["code"] == 0


async def test_an_appeal_stops_every_edit(api):
    created = await api.live()
    await lock(api, created, "appeal")
    assert (await api.edit(created))["code"] == 12052308
    partial = f"/product/202509/products/{created['product_id']}/partial_edit"
    assert (await api.call("POST", partial, {"title": "短い題名"}))["code"] == 12052308


async def test_stock_that_cannot_be_updated(api):
    created = await api.live()
    await lock(api, created, "inventory")
    stock = {"skus": [{"id": created["skus"][0]["id"], "inventory": [{"quantity": 1}]}]}
    assert (await api.call("POST", f"{path_of(created)}/inventory/update", stock))["code"] == 12052037
    wrong = await api.http.post(
        f"{api.url}/_sandbox/seller/lock", json={"product_id": created["product_id"], "lock": "door"}
    )
    assert (wrong.status_code, "'door'" in wrong.json()["error"]) == (400, True)


async def test_the_warehouses_of_a_sku_stay(api):
    _, tokyo, osaka = api.shop.warehouses
    osaka.effect_status = "ENABLED"
    both = [{"warehouse_id": w.id, "quantity": 5} for w in (tokyo, osaka)]
    body = await api.body()
    body["skus"][0]["inventory"] = both
    created = await api.ok("POST", PRODUCTS, body)
    api.sandbox.reviews.decide_all()

    async def edited(place, inventory):
        sent = await api.edit_body(created)
        sent["skus"][place]["inventory"] = inventory
        return (await api.call("PUT", path_of(created), sent))["code"]

    assert [await edited(0, both[:1]), await edited(1, both[1:]), await edited(1, both)] == [
        12052534,
        12052533,
        12052533,
    ]
    sku_id = created["skus"][0]["id"]

    async def updated(*inventory):
        data = await api.ok(
            "POST", f"{path_of(created)}/inventory/update", {"skus": [{"id": sku_id, "inventory": list(inventory)}]}
        )
        return [fault["code"] for error in data.get("errors", []) for fault in error["detail"]["extra_errors"]]

    assert await updated(both[0]) == [12019028]
    assert await updated({"quantity": 9}) == [12019022]
    assert await updated({**both[0], "quantity": 0}, {"warehouse_id": "1", "quantity": 1}) == [12052055, 12052097]
    assert await updated({**both[0], "quantity": 8}, both[1]) == []
    read = (await api.get(created["product_id"]))["skus"][0]["inventory"]
    assert [row["quantity"] for row in read] == [8, 5]


async def test_an_identifier_code_stays_once_submitted(api):
    first = {"identifier_code": {"code": "4900000000016", "type": "JAN"}}
    other = {"identifier_code": {"code": "4900000000023", "type": "JAN"}}

    async def change(created):
        body = await api.edit_body(created)
        body["skus"][0].update(other)
        return (await api.call("PUT", path_of(created), body))["code"]

    body = await api.body()
    body["skus"][0].update(first)
    submitted = await api.ok("POST", PRODUCTS, body)
    assert await change(submitted) == 12052593
    draft = await api.ok("POST", PRODUCTS, {**body, "save_mode": "AS_DRAFT"})
    assert await change(draft) == 0
    api.sandbox.change_settings({"identifier_codes_fixed": False})
    assert await change(submitted) == 0


@pytest.mark.parametrize(("action", "code"), [("freeze", 12052901), ("delete", 12052901), (None, 12052901)])
async def test_states_that_take_no_draft(api, action, code):
    created = await (api.create() if action is None else api.live())
    if action is not None:
        await api.control("POST", f"/seller/{action}", {"product_id": created["product_id"]})
    assert (await api.edit(created, save_mode="AS_DRAFT"))["code"] == code


async def test_a_draft_beside_a_live_product_leaves_stock_alone(api):
    created = await api.live()
    body = await api.edit_body(created, save_mode="AS_DRAFT", title="下書き")
    warehouse = next(w.id for w in api.shop.warehouses if w.is_default)
    body["skus"][0]["inventory"] = [{"warehouse_id": warehouse, "quantity": 1}]
    reply = await api.ok("PUT", path_of(created), body)
    assert reply["audit"] == {"status": "APPROVED"}
    read = await api.get(created["product_id"])
    assert (read["has_draft"], read["skus"][0]["inventory"][0]["quantity"]) == (True, 25)
    search = "/product/202502/products/search"
    rows = [
        (await api.ok("POST", search, {"return_draft_version": wanted}, page_size="1"))["products"][0]["title"]
        for wanted in (False, True)
    ]
    assert rows == ["手編みコットンソックス 2色", "下書き"]
    partial = f"/product/202509/products/{created['product_id']}/partial_edit"
    await api.ok("POST", partial, {"description": "<p>下書きの上に</p>"})
    newest = await api.get(created["product_id"], return_under_review_version="true")
    assert (newest["title"], newest["description"], newest["has_draft"]) == ("下書き", "<p>下書きの上に</p>", False)


async def test_a_partial_edit_of_a_draft_keeps_it_a_draft(api):
    created = await api.create(save_mode="AS_DRAFT", main_images=[{"uri": "nowhere"}])
    partial = f"/product/202509/products/{created['product_id']}/partial_edit"
    reply = await api.ok("POST", partial, {"title": "まだ下書き"})
    assert reply["audit"] == {"status": "NONE"}
    read = await api.get(created["product_id"])
    assert (read["status"], read["title"]) == ("DRAFT", "まだ下書き")


async def test_a_property_sent_as_null_is_taken_away(api):
    created = await api.live(brand_id="7080000000000000001", external_product_id="P-1")
    partial = f"/product/202509/products/{created['product_id']}/partial_edit"
    await api.ok("POST", partial, {"brand_id": None})
    newest = await api.get(created["product_id"], return_under_review_version="true")
    assert ("brand" in newest, newest["external_product_id"]) == (False, "P-1")
    await api.edit(created)
    newest = await api.get(created["product_id"], return_under_review_version="true")
    assert "external_product_id" not in newest


async def test_get_can_hide_what_is_gone(api):
    created = await api.live()
    await api.ok("DELETE", PRODUCTS, {"product_ids": [created["product_id"]]})
    assert (await api.get(created["product_id"]))["status"] == "DELETED"
    api.sandbox.change_settings({"get_removed": False})
    assert (await api.call("GET", path_of(created)))["code"] == 12019150


async def test_a_delete_that_only_says_so(api):
    draft, live = await api.create(save_mode="AS_DRAFT"), await api.live()
    await api.edit(live, save_mode="AS_DRAFT", title="下書き")
    plain = await api.live()
    ids = [created["product_id"] for created in (draft, live, plain)]
    api.sandbox.change_settings({"delete_ignores_drafts": True})
    assert await api.ok("DELETE", PRODUCTS, {"product_ids": ids}) == {}
    assert [(await api.get(i))["status"] for i in ids] == ["DRAFT", "ACTIVATE", "DELETED"]
    assert api.sandbox.summary()["deletes"] == 1
    api.sandbox.change_settings({"delete_ignores_drafts": False})
    errors = (await api.ok("DELETE", PRODUCTS, {"product_ids": [*ids, "x"]}))["errors"]
    assert [(e["code"], e["detail"]["product_id"]) for e in errors] == [(12052901, ids[2]), (12052031, "x")]
    assert (await api.get(ids[0]))["status"] == "DELETED"
