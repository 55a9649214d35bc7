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


async def test_the_market_is_wide_and_its_ids_do_not_move(refusing):
    v1 = await tree(refusing, "v1")
    roots = [row["local_name"] for row in v1.values() if row["parent_id"] == "0"]
    assert len(roots) == len(set(roots)) == 17
    assert {"メンズファッション", "ビューティー・パーソナルケア", "食品・飲料", "ペット用品"} <= set(roots)
    assert 300 < sum(row["is_leaf"] for row in v1.values()) < 400
    assert next(row["local_name"] for row in v1.values() if row["is_leaf"]) == "ソックス"
    places = {key: v1[key]["local_name"] for key in ("604100", "671100", "681104", "764104")}
    assert places == {"604100": "ミニワンピース", "671100": "メンズTシャツ", "681104": "洗顔料", "764104": "扇子"}


async def test_attributes_of_every_kind_are_asked_for(refusing):
    async def fields(category_id):
        rows = (await refusing.ok("GET", f"{CATEGORIES}/{category_id}/attributes"))["attributes"]
        return {row["name"]: row for row in rows if row["type"] == "PRODUCT_PROPERTY"}

    lotion, frozen, sofa, dog = [await fields(key) for key in ("681100", "619100", "751100", "691100")]

    def kind(row):
        chosen, own = bool(row["values"]), row["is_customizable"]
        number = row.get("value_data_format") == "POSITIVE_INT_OR_DECIMAL"
        return chosen, own, row["is_multiple_selection"], number, row["is_requried"]

    assert kind(lotion["医薬部外品"]) == (True, False, False, False, True), "one of a list"
    assert kind(lotion["肌質"]) == (True, False, True, False, False), "several of a list"
    assert kind(lotion["香り"]) == (True, True, False, False, False), "of a list or one's own"
    assert kind(lotion["全成分"]) == (False, True, False, False, True), "free text"
    assert kind(sofa["幅(cm)"]) == (False, True, False, True, True), "a number"
    assert kind(frozen["アレルギー物質"]) == (True, False, True, False, True)
    for row, parent in (
        (lotion["有効成分"], "100960"),
        (frozen["解凍方法"], "100911"),
        (sofa["組立時間(分)"], "101003"),
        (dog["犬の大きさ"], "100970"),
    ):
        (condition,) = row["requirement_conditions"]
        assert condition["attribute_id"] == parent
        above = {
            one["id"]: one["values"] for one in (*lotion.values(), *frozen.values(), *sofa.values(), *dog.values())
        }
        assert condition["attribute_value_id"] in {value["id"] for value in above[parent]}


async def test_what_stood_in_the_tree_before_has_the_attributes_that_it_had(refusing):
    rows = (await refusing.ok("GET", f"{CATEGORIES}/611100/attributes"))["attributes"]
    assert [row["id"] for row in rows if row["type"] == "PRODUCT_PROPERTY"] == ["100701", "100800", "100801"]


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
    assert [row["name"] for row in found["brands"][:2]] == ["きぬがさ織物", "ひだまり製作所"]
    assert not [row["name"] for row in found["brands"] if row["name"].endswith("食品工業")]
    for_food = await refusing.ok("GET", BRANDS, page_size="100", brand_name="食品", category_id="611100")
    assert for_food["brands"][0]["authorized_status"] == "AUTHORIZED"
    assert (await refusing.call("GET", BRANDS, page_size="10", category_id="601000"))["code"] == 12052024


async def test_brands_come_in_pages(refusing):
    found, token = [], ""
    for size in (100, 100, 100, 6):
        page = await refusing.ok("GET", BRANDS, page_size="100", **({"page_token": token} if token else {}))
        assert (page["total_count"], len(page["brands"])) == (306, size)
        found += page["brands"]
        token = page["next_page_token"]
    assert token == ""
    assert len({row["id"] for row in found}) == len({row["name"] for row in found}) == 306


async def test_brands_are_found_by_a_part_of_the_name_in_any_letter_case(refusing):
    for part, many in (
        ("みなと", 10),
        ("化粧品", 15),
        ("ALDERWOOD", 10),
        ("kitchen", 15),
        ("& s", 15),
        ("ない名前", 0),
    ):
        assert (await refusing.ok("GET", BRANDS, page_size="10", brand_name=part))["total_count"] == many


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
