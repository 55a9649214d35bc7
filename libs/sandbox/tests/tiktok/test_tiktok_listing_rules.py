"""The rules for listings (limits for Japan), one fault at a time with a row per code, and those for drafts."""

import pytest

PRODUCTS = "/product/202309/products"
UNKNOWN = {"uri": "tos-sim-jp/ffffffffffffffffffffffffffffffff"}
FOREIGN = '<img src="https://shop.example/a.jpg" width="9" height="9">'


def attributes(*pairs):
    return [{"id": key, "values": [value] if isinstance(value, dict) else value} for key, value in pairs]


ORIGIN, COTTON = ("100701", {"name": "日本"}), ("100398", {"id": "1001001"})
BATTERY, NO_BATTERY = ("100800", {"id": "1008001"}), ("100800", {"name": "なし"})
LITHIUM = ("100801", {"id": "1008011"})


def parcel(**sides):
    return {"package_dimensions": {"length": "2", "width": "1", "height": "1", "unit": "CENTIMETER", **sides}}


def weight(value, unit="GRAM"):
    return {"package_weight": {"value": value, "unit": unit}}


def category(category_id, *more, **changes):
    return {"category_id": category_id, "product_attributes": attributes(ORIGIN, *more), **changes}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        (12052261, {"title": " "}),
        (36009004, {"title": None}),
        (12052051, {"title": "あ" * 256}),
        (12052931, {"title": "靴下 &amp; 帽子"}),
        (12052931, {"title": "靴下😀"}),
        (12052931, {"title": "靴下\x07"}),
        (12052931, {"title": "靴下\x85"}),
        (12052931, {"title": "靴下\u2028"}),
        (12052931, {"title": "★☆★"}),
        (12052931, {"title": "すごーーーーーーーーーーい"}),
        (12052015, {"description": ""}),
        (12052013, {"description": "あ" * 10_001}),
        (12052340, {"description": f"<p>{FOREIGN}</p>"}),
        (12052056, {"description": "<img>" * 31}),
        (12052344, {"description": "<p>靴下"}),
        (12052344, {"description": "<p><b>靴下</p></b>"}),
        (12052344, {"description": "靴下</p>"}),
        (12052345, {"description": "<p>靴下</p><script>x()</script>"}),
        (12052345, {"description": "<p><a>靴下</a></p>"}),
        (12052345, {"description": "<p>靴下<!-- 秘密 --></p>"}),
        (12052348, {"description": "<p><IMG></p>"}),
        (12052348, {"description": '<p><img src="https://shop.example/a.jpg" width="9"></p>'}),
        (12052349, {"description": "<p>靴下<p>帽子</p></p>"}),
        (12052349, {"description": "<li>靴下</li>"}),
        (12052350, {"description": '<p onclick="x()">靴下</p>'}),
        (12052352, {"description": f"{'<div>' * 11}靴下{'</div>' * 11}"}),
        (12052932, {"description": "<p>a&nbsp;b</p>"}),
        (12052932, {"description": "<p>😀</p>"}),
        (12052932, {"description": "<p>靴下\x07</p>"}),
        (12052932, {"description": "<p>靴下\x9f</p>"}),
        (12052932, {"description": "<p>靴下\u2029</p>"}),
        (12052932, {"description": "<p>----------</p>"}),
        (12052932, {"description": "<p>★☆</p>"}),
        (12052002, {"category_id": "socks"}),
        (12052023, {"category_id": "699999"}),
        (12052024, {"category_id": "601000"}),
        (12052025, {"category_version": "v3"}),
        (12052220, {"category_id": "632100"}),
        (12052221, {"category_id": "633100"}),
        (12052223, {"category_id": "613100"}),
        (12052225, {"category_id": "651100"}),
        (12052226, {"category_id": "613101"}),
        (12052227, {"category_id": "661100"}),
        (12052230, {"category_version": "v2"}),
        (12052446, {"category_id": "661101"}),
        (12019013, {"brand_id": "織物"}),
        (12052200, {"brand_id": "7080000000000000005"}),
        (12052201, {"brand_id": "7080000000000000006"}),
        (12052208, {"brand_id": "7080000000000000004"}),
        (12052028, {"main_images": []}),
        (12052306, {"main_images": [UNKNOWN] * 10}),
        (12052300, {"main_images": [{"uri": "https://shop.example/a.jpg"}]}),
        (12052722, {"main_images": [UNKNOWN]}),
        (12052104, {"product_attributes": attributes(COTTON)}),
        (12052182, {"product_attributes": attributes(COTTON, ORIGIN, BATTERY)}),
        (12052183, {"product_attributes": attributes(COTTON, ORIGIN, NO_BATTERY, LITHIUM)}),
        (12052240, {"product_attributes": attributes(COTTON, ORIGIN, ("999999", {"name": "x"}))}),
        (12052241, {"product_attributes": attributes(COTTON, ORIGIN, (None, {"name": "x"}))}),
        (12052246, {"product_attributes": attributes(COTTON, ("100701", [{"name": "日本"}, {"name": "中国"}]))}),
        (12052247, {"product_attributes": attributes(COTTON, ORIGIN, ("100399", {"name": "通年"}))}),
        (12052248, {"product_attributes": attributes(COTTON, ("100701", {"name": " "}))}),
        (12052248, {"product_attributes": attributes(COTTON, ("100701", []))}),
        (12052249, {"product_attributes": attributes(COTTON, ("100701", {"name": "あ" * 2001}))}),
        (12052251, {"product_attributes": attributes(("100398", [{"name": "麻"}, {"name": "麻"}]), ORIGIN)}),
        (12052253, {"product_attributes": attributes(("100398", [{"id": "1001001"}, {"id": "1001001"}]), ORIGIN)}),
        (12052254, {"product_attributes": attributes(COTTON, COTTON, ORIGIN)}),
        (12052256, category("641100", ("100810", {"name": "大容量"}))),
        (12052529, {"product_attributes": attributes(("100398", {"id": "1007011"}), ORIGIN)}),
        (12052935, {"product_attributes": attributes(COTTON, ("100701", {"name": "日本😀"}))}),
        (12019011, {"package_weight": None}),
        (12052006, weight("1.5")),
        (12052006, weight("0.1234", "KILOGRAM")),
        (12052181, weight("0")),
        (12052823, weight("100.001", "KILOGRAM")),
        (12052915, weight("1", "POUND")),
        (12019061, {**weight("1", "POUND"), **parcel(unit="INCH")}),
        (12052916, weight("1", "STONE")),
        (12052916, parcel(unit="METER")),
        (12019012, {"package_dimensions": None}),
        (12052003, parcel(height="1.5")),
        (12052004, parcel(width="-1")),
        (12052005, parcel(length="長い")),
        (12052116, parcel(height="0")),
        (12052116, parcel(length="200", width="60")),
        (12052222, {"is_cod_allowed": True}),
        (12052369, {"external_product_id": "x" * 1000}),
        (12052673, category("603100", COTTON)),
        (12052128, category("603100", COTTON, size_chart={"template": {"id": "1"}})),
        (12052670, {"size_chart": {"image": {"uri": "https://shop.example/a.jpg"}}}),
        (12052670, {"size_chart": {"image": UNKNOWN}}),
        (12019059, category("603100", COTTON, size_chart={"template": {"id": "7200000000000000001"}})),
        (12052902, {"skus": []}),
        (36009004, {"save_mode": "SOMETIMES"}),
        (36009004, {"idempotency_key": "x" * 129}),
        (36009004, {"title": 5}),
    ],
)
async def test_a_listing_with_one_fault_is_refused_with_its_code(refusing, code, changes):
    api = refusing
    body = await api.body(**changes)
    if code == 12019059:
        del body["skus"][1]["seller_sku"]
    envelope = await api.call("POST", PRODUCTS, body)
    assert (envelope["code"], envelope["data"]) == (code, None)
    assert api.sandbox.summary()["listings_total"] == 0


