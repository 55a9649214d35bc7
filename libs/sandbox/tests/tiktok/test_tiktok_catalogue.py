"""Categories, attributes, rules, brands, recommendations and prerequisites."""

import pytest

CATEGORIES = "/product/202309/categories"
BRANDS = "/product/202309/brands"


async def tree(api, version, **query):
    rows = (await api.ok("GET", CATEGORIES, category_version=version, **query))["categories"]
    return {row["id"]: row for row in rows}


def depth(rows, category_id):
    parent = rows[category_id]["parent_id"]
    return 1 if parent == "0" else 1 + depth(rows, parent)


async def test_v1_has_three_levels_and_v2_more(refusing):
    v1, v2 = await tree(refusing, "v1"), await tree(refusing, "v2")
    assert {depth(v1, key) for key, row in v1.items() if row["is_leaf"]} == {3}
    assert max(depth(v2, key) for key in v2) == 7
    assert v1.keys().isdisjoint(v2)
    assert [row["local_name"] for row in v1.values() if not row["is_leaf"]][:2] == [
        "レディースファッション",
        "靴下・タイツ",
    ]
    assert (await refusing.call("GET", CATEGORIES, category_version="v3"))["code"] == 36009004


async def test_permissions_and_what_the_market_does_not_show(refusing):
    shown = await tree(refusing, "v1")
    whole = await tree(refusing, "v1", include_prohibited_categories="true")
    statuses = {row["permission_statuses"][0] for row in whole.values()}
    assert statuses == {"AVAILABLE", "INVITE_ONLY", "NON_MAIN_CATEGORY", "PROHIBITED"}
    assert set(whole) - set(shown) == {"632100"}
    assert "661101" not in whole
    assert set(await tree(refusing, "v1", keyword="ソックス")) == {"601234"}


async def test_attributes_of_a_leaf(refusing):
    rows = (await refusing.ok("GET", f"{CATEGORIES}/641100/attributes"))["attributes"]
    by_name = {row["name"]: row for row in rows}
    assert [row["name"] for row in rows if row["type"] == "SALES_PROPERTY"] == ["カラー", "サイズ"]
    assert by_name["容量(mAh)"]["value_data_format"] == "POSITIVE_INT_OR_DECIMAL"
    assert by_name["容量(mAh)"]["is_requried"]
    assert by_name["電池の種類"]["requirement_conditions"] == [
        {"condition_type": "VALUE_ID_MATCH", "attribute_id": "100800", "attribute_value_id": "1008001"}
    ]
    assert (by_name["電池の種類"]["is_customizable"], by_name["原産国"]["is_customizable"]) == (False, True)


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("601000/attributes", {}, 12052024),
        ("699999/attributes", {}, 12052023),
        ("601234/attributes", {"category_version": "v2"}, 12052230),
        ("601000/rules", {}, 12052024),
    ],
)
async def test_only_leaves_of_the_right_tree_are_answered(refusing, path, query, code):
    assert (await refusing.call("GET", f"{CATEGORIES}/{path}", **query))["code"] == code


async def test_rules_differ_by_category(refusing):
    async def rules(category_id):
        return await refusing.ok("GET", f"{CATEGORIES}/{category_id}/rules")

    battery, shoes, socks, ticket = [await rules(key) for key in ("641100", "603100", "601234", "614100")]
    certificate = battery["product_certifications"][0]
    assert (certificate["id"], certificate["is_required"]) == ("602362", True)
    assert certificate["expiration_date"] == {"is_required": True}
    assert (shoes["size_chart"]["is_required"], shoes["seller_sku"]["is_required"]) == (True, True)
    assert socks["size_chart"] == {"is_supported": True, "is_required": False}
    assert (socks["package_dimension"], ticket["package_dimension"]) == ({"is_required": True}, {"is_required": False})
    assert not socks["cod"]["is_supported"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"product_title": "手編みのソックス"}, 0),
        ({"product_title": "何かよいもの"}, 12019064),
        ({"product_title": "冬用タイヤ"}, 12052912),
        ({"product_title": "通話カード"}, 12019064),
        ({"product_title": "ソックス", "images": [{"uri": "tos-sim-jp/0"}]}, 12019009),
        ({}, 36009004),
    ],
)
async def test_recommendations_often_miss(refusing, body, code):
    envelope = await refusing.call("POST", f"{CATEGORIES}/recommend", body)
    assert envelope["code"] == code
    if code == 0:
        assert envelope["data"]["leaf_category_id"] == "601234"
        assert [row["level"] for row in envelope["data"]["categories"]] == [1, 2, 3]


