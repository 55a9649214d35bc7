"""What a listing must be (JP limits), one fault at a time, and what a draft may be."""

import pytest

PRODUCTS = "/product/202309/products"
UNKNOWN = {"uri": "tos-sim-jp/ffffffffffffffffffffffffffffffff"}


def attributes(*pairs):
    return [{"id": key, "values": [value] if isinstance(value, dict) else value} for key, value in pairs]


ORIGIN, COTTON = ("100701", {"name": "日本"}), ("100398", {"id": "1001001"})


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        (12052261, {"title": " "}),
        (12052261, {"title": None}),
        (12052051, {"title": "あ" * 256}),
        (12052931, {"title": "靴下 &amp; 帽子"}),
        (12052931, {"title": "靴下😀"}),
        (12052931, {"title": "靴下\x07"}),
        (12052931, {"title": "★☆★"}),
        (12052931, {"title": "すごーーーーーーーーーーい"}),
        (12052015, {"description": ""}),
        (12052013, {"description": "あ" * 10_001}),
        (12052340, {"description": '<p><img src="https://shop.example/a.jpg"></p>'}),
        (12052340, {"description": "<p><IMG></p>"}),
        (12052056, {"description": "<img>" * 31}),
        (12052932, {"description": "<p>a&nbsp;b</p>"}),
        (12052932, {"description": "<p>😀</p>"}),
        (12052002, {"category_id": "socks"}),
        (12052023, {"category_id": "699999"}),
        (12052024, {"category_id": "601000"}),
        (12052220, {"category_id": "632100"}),
        (12052230, {"category_version": "v2"}),
        (12052025, {"category_version": "v3"}),
        (12052201, {"brand_id": "7080000000000000004"}),
        (12052028, {"main_images": []}),
        (12052306, {"main_images": [UNKNOWN] * 10}),
        (12052300, {"main_images": [{"uri": "https://shop.example/a.jpg"}]}),
        (12052722, {"main_images": [UNKNOWN]}),
        (12052104, {"product_attributes": attributes(COTTON)}),
        (12052104, {"product_attributes": attributes(COTTON, ORIGIN, ("100800", {"id": "1008001"}))}),
        (12052254, {"product_attributes": attributes(COTTON, COTTON, ORIGIN)}),
        (12052253, {"product_attributes": attributes(COTTON, ORIGIN, ("999999", {"name": "x"}))}),
        (12052251, {"product_attributes": attributes(("100398", {"id": "1007011"}), ORIGIN)}),
        (12052246, {"product_attributes": attributes(COTTON, ("100701", [{"name": "日本"}, {"name": "中国"}]))}),
        (12052247, {"product_attributes": attributes(COTTON, ORIGIN, ("100399", {"name": "通年"}))}),
        (12052248, {"product_attributes": attributes(COTTON, ("100701", {"name": " "}))}),
        (12052249, {"product_attributes": attributes(COTTON, ("100701", {"name": "あ" * 2001}))}),
        (12052003, {"package_weight": None}),
        (12052003, {"package_weight": {"value": "1.5", "unit": "GRAM"}}),
        (12052003, {"package_weight": {"value": "0.1234", "unit": "KILOGRAM"}}),
        (12052181, {"package_weight": {"value": "0", "unit": "GRAM"}}),
        (12052915, {"package_weight": {"value": "1", "unit": "POUND"}}),
        (12052916, {"package_weight": {"value": "1", "unit": "STONE"}}),
        (12052004, {"package_dimensions": {"length": "2.5", "width": "1", "height": "1", "unit": "CENTIMETER"}}),
        (12052006, {"package_dimensions": {"length": "2", "width": "1", "height": "0", "unit": "CENTIMETER"}}),
        (12052116, {"package_dimensions": {"length": "200", "width": "60", "height": "1", "unit": "CENTIMETER"}}),
        (12052222, {"is_cod_allowed": True}),
        (12052369, {"external_product_id": "x" * 1000}),
        (12052902, {"skus": []}),
        (36009004, {"save_mode": "SOMETIMES"}),
        (36009004, {"idempotency_key": "x" * 129}),
    ],
)
async def test_a_listing_with_one_fault_is_refused_with_its_code(refusing, code, changes):
    api = refusing
    envelope = await api.call("POST", PRODUCTS, await api.body(**changes))
    assert (envelope["code"], envelope["data"]) == (code, None)
    assert api.sandbox.summary()["listings_total"] == 0