def variation(name, value, **more):
    return {"sales_attributes": [{"name": name, "value_name": value, **more}]}


def price(amount, currency="JPY", **more):
    return {"price": {"amount": amount, "currency": currency, **more}}


def stock(*entries):
    return {"inventory": [{"warehouse_id": warehouse, **more} for warehouse, more in entries]}


FIVE = {"quantity": 5}


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        (12052054, {"seller_sku": "x" * 51}, {}),
        (12019059, {"seller_sku": "a b"}, {}),
        (12052369, {"external_sku_id": "x" * 1000}, {}),
        (12052557, {"id": "1729000000000000001"}, {}),
        (12052525, {"sales_attributes": [{"name": n, "value_name": "x"} for n in "あいうえ"]}, {}),
        (12052550, {"sales_attributes": []}, {}),
        (12052559, {"sales_attributes": []}, {"sales_attributes": []}),
        (12052550, variation("色", "赤"), variation("型", "大")),
        (12052560, variation("色", "赤"), variation("色", "赤")),
        (12052560, variation("カラー", "ブラック"), {"sales_attributes": [{"id": "100000", "value_id": "1000002"}]}),
        (12052241, variation("", "赤"), {}),
        (12052242, variation("あ" * 21, "赤"), {}),
        (12052244, {"sales_attributes": [{"name": "色", "value_name": value} for value in "赤青"]}, {}),
        (12052245, variation("色<b>", "赤"), {}),
        (12052248, variation("色", " "), {}),
        (12052249, variation("色", "あ" * 51), {}),
        (12052933, variation("色😀", "赤"), {}),
        (12052934, variation("色", "😀"), {}),
        (12052527, {"sales_attributes": [{"id": "99", "value_name": "赤"}]}, {}),
        (12052529, {"sales_attributes": [{"id": "100000", "value_id": "99"}]}, {}),
        (12052520, variation("色", "赤", sku_img={"uri": ""}), {}),
        (12052722, variation("色", "赤", sku_img=UNKNOWN), {}),
        (12052522, variation("色", "赤", sku_img={"uri": "UPLOAD"}), variation("色", "青")),
        (12052356, variation("色", "赤", sku_img={"uri": "UPLOAD"}, supplementary_sku_images=[UNKNOWN] * 9), {}),
        (12052357, variation("色", "赤", supplementary_sku_images=[UNKNOWN]), {}),
        (12052571, {"price": None}, {}),
        (12052571, price(None, sale_price="100"), {}),
        (12052012, price("19.80"), {}),
        (12052073, price("0"), {}),
        (12052073, price("-5"), {}),
        (12052073, price("１９８０"), {}),
        (12052092, price("100", sale_price="無料"), {}),
        (12052570, price("99999999"), {}),
        (12052084, price("10", "USD"), {}),
        (12019022, {"inventory": None}, {}),
        (12019022, {"inventory": [{"quantity": 5}]}, {}),
        (12052097, stock(("1", FIVE)), {}),
        (12052530, stock(("FOREIGN", FIVE)), {}),
        (12052532, stock(("RETURN", FIVE)), {}),
        (12052531, stock(("DISABLED", FIVE)), {}),
        (12052555, stock(("SALES", FIVE), ("SALES", FIVE)), {}),
        (12019024, stock(("SALES", {})), {}),
        (12019024, stock(("SALES", {"quantity": -1})), {}),
        (12052055, stock(("SALES", {"quantity": 0})), {}),
        (12052055, stock(("SALES", {"quantity": 100_000})), {}),
        (12052310, stock(("SALES", {"quantity": 5, "backorder_quantity": 5})), {}),
        (12052600, {"identifier_code": {"code": "4900000000016"}}, {}),
        (12052591, {"identifier_code": {"code": "490000000001", "type": "JAN"}}, {}),
        (12052591, {"identifier_code": {"code": "X234567890", "type": "ISBN"}}, {}),
        (12052592, *[{"identifier_code": {"code": "4900000000016", "type": "JAN"}}] * 2),
    ],
)
async def test_a_sku_with_one_fault(refusing, code, first, second):
    api = refusing
    body = await api.body()
    back, sales, off = (warehouse.id for warehouse in api.shop.warehouses)
    foreign = api.sandbox.world.shop("other").warehouses[1].id
    names = {"RETURN": back, "SALES": sales, "DISABLED": off, "FOREIGN": foreign}
    for sku, changes in zip(body["skus"], (first, second), strict=True):
        sku.update(changes)
        sku["inventory"] = sku["inventory"] and [
            {**entry, "warehouse_id": names.get(entry["warehouse_id"], entry["warehouse_id"])}
            if "warehouse_id" in entry
            else entry
            for entry in sku["inventory"]
        ]
        sku["sales_attributes"] = [
            {**a, "sku_img": api.uploads[0]} if a.get("sku_img") == {"uri": "UPLOAD"} else a
            for a in sku["sales_attributes"]
        ]
    assert (await api.call("POST", PRODUCTS, body))["code"] == code