async def test_a_recommendation_can_be_wrong_and_follows_the_version(refusing):
    body = {"product_title": "マグカップ型ソックス入れ", "category_version": "v2"}
    assert (await refusing.ok("POST", f"{CATEGORIES}/recommend", body))["leaf_category_id"] == "800111"


async def test_brands_and_their_states(refusing):
    rows = {row["name"]: row for row in (await refusing.ok("GET", BRANDS, page_size="100"))["brands"]}
    assert rows["世界的ブランド"]["is_t1_brand"]
    assert rows["世界的ブランド"]["authorized_status"] == "UNAUTHORIEZD"
    assert rows["期限切れブランド"]["brand_status"] == "UNAVAILABLE"
    assert rows["世界的ブランド"]["brand_status"] == "AVAILABLE"
    found = await refusing.ok("GET", BRANDS, page_size="100", is_authorized="true", category_id="601234")
    assert [row["name"] for row in found["brands"]] == ["きぬがさ織物", "ひだまり製作所"]
    for_food = await refusing.ok("GET", BRANDS, page_size="100", brand_name="食品", category_id="611100")
    assert for_food["brands"][0]["authorized_status"] == "AUTHORIZED"
    assert (await refusing.call("GET", BRANDS, page_size="10", category_id="601000"))["code"] == 12052024


async def test_brands_come_in_pages(refusing):
    first = await refusing.ok("GET", BRANDS, page_size="4")
    rest = await refusing.ok("GET", BRANDS, page_size="4", page_token=first["next_page_token"])
    assert (first["total_count"], len(first["brands"]), rest["next_page_token"]) == (6, 4, "")
    assert {row["id"] for row in first["brands"]}.isdisjoint(row["id"] for row in rest["brands"])


async def test_custom_brands_are_limited(api):
    made = [await api.call("POST", BRANDS, {"name": f"自社{number}"}, cipher=False) for number in range(51)]
    assert {envelope["code"] for envelope in made[:50]} == {0}
    assert made[50]["code"] == 36009004
    api.clock.ahead += 86400
    api.token = api.sandbox.authorise("demo").access.value
    assert (await api.call("POST", BRANDS, {"name": "翌日"}, cipher=False))["code"] == 0
    for name in ("長" * 31, "短"):
        assert (await api.call("POST", BRANDS, {"name": name}, cipher=False))["code"] == 36009004
    assert (await api.ok("GET", BRANDS, page_size="10", brand_name="翌日"))["total_count"] == 1


async def test_a_draft_tells_why_it_cannot_be_submitted(api):
    draft = await api.create(save_mode="AS_DRAFT")
    await api.control("PUT", "/prerequisites", {"shop": "demo", "failed": {"BANk_ACCOUNT": ["none"]}})
    await api.control("PUT", "/conditions", {"shop": "demo", "conditions": ["inactive"]})
    read = await api.get(draft["product_id"])
    assert read["audit"]["not_submitted_reasons"] == ["PAYMENT_ACCOUNT_NOT_LINKED", "SHOP_INACTIVE"]
    results = (await api.ok("GET", "/product/202312/prerequisites"))["check_results"]
    assert [row["check_item"] for row in results if row["is_failed"]] == ["BANk_ACCOUNT"]
    wrong = await api.http.put(f"{api.url}/_sandbox/conditions", json={"shop": "demo", "conditions": ["sad"]})
    assert (wrong.status_code, "'sad'" in wrong.json()["error"]) == (400, True)