def variation(name, value):
    return {"sales_attributes": [{"name": name, "value_name": value}]}


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        (12052054, {"seller_sku": "x" * 51}, {}),
        (12019059, {"seller_sku": "a b"}, {}),
        (12052369, {"external_sku_id": "x" * 1000}, {}),
        (12052557, {"id": "1729000000000000001"}, {}),
        (12052525, {"sales_attributes": [{"name": n, "value_name": "x"} for n in "あいうえ"]}, {}),
        (12052550, {"sales_attributes": []}, {}),
        (12052550, {"sales_attributes": []}, {"sales_attributes": []}),
        (12052550, variation("色", "赤"), variation("型", "大")),
        (12052560, variation("色", "赤"), variation("色", "赤")),
        (12052560, variation("カラー", "ブラック"), {"sales_attributes": [{"id": "100000", "value_id": "1000002"}]}),
        (12052240, variation("あ" * 21, "赤"), {}),
        (12052241, variation("色", "あ" * 51), {}),
        (12052933, variation("色", "😀"), {}),
        (12052527, {"sales_attributes": [{"id": "99", "value_name": "赤"}]}, {}),
        (12052529, {"sales_attributes": [{"id": "100000", "value_id": "99"}]}, {}),
        (12052520, {"sales_attributes": [{"id": "100000", "value_name": "赤", "sku_img": {"uri": ""}}]}, {}),
        (12052722, {"sales_attributes": [{"id": "100000", "value_name": "赤", "sku_img": UNKNOWN}]}, {}),
        (12052571, {"price": None}, {}),
        (12052012, {"price": {"amount": "19.80", "currency": "JPY"}}, {}),
        (12052073, {"price": {"amount": "0", "currency": "JPY"}}, {}),
        (12052073, {"price": {"amount": "-5", "currency": "JPY"}}, {}),
        (12052570, {"price": {"amount": "99999999", "currency": "JPY"}}, {}),
        (12052084, {"price": {"amount": "10", "currency": "USD"}}, {}),
        (12019022, {"inventory": None}, {}),
        (12019022, {"inventory": [{"quantity": 5}]}, {}),
        (12052097, {"inventory": [{"warehouse_id": "1", "quantity": 5}]}, {}),
        (12052532, {"inventory": [{"warehouse_id": "RETURN", "quantity": 5}]}, {}),
        (12052531, {"inventory": [{"warehouse_id": "DISABLED", "quantity": 5}]}, {}),
        (12052555, {"inventory": [{"warehouse_id": "SALES", "quantity": 5}] * 2}, {}),
        (12019024, {"inventory": [{"warehouse_id": "SALES"}]}, {}),
        (12052055, {"inventory": [{"warehouse_id": "SALES", "quantity": 0}]}, {}),
        (12052055, {"inventory": [{"warehouse_id": "SALES", "quantity": 100_000}]}, {}),
        (12052600, {"identifier_code": {"code": "4900000000016"}}, {}),
        (12052591, {"identifier_code": {"code": "490000000001", "type": "JAN"}}, {}),
        (12052592, *[{"identifier_code": {"code": "4900000000016", "type": "JAN"}}] * 2),
    ],
)
async def test_a_sku_with_one_fault(refusing, code, first, second):
    api = refusing
    body = await api.body()
    back, sales, off = (warehouse.id for warehouse in api.shop.warehouses)
    names = {"RETURN": back, "SALES": sales, "DISABLED": off}
    for sku, changes in zip(body["skus"], (first, second), strict=True):
        sku.update(changes)
        sku["inventory"] = sku["inventory"] and [
            {**entry, "warehouse_id": names.get(entry["warehouse_id"], entry["warehouse_id"])}
            if "warehouse_id" in entry
            else entry
            for entry in sku["inventory"]
        ]
    assert (await api.call("POST", PRODUCTS, body))["code"] == code