@pytest.mark.parametrize(
    ("code", "settings", "changes"),
    [
        (12052217, {"category_v2_required": True}, {}),
        (12052026, {"unknown_brand": "refuse"}, {"brand_id": "7080000000000009999"}),
        (12052262, {"chinese_characters": "refused"}, {"title": "棉袜 这个"}),
        (12052346, {"chinese_characters": "refused"}, {"description": "<p>这个</p>"}),
        (12052263, {"illegal_title_prefixes": ("【公式】",)}, {"title": "【公式】靴下"}),
        (12052302, {"max_image_bytes": 10}, {}),
        (12052304, {"image_formats": ("image/jpeg",)}, {}),
        (12052526, {"max_values_per_attribute": 1}, {}),
        (12052093, {"total_listing_limit": 0}, {}),
        (12052093, {"daily_listing_quota": 0}, {}),
    ],
)
async def test_codes_that_a_setting_brings(api, code, settings, changes):
    body = await api.body(**changes)
    assert (await api.call("POST", PRODUCTS, await api.body()))["code"] == 0
    api.sandbox.change_settings(settings)
    assert (await api.call("POST", PRODUCTS, body))["code"] == code


async def test_kanji_are_no_chinese_characters(api):
    api.sandbox.change_settings({"chinese_characters": "refused"})
    assert await api.create(title="東京 国産 綿 靴下 會 学 漢字", description="<p>丈夫な畳、辻、峠</p>")
    named = [{**sku, **variation("颜色", value)} for sku, value in zip((await api.body())["skus"], "赤青", strict=True)]
    assert (await api.call("POST", PRODUCTS, await api.body(skus=named)))["code"] == 12052243