async def test_pictures_on_two_kinds_of_variations(api):
    body = await api.body()
    picture = {"sku_img": body["main_images"][0]}
    for sku in body["skus"]:
        colour = sku["sales_attributes"][0]["value_name"]
        sku["sales_attributes"] = [
            {"name": "色", "value_name": colour, **picture},
            {"name": "型", "value_name": "大", **picture},
        ]
    assert (await api.call("POST", PRODUCTS, body))["code"] == 12052528


async def test_the_most_a_listing_may_have_is_taken(api):
    image = api.uploads or [(await api.upload())["data"]]
    sku = (await api.body())["skus"][0]
    skus = [
        {
            **sku,
            "seller_sku": f"{number:050}",
            "sales_attributes": [
                {"name": "型番の名前はとても長くて二十字までです。", "value_name": f"{number:03}" + "ab" * 23 + "c"},
                {"id": "100007", "value_id": "1000071"},
            ],
        }
        for number in range(300)
    ]
    description = "".join(f'<img src="{image[0]["url"]}">' for _ in range(30))
    changes = {
        "title": "型" + "ab" * 127,
        "description": description + "x" * (10_000 - len(description)),
        "main_images": [{"uri": image[0]["uri"]}] * 9,
        "package_weight": {"value": "0.125", "unit": "KILOGRAM"},
        "skus": skus,
    }
    created = await api.create(**changes)
    assert len(created["skus"]) == 300
    one_more = {**changes, "skus": [*skus, {**sku, "seller_sku": "301"}]}
    assert (await api.call("POST", PRODUCTS, await api.body(**one_more)))["code"] == 12052050


async def test_japanese_titles_with_stars_and_kanji_are_ordinary(api):
    assert await api.create(title="★新作★ 漢字・カタカナ・ひらがな♪ Ａ４ ＆ 100％")


async def test_a_draft_takes_almost_anything(api):
    created = await api.create(
        save_mode="AS_DRAFT",
        title="",
        description=None,
        category_id="601000",
        main_images=[{"uri": "nowhere"}],
        product_attributes=[],
        skus=[{"seller_sku": "D-1", "price": {"amount": "free"}}],
    )
    read = await api.get(created["product_id"])
    assert (read["status"], read["audit"]["status"]) == ("DRAFT", "NONE")
    too_long = await api.body(save_mode="AS_DRAFT", title="あ" * 256)
    assert (await api.call("POST", PRODUCTS, too_long))["code"] == 12052051


async def test_an_unknown_brand_is_cleared_with_a_warning(api):
    created = await api.create(brand_id="7080000000000009999")
    assert "7080000000000009999" in created["warnings"][0]["message"]
    assert "brand" not in await api.get(created["product_id"])
    known = await api.create(brand_id="7080000000000000001")
    assert known["warnings"] == []
    assert (await api.get(known["product_id"]))["brand"]["name"] == "きぬがさ織物"


async def test_a_seller_without_sales_warehouses(api):
    body = await api.body()
    await api.control("POST", "/warehouses/remove", {"shop": "demo"})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 12052115
    warehouses = (await api.ok("GET", "/logistics/202309/warehouses"))["warehouses"]
    assert [w["type"] for w in warehouses] == ["RETURN_WAREHOUSE"]
    await api.control("POST", "/warehouses/restore", {"shop": "demo"})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 0


async def test_the_dry_run_says_what_create_would_say(api):
    path = f"{PRODUCTS}/listing_check"
    assert (await api.ok("POST", path, await api.body()))["check_result"] == "PASS"
    failed = await api.ok("POST", path, await api.body(title=""))
    assert (failed["check_result"], failed["fail_reasons"][0]["code"]) == ("FAILED", 12052261)
    assert api.sandbox.summary()["listings_total"] == 0


async def test_the_daily_quota_counts_listings_and_not_drafts(api):
    api.sandbox.change_settings({"daily_listing_quota": 1})
    draft = await api.create(save_mode="AS_DRAFT")
    await api.create()
    assert (await api.call("POST", PRODUCTS, await api.body()))["code"] == 12052093
    published = await api.edit(draft)
    assert published["code"] == 12052093
    assert (await api.get(draft["product_id"]))["status"] == "DRAFT"
    api.clock.ahead += 86400
    api.token = api.sandbox.authorise("demo").access.value
    assert (await api.edit(draft))["code"] == 0
    assert (await api.get(draft["product_id"]))["status"] == "PENDING"