@pytest.mark.parametrize(
    ("code", "condition"),
    [
        (12052700, "inactive"),
        (12052419, "tasks_unfinished"),
        (12052332, "seller_center_locked"),
        (12052109, "too_many_requests"),
        (12052402, "no_shipping_template"),
        (12052420, "no_logistics_service"),
        (12052549, "shipping_template_unavailable"),
    ],
)
async def test_what_is_wrong_with_the_seller(api, code, condition):
    created = await api.live()
    ids = {"product_ids": [created["product_id"]]}
    await api.ok("POST", f"{PRODUCTS}/deactivate", ids)
    await api.control("PUT", "/conditions", {"shop": "demo", "conditions": [condition]})
    assert (await api.call("POST", PRODUCTS, await api.body()))["code"] == code
    assert (await api.edit(created))["code"] == code
    refused = (await api.ok("POST", f"{PRODUCTS}/activate", ids))["errors"][0]
    assert (refused["code"], refused["detail"]["extra_errors"][0]["code"]) == (12052990, code)
    draft = (await api.call("POST", PRODUCTS, await api.body(save_mode="AS_DRAFT")))["code"]
    assert draft == (code if condition == "inactive" else 0)
    await api.control("PUT", "/conditions", {"shop": "demo", "conditions": []})
    assert (await api.edit(created))["code"] == 0


async def test_a_seller_without_warehouses(api):
    body = await api.body()
    for kind, code, left in (("SALES", 12052115, "RETURN"), ("RETURN", 12052535, "SALES")):
        await api.control("POST", "/warehouses/remove", {"shop": "demo", "type": f"{kind}_WAREHOUSE"})
        assert (await api.call("POST", PRODUCTS, body))["code"] == code
        warehouses = (await api.ok("GET", "/logistics/202309/warehouses"))["warehouses"]
        assert {w["type"] for w in warehouses} == {f"{left}_WAREHOUSE"}
        await api.control("POST", "/warehouses/restore", {"shop": "demo"})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 0
    first = (await api.ok("GET", "/logistics/202309/warehouses"))["warehouses"][0]
    assert first["type"] == "RETURN_WAREHOUSE"


async def test_a_cross_border_seller_needs_sale_prices(api):
    body = await api.body()
    api.shop.seller_type = "CROSS_BORDER"
    assert (await api.call("POST", PRODUCTS, body))["code"] == 12052424
    for sku in body["skus"]:
        sku["price"] = {"amount": "1", "sale_price": "1980", "currency": "JPY"}
    created = await api.ok("POST", PRODUCTS, body)
    assert (await api.get(created["product_id"]))["skus"][0]["price"]["sale_price"] == "1980"
    for sku, known in zip(body["skus"], created["skus"], strict=True):
        sku.update({"id": known["id"], "price": {"sale_price": "-1", "currency": "JPY"}})
    assert (await api.call("PUT", f"{PRODUCTS}/{created['product_id']}", body))["code"] == 12052572


async def test_certificates(api):
    image = (await api.upload(use_case="CERTIFICATION_IMAGE"))["data"]
    pdf = api.sandbox.world.files.add("a.pdf", b"%PDF-1.7")
    soon = int(api.clock()) + 3600
    good = {"id": "602362", "images": [{"uri": image["uri"]}], "expiration_date": soon}
    changes = category("641100", ("100810", {"name": "10000.5"}))
    for code, sent in (
        (12052105, []),
        (12052105, [{**good, "images": []}]),
        (12052655, [{**good, "id": "1"}]),
        (12052656, [good, good]),
        (12052650, [{**good, "images": [UNKNOWN]}]),
        (12052657, [{**good, "images": [{"uri": image["uri"]}] * 11}]),
        (12052658, [{**good, "files": [{"id": "v09", "name": "a.pdf", "format": "PDF"}]}]),
        (0, [{**good, "images": [], "files": [{"id": pdf.id, "name": "a.pdf", "format": "PDF"}]}]),
        (12052385, [{**good, "expiration_date": soon - 7200}]),
        (0, [good]),
    ):
        envelope = await api.call("POST", PRODUCTS, await api.body(**changes, certifications=sent))
        assert (envelope["code"], sent) == (code, sent)
    read = await api.get(envelope["data"]["product_id"])
    assert read["certifications"][0]["title"] == "PSEマーク適合証明"
    assert read["certifications"][0]["expiration_date"] == soon


async def test_size_charts(api, picture):
    chart = (await api.upload(picture(1024, 1100), "SIZE_CHART_IMAGE"))["data"]
    body = await api.body(**category("603100", COTTON, size_chart={"image": {"uri": chart["uri"]}}))
    created = await api.ok("POST", PRODUCTS, body)
    assert (await api.get(created["product_id"]))["size_chart"]["image"]["width"] == 1024
    api.sandbox.change_settings({"max_image_bytes": len(picture())})
    assert (await api.call("POST", PRODUCTS, body))["code"] == 12052671


@pytest.mark.parametrize(
    ("size", "code", "settings"),
    [
        ((800, 300), 12052305, {}),
        ((299, 299), 12052301, {}),
        ((4001, 4001), 12052302, {}),
    ],
)
async def test_main_images_uploaded_for_something_else(api, picture, size, code, settings):
    other = (await api.upload(picture(*size), "DESCRIPTION_IMAGE"))["data"]
    images = {"main_images": [{"uri": other["uri"]}]}
    assert (await api.call("POST", PRODUCTS, await api.body(**images)))["code"] == code


async def test_variant_images(api, picture):
    wide = (await api.upload(picture(800, 300), "DESCRIPTION_IMAGE"))["data"]
    large = (await api.upload(picture(900, 900, "red"), "ATTRIBUTE_IMAGE"))["data"]
    body = await api.body()

    async def answer(image):
        for sku, value in zip(body["skus"], "赤青", strict=True):
            sku.update(variation("色", value, sku_img={"uri": image["uri"]}))
        return (await api.call("POST", PRODUCTS, body))["code"]

    assert [await answer(wide), await answer(large)] == [12052524, 0]
    least = len(api.sandbox.world.images.get(large["uri"]).content)
    api.sandbox.change_settings({"max_image_bytes": least - 1})
    assert await answer(large) == 12052521
    jpeg = (await api.upload(picture(kind="JPEG")))["data"]
    body["main_images"] = [{"uri": jpeg["uri"]}]
    api.sandbox.change_settings({"max_image_bytes": 10**7, "image_formats": ("image/jpeg",)})
    assert await answer(large) == 12052523


async def test_description_images(api, picture):
    image = (await api.upload(picture(), "DESCRIPTION_IMAGE"))["data"]
    large = (await api.upload(picture(4001, 100), "DESCRIPTION_IMAGE"))["data"]
    jpeg = (await api.upload(picture(kind="JPEG")))["data"]

    async def answer(shown):
        html = f'<p><img src="{shown["url"]}" width="9" height="9" alt="絵"></p>'
        body = await api.body(description=html, main_images=[{"uri": jpeg["uri"]}])
        return (await api.call("POST", PRODUCTS, body))["code"]

    assert [await answer(image), await answer(large)] == [0, 12052341]
    api.sandbox.change_settings({"image_formats": ("image/jpeg",)})
    assert await answer(image) == 12052343
    api.sandbox.change_settings({"image_formats": (), "max_image_bytes": 10})
    assert await answer(image) == 12052342


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
    description = "".join(f'<img src="{image[0]["url"]}" width="9" height="9">' for _ in range(30))
    changes = {
        "title": "型" + "ab" * 127,
        "description": (description + "xy" * 5_000)[:10_000],
        "main_images": [{"uri": image[0]["uri"]}] * 9,
        "package_weight": {"value": "0.125", "unit": "KILOGRAM"},
        "skus": skus,
    }
    created = await api.create(**changes)
    assert len(created["skus"]) == 300
    one_more = await api.body(**{**changes, "skus": [*skus, {**sku, "seller_sku": "301"}]})
    assert (await api.call("POST", PRODUCTS, one_more))["code"] == 12052050
    assert (await api.call("PUT", f"{PRODUCTS}/{created['product_id']}", one_more))["code"] == 12052558


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "★新作★ 漢字・カタカナ・ひらがな♪ Ａ４ ＆ 100％"},
        {"description": "<p>一<br>二</p><ul><li><strong>三</strong></li></ul><table><tr><td>四</td></tr></table>&lt;"},
        {"product_attributes": attributes(COTTON, ORIGIN, BATTERY, LITHIUM)},
        {"product_attributes": attributes(("100398", [{"name": "綿"}, {"name": "麻"}]), ORIGIN)},
        {"product_attributes": attributes(COTTON, ORIGIN, LITHIUM)},
        category("614100", package_weight=None, package_dimensions=None),
        {"category_version": "v2", "category_id": "800134"},
        {"external_product_id": "x" * 999, "locale": "ja-JP", "minimum_order_quantity": 1},
    ],
)
async def test_what_is_ordinary(api, changes):
    assert (await api.create(**changes))["warnings"] == []


async def test_a_draft_takes_almost_anything(api):
    created = await api.create(
        save_mode="AS_DRAFT",
        title="",
        description=None,
        category_id="601000",
        main_images=[{"uri": "nowhere"}],
        product_attributes=[],
        skus=[{"seller_sku": "D-1", "price": {"amount": "free"}, "inventory": [{"warehouse_id": "1", "quantity": 0}]}],
    )
    read = await api.get(created["product_id"])
    assert (read["status"], read["audit"]["status"]) == ("DRAFT", "NONE")
    too_long = await api.body(save_mode="AS_DRAFT", title="あ" * 256)
    assert (await api.call("POST", PRODUCTS, too_long))["code"] == 12052051
    body = await api.body()
    body["skus"] = [{"id": created["skus"][0]["id"], "seller_sku": "D-1", "price": body["skus"][0]["price"]}]
    path = f"{PRODUCTS}/{created['product_id']}"
    assert (await api.call("PUT", path, body))["code"] == 12052097
    body["skus"][0]["inventory"] = (await api.body())["skus"][0]["inventory"]
    assert (await api.ok("PUT", path, body))["audit"] == {"status": "AUDITING"}


async def test_brands_that_come_with_warnings(api):
    unknown = await api.create(brand_id="7080000000000009999")
    assert "7080000000000009999" in unknown["warnings"][0]["message"]
    assert "brand" not in await api.get(unknown["product_id"])
    known = await api.create(brand_id="7080000000000000001")
    assert known["warnings"] == []
    assert (await api.get(known["product_id"]))["brand"]["name"] == "きぬがさ織物"
    unauthorised = await api.create(brand_id="7080000000000000003")
    assert "not authorized" in unauthorised["warnings"][0]["message"]
    tea = category("611100", brand_id="7080000000000000006")
    assert (await api.create(**tea))["warnings"] == []
    own = await api.ok("POST", "/product/202309/brands", {"name": "自社"}, cipher=False)
    assert (await api.create(brand_id=own["id"]))["warnings"] == []
    draft = await api.create(save_mode="AS_DRAFT", brand_id="7080000000000009999")
    assert "cleared" in draft["warnings"][0]["message"]


async def test_the_dry_run_says_what_create_would_say(api):
    path = f"{PRODUCTS}/listing_check"
    passed = await api.ok("POST", path, await api.body(brand_id="7080000000000009999"))
    assert (passed["check_result"], "cleared" in passed["warnings"]["message"]) == ("PASS", True)
    failed = await api.ok("POST", path, await api.body(title=""))
    assert (failed["check_result"], failed["fail_reasons"][0]["code"]) == ("FAILED", 12052261)
    assert failed["warnings"] == {}
    assert api.sandbox.summary()["listings_total"] == 0


async def test_external_ids_can_be_made_unique(api):
    first = await api.live(external_product_id="P-1")
    assert (await api.call("POST", PRODUCTS, await api.body(external_product_id="P-1")))["code"] == 0
    api.sandbox.change_settings({"unique_external_ids": True})
    assert (await api.call("POST", PRODUCTS, await api.body(external_product_id="P-1")))["code"] == 12052996
    other = await api.live(external_product_id="P-2")
    assert (await api.edit(other, external_product_id="P-1"))["code"] == 12052996
    assert (await api.edit(other, external_product_id="P-2"))["code"] == 0
    api.sandbox.lifecycle.delete(api.sandbox.product(other["product_id"]))
    assert (await api.call("POST", PRODUCTS, await api.body(external_product_id="P-2")))["code"] == 0
    assert first["product_id"]


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
