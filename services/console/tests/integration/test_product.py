"""商品詳細 over HTTP: the layers, the form, what is sent and what is not."""

import html
import json
import re

import pytest
from aiokafka.errors import KafkaError
from fake_publisher import ATTRIBUTES, certificate
from product_pages import changes, edits, fields_of, opened, send
from tool_database import ToolDatabase

from console.web.addresses import product_path

EVIL = "<script>alert('x')</script>\"'&"


@pytest.fixture
async def tool(world):
    tool = ToolDatabase(world.database)
    await tool.shop()
    await tool.shop("other")
    return tool


async def test_a_product_shows_its_layers_and_why_it_is_not_on_sale(world, tool):
    await tool.imported(name="シャツ", description="<p>綿</p><script>alert(1)</script>", regular_price=3500)
    await tool.edited(minute=1, price=2900)
    page = await opened(world)
    assert "不足項目あり" in page.text
    assert "カテゴリー：入力されていません" in page.text
    assert "3,500円" in page.text
    assert 'value="2900"' in page.text
    assert "futureshopの値に戻す" in page.text
    assert page.text.count('value="restore:price"') == 1
    assert 'value="restore:name"' not in page.text
    assert "まだ送信されていません" in page.text
    assert "<script>alert(1)" not in page.text
    assert (
        page.text.index('id="product-missing"')
        < page.text.index('id="package_weight_g"')
        < page.text.index('id="name"')
    )


async def test_a_dialog_over_the_list_has_no_page_around_it(world, tool):
    await tool.imported()
    part = await world.client.get("/products/A-1", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith("<dialog")
    assert "<html" not in part.text


async def test_another_shops_product_and_an_unknown_one_are_not_there(world, tool):
    await tool.imported("B-1", shop_key="other")
    other = await world.log_in("other")
    assert (await other.get("/products/B-1")).status_code == 200
    for number in ("B-1", "nothing", "other%2FB-1"):
        assert (await world.client.get(f"/products/{number}")).status_code == 404
        assert (await world.client.get(f"/products/{number}/state")).status_code == 404
        assert (await world.post(world.client, f"/products/{number}", name="x")).status_code == 404
        assert (await world.post(world.client, f"/products/{number}/target", on="1")).status_code == 404
    assert await edits(world) == []


async def test_only_what_changed_is_sent(world, tool):
    await tool.imported("商品 1/2".replace("/", "／"), regular_price=3500)
    number = "商品 1／2"
    page = await opened(world, number)
    done = await send(world, fields_of(page), number, f__package_weight_g="３００", f__name="新しい名前")
    assert done.status_code == 200
    assert "受け付けました" in done.text
    [edit] = await edits(world)
    assert (edit.shop_key, edit.product_no) == ("demo", number)
    assert json.loads(edit.changes.model_dump_json()) == {"name": "新しい名前", "package_weight_g": 300}
    assert 'value="新しい名前"' in done.text


async def test_the_same_form_twice_is_one_event_and_the_next_one_is_another(world, tool):
    await tool.imported()
    fields = fields_of(await opened(world))
    first = await send(world, fields, f__name="x")
    await send(world, fields, f__name="x")
    assert len(await edits(world)) == 1
    again = await send(world, fields_of(first), f__name="y")
    assert again.status_code == 200
    assert await changes(world) == [{"name": "x"}, {"name": "y"}]


async def test_nothing_changed_sends_nothing(world, tool):
    await tool.imported(name="a\r\nb", description="x\r\ny ", images=["https://a.example/1.jpg"] * 12)
    done = await send(world, fields_of(await opened(world)))
    assert "変更された項目はありません" in done.text
    assert await edits(world) == []


async def test_a_field_that_somebody_else_changed_meanwhile_is_not_overwritten(world, tool):
    """Scenario 44: the merchant saves the form while an import is applied."""
    await tool.imported(minute=0, name="シャツ")
    fields = fields_of(await opened(world))
    await tool.edited(minute=1, brand_id="7000", package_weight_g=100)
    await tool.imported(minute=2, name="冬のシャツ")
    await send(world, fields, f__category_id="601234")
    assert await changes(world) == [{"category_id": "601234"}]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("f.name", "", "入力してください"),
        ("f.name", "x" * 256, "255文字までで入力してください（現在256文字）"),
        ("f.description", "x" * 10_001, "10000文字までで"),
        ("f.images", "\n".join(["https://a.example/1.jpg"] * 10), "9件まで"),
        ("f.images", "javascript:alert(1)", "http:// または https://"),
        ("f.price", "0", "1〜999,999,999円の整数で"),
        ("f.price", "1000000000000", "1〜999,999,999円の整数で"),
        ("f.price", "12.5", "「12.5」は数として読み取れません"),
        ("f.price", "①", "「①」は数として読み取れません。1〜999,999,999円の整数で"),
        ("f.package_weight_g", "1,2,3", "1〜9,999,999gの整数で入力してください（例：500、500g）"),
        ("f.length", "0", "1〜9,999cm"),
        ("f.height", "10000", "1〜9,999cm"),
        (
            "f.images",
            "https://a.example/1.jpg\nhttp://169.254.169.254/x",
            "公開されていないアドレスは使えません：http://169.",
        ),
        ("f.size_chart_image", "x", "http:// または https://"),
        ("f.size_chart_image", "http://localhost:8085/x.png", "公開されていない"),
        ("f.size_chart_image", "https://me:secret@a.example/1.jpg", "パスワードを含めないで"),
        ("f.brand_id", "0", "TikTok ShopのIDは数字です"),
        ("f.brand_id", " ", "TikTok ShopのIDは数字です"),
        ("f.brand_id", "7080000000000000009", "TikTok Shopの一覧にないブランドです"),
        ("f.category_id", "999", "TikTok Shopの一覧にない"),
        ("f.category_id", "600001", "末端のカテゴリー"),
        ("stock.0", "100000", "0〜99,999個"),
        ("stock.0", "-1", "0〜99,999個"),
        ("stock.0", "", "入力してください"),
    ],
)
async def test_a_wrong_value_comes_back_with_its_error_and_nothing_is_sent(world, tool, field, value, says):
    await tool.imported()
    fields = fields_of(await opened(world))
    refused = await send(world, {**fields, field: value, "f.package_dimensions_cm": "", "f.width": "33"})
    assert refused.status_code == 200
    name = field.removeprefix("f.")
    assert f'id="{name}-error">' in refused.text
    error = html.unescape(refused.text.split(f'id="{name}-error">')[1].split("</p>")[0])
    assert says in error
    kept = fields_of(refused)
    assert kept["f.width"] == ["33"]
    assert kept[field] == [value]
    assert await edits(world) == []


async def test_what_nobody_sees_is_not_sent(world, tool):
    await tool.imported(name="\u200bシャツ")
    await tool.edited(minute=2, category_id="601234")
    fields = fields_of(await opened(world))
    assert fields["f.name"] == ["シャツ"]
    assert "変更された項目はありません" in (await send(world, fields)).text
    given = {"f.name": "\ufeff夏の\tシャツ\u202e 👩\u200d🔬", "f.description": "a\u200b\r\nb", "t.100812": "AB\u2060-1"}
    done = await send(world, {**fields, **given})
    [sent] = await changes(world)
    assert (sent["name"], sent["description"]) == ("夏の シャツ 👩\u200d🔬", "a\nb")
    assert sent["attributes"] == [{"id": "100812", "values": [{"name": "AB-1"}]}]
    assert fields_of(done)["f.name"] == ["夏の シャツ 👩\u200d🔬"]


async def test_a_brand_that_the_search_by_its_name_finds_is_taken(world, tool):
    await tool.imported()
    many = [{"id": f"70{number}", "name": f"ブランド{number}", "authorized": True} for number in range(60)]
    world.publisher.brands = [*many, {"id": "7777", "name": "奥のほうの店", "authorized": True}]
    fields = fields_of(await opened(world))
    refused = await send(world, fields, f__brand_id="7777", brand_name="ない店")
    assert "TikTok Shopの一覧にないブランドです" in refused.text
    chosen = fields_of(await send(world, fields, step="brand:7777:奥のほうの店"))
    await send(world, chosen)
    assert await changes(world) == [{"brand_id": "7777"}]


async def test_one_wrong_value_holds_back_the_right_ones_until_it_is_mended(world, tool):
    await tool.imported()
    refused = await send(world, fields_of(await opened(world)), f__package_weight_g="300", f__price="x")
    mended = await send(world, fields_of(refused), f__price="2900")
    assert mended.status_code == 200
    assert await changes(world) == [{"price": 2900, "package_weight_g": 300}]


async def test_a_field_goes_back_to_futureshops_value(world, tool):
    await tool.imported(name="シャツ")
    await tool.edited(minute=1, name="夏のシャツ")
    page = await opened(world)
    done = await send(world, fields_of(page), step="restore:name", f__package_weight_g="300")
    assert await changes(world) == [{"name": None}]
    kept = fields_of(done)
    assert (kept["f.name"], kept["f.package_weight_g"]) == (["シャツ"], ["300"])
    await send(world, kept)
    assert (await changes(world))[1] == {"package_weight_g": 300}
    assert (await send(world, kept, step="restore:brand_id")).status_code == 403


async def test_stock_is_sent_per_sku_and_what_was_sent_cannot_be_changed(world, tool):
    """Scenarios 26 and 30: the tool's number before the first push; afterwards it is shown as sent."""
    skus = [{"vertical_no": "M", "stock": 10}, {"vertical_no": "L", "stock": 0}]
    await tool.imported(skus=skus, axes={"vertical": "サイズ"})
    await tool.completed()
    page = await opened(world)
    assert "在庫数：Lが0です" in page.text
    await send(world, fields_of(page), stock__0="7")
    assert await changes(world) == [{"stock": [{"vertical_no": "M", "horizontal_no": "", "quantity": 7}]}]
    await tool.pushed(minute=5, stock=7)
    page = await opened(world)
    assert "7（送信済み）" in page.text
    assert "stock.0" not in fields_of(page)
    await send(world, {**fields_of(page), "stock.0": "9"})
    assert len(await edits(world)) == 1


async def test_four_hundred_skus_can_be_filled_at_once(world, tool):
    skus = [
        {
            "vertical_no": str(v),
            "horizontal_no": str(h),
            "vertical_name": f"色{v}",
            "horizontal_name": f"{h}号",
            "stock": 0,
        }
        for v in range(20)
        for h in range(20)
    ]
    await tool.imported(skus=skus, axes={"vertical": "色", "horizontal": "号"})
    page = await opened(world)
    fields = {name: "" if name.startswith("stock.") else value for name, value in fields_of(page).items()}
    filled = await send(world, fields, step="fill:", fill="5", stock__0="1")
    assert await edits(world) == []
    await send(world, fields_of(filled))
    [sent] = await changes(world)
    assert [one["quantity"] for one in sent["stock"]] == [1, *[5] * 399]
    assert len({(one["vertical_no"], one["horizontal_no"]) for one in sent["stock"]}) == 400


async def test_the_enter_key_in_the_number_for_all_skus_fills_them_and_saves_nothing(world, tool):
    skus = [{"vertical_no": one, "horizontal_no": "", "vertical_name": one, "stock": None} for one in "SML"]
    await tool.imported(skus=skus, axes={"vertical": "サイズ"})
    fields = fields_of(await opened(world))
    picked = fields_of(await send(world, fields, step="category_at:600001", fill="5"))
    assert picked["fill"] == ["5"]
    filled = fields_of(await send(world, picked, step="enter"))
    assert (filled["fill"], filled["stock.0"], filled["stock.2"]) == ([""], ["5"], ["5"])
    assert await edits(world) == []
    await send(world, filled, step="enter")
    assert len(await edits(world)) == 1


async def test_what_is_no_number_is_filled_into_no_sku(world, tool):
    skus = [{"vertical_no": "M", "stock": 0}, {"vertical_no": "L", "stock": 0}]
    await tool.imported(skus=skus, axes={"vertical": "サイズ"})
    fields = {**fields_of(await opened(world)), "stock.0": "", "stock.1": "3"}
    refused = await send(world, fields, step="fill:", fill="１２本")
    assert refused.status_code == 200
    assert "「１２本」は数として読み取れません。0〜99,999個の整数で" in refused.text.split('id="fill-error">')[1]
    kept = fields_of(refused)
    assert (kept["fill"], kept["stock.0"], kept["stock.1"]) == (["１２本"], [""], ["3"])
    filled = fields_of(await send(world, kept, step="fill:", fill="１２個"))
    assert (filled["fill"], filled["stock.0"], filled["stock.1"]) == ([""], ["12"], ["3"])


async def test_every_number_has_its_unit_beside_it(world, tool):
    await tool.imported()
    text = (await opened(world)).text
    for name, unit in (("price", "円"), ("package_weight_g", "g"), ("height", "cm"), ("stock.0", "個")):
        assert re.search(rf'<input id="{re.escape(name)}"[^>]*> *<span class="unit"[^>]*>{unit}</span>', text), name


async def test_a_variation_has_no_switch_of_its_own(world, tool):
    """Scenario 36."""
    await tool.imported(skus=[{"vertical_no": str(n), "stock": 1} for n in range(6)], axes={"vertical": "色"})
    page = await opened(world)
    assert page.text.count('name="on"') == 1
    await world.post(world.client, "/products/A-1/target", on="1", action_id="00000000-0000-4000-8000-000000000001")
    [event] = await edits(world)
    assert (event.TYPE, event.sync_enabled) == ("sync_target.set", True)


async def test_the_switch_answers_at_once(world, tool):
    await tool.imported()
    fields = {"on": "1", "action_id": "00000000-0000-4000-8000-000000000001"}
    away = await world.post(world.client, "/products/A-1/target", **fields)
    assert (away.status_code, away.headers["location"]) == (303, "/products/A-1")
    assert "受け付けました" in (await opened(world)).text
    assert (await world.post(world.client, "/products/A-1/target", on="2")).status_code == 403


async def test_a_field_that_was_refused_before_sending_is_named(world, tool):
    """Scenario 39."""
    await tool.imported(axes={"vertical": "軸" * 30}, skus=[{"vertical_no": "1", "stock": 1}])
    await tool.completed()
    await tool.switched(on=True)
    message = f"axes.vertical: the axis name {'軸' * 30!r} has 30 characters, TikTok allows 20"
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=("axes.vertical",))
    page = await opened(world)
    assert "縦軸の名称：軸の名称" in page.text
    assert "30文字あります。TikTok Shopでは20文字までです" in page.text
    assert "futureshop管理画面で対応" in page.text


async def test_the_listing_and_tiktoks_words_are_shown(world, tool):
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)
    await tool.pushed(minute=2, stock=10)
    await tool.reviewed(review="rejected", minute=3, reasons=[{"position": "", "reason": EVIL, "suggestion": ""}])
    page = await opened(world)
    assert 'href="https://seller-jp.tiktok.com/product/edit/T1" target="_blank" rel="noopener' in page.text
    assert html.unescape(page.text).count(EVIL) >= 1
    assert "<script>alert" not in page.text
    assert "審査：承認されませんでした" in page.text


async def test_names_values_and_numbers_with_markup_are_text(world, tool):
    number = "A<b>&\"'"
    await tool.imported(number, name=EVIL, description=EVIL, images=["https://a.example/<script>alert('x')</script>"])
    await tool.edited(number, minute=1, description=EVIL, category_id="<script>alert('x')</script>")
    page = await opened(world, "A%3Cb%3E&%22'")
    assert "<script>alert" not in page.text
    refused = await send(world, fields_of(page), "A%3Cb%3E&%22'", f__price="<script>alert('x')</script>")
    assert refused.status_code == 200
    assert "<script>alert" not in refused.text


async def test_a_former_listing_is_warned_of(world, tool):
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)
    await tool.pushed(minute=2, stock=10)
    await tool.switched(on=False, minute=3)
    await tool.removed(minute=4)
    await tool.deleted(minute=5)
    await tool.imported(minute=60)
    assert "同じ商品番号の以前の商品" in (await opened(world)).text


async def test_a_product_that_was_deleted_says_so_in_the_place_of_its_form(world, tool):
    await tool.imported()
    fields = fields_of(await opened(world))
    await tool.removed(minute=4)
    await tool.deleted(minute=5)
    part = {"hx-request": "true"}
    saved = await world.post(world.client, "/products/A-1", part, **{**fields, "f.name": "夏のシャツ", "step": "save"})
    switched = await world.post(world.client, "/products/A-1/target", part, on="1")
    for answer in (saved, switched, await world.client.get("/products/A-1/state", headers=part)):
        assert (answer.headers["x-swap"], answer.headers["hx-retarget"]) == ("1", "#product")
        assert answer.text.startswith('<article id="product"')
        assert ("<form" in answer.text, 'href="/products"' in answer.text) == (False, True)
        assert "このツールから削除されました" in answer.text
    dialog = await world.client.get("/products/A-1", headers=part)
    assert (dialog.text.startswith("<dialog"), dialog.headers.get("hx-retarget")) == (True, None)
    assert "このツールから削除されました" in dialog.text
    whole = await send(world, fields)
    assert (whole.status_code, "<html" in whole.text, "このツールから削除されました" in whole.text) == (404, True, True)
    assert await edits(world) == []


async def test_a_deleted_product_with_a_japanese_number_opens_in_the_dialog_too(world, tool):
    await tool.imported("靴下 7")
    await tool.removed("靴下 7", minute=4)
    await tool.deleted("靴下 7", minute=5)
    dialog = await world.client.get(product_path("靴下 7"), headers={"hx-request": "true"})
    assert (dialog.text.startswith("<dialog"), dialog.headers.get("hx-retarget")) == (True, None)


async def test_the_state_alone_follows_and_tells_when_the_form_is_old(world, tool):
    await tool.imported()
    same = await world.client.get("/products/A-1/state?version=1", headers={"hx-request": "true"})
    await tool.edited(minute=1, name="x")
    later = await world.client.get("/products/A-1/state?version=1", headers={"hx-request": "true"})
    assert "この画面を開いたあとに" not in same.text
    assert "この画面を開いたあとに" in later.text
    assert "<form id=" not in later.text


@pytest.mark.parametrize("was", ["", "{}", "[]", '{"texts": {}}', "[" * 100_000])
async def test_a_form_that_does_not_say_what_it_was_made_with_is_refused(world, tool, was):
    await tool.imported()
    assert (await send(world, {"was": was, "f.name": "x"})).status_code == 403


async def test_english_is_there_too(world, tool):
    await tool.imported()
    world.client.cookies.set("console_language", "en")
    page = await opened(world)
    assert "Missing values" in page.text
    assert "Category: blank" in page.text
    await world.database["push_pauses"].insert_one({"_id": "demo", "paused": True, "set_at": tool.at(1)})
    await tool.switched(on=True, minute=2)
    page = await opened(world)
    assert "Please ask the operator" in page.text
    assert "shopsync shops" not in page.text


# Pickers


async def test_a_category_is_chosen_step_by_step(world, tool):
    await tool.imported()
    top = await opened(world)
    first = await send(world, fields_of(top), step="category_at:600001", f__package_weight_g="300")
    second = await send(world, fields_of(first), step="category_at:601000")
    assert 'value="category:601234"' in second.text
    chosen = await send(world, fields_of(second), step="category:601234")
    assert "レディースファッション &gt; 靴下・タイツ &gt; ソックス" in chosen.text
    assert "素材" in chosen.text
    assert await edits(world) == []
    await send(world, fields_of(chosen))
    assert await changes(world) == [{"category_id": "601234", "package_weight_g": 300}]


async def test_a_category_is_found_by_its_name_also_with_the_enter_key(world, tool):
    await tool.imported()
    found = await send(world, fields_of(await opened(world)), step="enter", category_text="日本茶")
    assert 'value="category:611100"' in found.text
    assert await edits(world) == []
    nothing = await send(world, fields_of(found), step="category_search", category_text="そんなものはない")
    assert "見つかりませんでした" in nothing.text


async def test_a_brand_is_found_and_chosen(world, tool):
    await tool.imported()
    found = await send(world, fields_of(await opened(world)), step="brand_search", brand_text="ひだまり")
    assert "きぬがさ織物" not in found.text
    chosen = await send(world, fields_of(found), step="brand:7080000000000000002:ひだまり製作所")
    assert "ひだまり製作所" in chosen.text
    saved = await send(world, fields_of(chosen))
    assert await changes(world) == [{"brand_id": "7080000000000000002"}]
    cleared = await send(world, fields_of(saved), step="brand:")
    await send(world, fields_of(cleared))
    assert (await changes(world))[1] == {"brand_id": None}


async def test_a_full_list_of_brands_says_that_there_are_more(world, tool):
    await tool.imported()
    assert "ほかにもあります" not in (await opened(world)).text
    world.publisher.brands = [{"id": f"70{n}", "name": f"ブランド{n}", "authorized": True} for n in range(60)]
    assert "ほかにもあります。名前で検索してください。" in (await opened(world)).text


async def test_where_nobody_can_be_asked_for_brands_the_page_does_not_say_that_there_are_none(world, tool):
    await tool.imported()
    fields = fields_of(await opened(world))
    chosen = fields_of(await send(world, fields, step="brand:7080000000000000002:ひだまり製作所"))
    world.publisher.trouble = (503, "unavailable", "TikTok Shop does not answer", 7)
    for page in (await opened(world), await send(world, fields, step="brand_search", brand_text="ひだまり")):
        assert "見つかりませんでした" not in page.text
        assert "TikTok Shopが応答していません" in page.text.split('id="brand_id"')[0].split("<legend>")[-1]
    searched = await send(world, chosen, step="brand_search", brand_text="きぬがさ")
    assert "ひだまり製作所" in searched.text
    await tool.edited(minute=1, brand_id="7080000000000000002")
    assert "ID 7080000000000000002（名前を確認できません）" in (await opened(world)).text


async def test_attributes_of_every_input_type(world, tool):
    await tool.imported()
    await tool.completed()
    await tool.edited(minute=2, category_id="601234")
    page = await opened(world)
    fields = {
        **fields_of(page),
        "a.100701": "1007011",
        "a.100800": "1008001",
        "a.100801": "1008011",
        "a.100398": ["1001001", "1001002"],
        "t.100398": "シルク\r\n麻",
        "t.100811": "1.5",
        "t.100812": "AB-1",
    }
    done = await send(world, fields)
    assert done.status_code == 200, re.findall(r'class="error".*', done.text)
    [sent] = await changes(world)
    assert {one["id"]: one["values"] for one in sent["attributes"]} == {
        "100701": [{"id": "1007011"}],
        "100800": [{"id": "1008001"}],
        "100801": [{"id": "1008011"}],
        "100398": [{"id": "1001001"}, {"id": "1001002"}, {"name": "シルク"}, {"name": "麻"}],
        "100811": [{"name": "1.5"}],
        "100812": [{"name": "AB-1"}],
    }
    again = fields_of(done)
    assert again["a.100398"] == ["1001001", "1001002"]
    assert again["t.100398"] == ["シルク\n麻"]
    assert "変更された項目はありません" in (await send(world, again)).text


@pytest.mark.parametrize(
    ("attribute", "given", "says"),
    [
        ("100701", {"a.100701": "9"}, "選択肢にない値です：9"),
        ("100701", {"a.100701": "1007011", "t.100701": "フランス"}, "値は1つだけ"),
        ("100800", {"t.100800": "たぶん"}, "選択肢にない値です：たぶん"),
        ("100801", {"a.100800": "1008002", "a.100801": "1008011"}, "空欄にする必要があります"),
        ("100811", {"t.100811": "たくさん"}, "正の数"),
        ("100811", {"t.100811": "0"}, "正の数"),
        ("100812", {"t.100812": "x" * 2001}, "2000文字まで"),
    ],
)
async def test_a_wrong_attribute_has_its_error_beside_it(world, tool, attribute, given, says):
    await tool.imported()
    await tool.edited(minute=2, category_id="601234")
    refused = await send(world, {**fields_of(await opened(world)), **given})
    assert refused.status_code == 200
    assert says in html.unescape(refused.text.split(f'id="a.{attribute}-error">')[1].split("</p>")[0])
    assert await edits(world) == []


async def test_an_attribute_that_somebody_else_entered_meanwhile_stays(world, tool):
    await tool.imported()
    await tool.edited(minute=2, category_id="601234")
    fields = fields_of(await opened(world))
    await tool.edited(minute=3, attributes=[{"id": "100812", "values": [{"name": "AB-1"}]}])
    await send(world, fields, **{"a.100701": "1007011"})
    [sent] = await changes(world)
    assert [one["id"] for one in sent["attributes"]] == ["100812", "100701"]


async def test_attributes_that_a_new_category_does_not_have_go_with_the_old_one(world, tool):
    await tool.imported()
    await tool.edited(minute=2, category_id="611100", attributes=[{"id": "1", "values": [{"id": "2"}]}])
    page = await opened(world)
    assert "このカテゴリーにない属性があります（TikTok Shopへは送信されません）：1" in page.text
    await send(world, fields_of(page), step="save", f__category_id="601234")
    assert await changes(world) == [{"category_id": "601234", "attributes": None}]


async def test_attributes_are_called_by_their_names(world, tool):
    await tool.imported()
    given = [{"id": "100398", "values": [{"id": "1001001"}]}, {"id": "9", "values": [{"name": "手織り"}]}]
    await tool.edited(minute=2, category_id="601234", attributes=given)
    world.publisher.attributes["611100"] = ATTRIBUTES[:1]
    chosen = await send(world, fields_of(await opened(world)), step="category:611100")
    assert "このカテゴリーにない属性があります（TikTok Shopへは送信されません）：素材、9（手織り）" in chosen.text
    await tool.completed(minute=3)
    await tool.edited(minute=4, category_id="611100")
    message = "attributes.100701: a value has no letter or digit"
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=("attributes.100701",))
    assert "：素材、9（手織り）" in (await opened(world)).text
    for address in ("/products/A-1", "/products/A-1/state"):
        page = await world.client.get(address)
        assert "商品属性「原産国」：文字も数字もない値があります" in page.text


class TestWithoutThePublisher:
    @pytest.fixture
    def settings(self):
        return {"publisher_token": None}

    async def test_the_ids_are_shown_and_can_be_entered(self, world, tool):
        await tool.imported()
        await tool.edited(minute=2, category_id="601234", attributes=[{"id": "100701", "values": [{"id": "1007011"}]}])
        page = await opened(world)
        fields = fields_of(page)
        assert fields["f.category_id"] == ["601234"]
        assert fields["lines"] == ["100701 = 1007011"]
        await send(world, fields, f__brand_id="7080000000000000001", lines='100701 = 1007012\r\n100398 = "綿"')
        [sent] = await changes(world)
        assert sent["brand_id"] == "7080000000000000001"
        assert [one["values"] for one in sent["attributes"]] == [[{"id": "1007012"}], [{"name": "綿"}]]
        assert "の形で入力してください：nonsense" in (await send(world, fields, lines="nonsense")).text


async def test_what_kafka_does_not_take_comes_back_to_be_sent_again(world, tool, monkeypatch):
    await tool.imported()
    fields = fields_of(await opened(world))

    async def away(*args, **named):
        raise KafkaError("no broker answers")

    with monkeypatch.context() as patched:
        patched.setattr("console.actions.Actions.edit", away)
        failed = await send(world, fields, f__package_weight_g="300")
    assert "保存できませんでした" in failed.text
    kept = fields_of(failed)
    assert (kept["f.package_weight_g"], kept["action_id"]) == (["300"], fields["action_id"])
    await send(world, kept)
    assert await changes(world) == [{"package_weight_g": 300}]


async def test_what_the_category_requires_is_missing_before_the_first_push(world, tool):
    await tool.imported()
    await tool.completed()
    await tool.edited(minute=2, category_id="601234")
    page = await opened(world)
    assert page.text.index('id="product-missing"') < page.text.index("原産国") < page.text.index('id="product-fields"')


def gap_at(page, name):
    """What the page says beside this input."""
    found = re.search(f'id="{re.escape(name)}-error">([^<]*)', page.text)
    return "" if found is None else found[1]


def gaps_named(page):
    """To which inputs the notice leads that says what is still missing."""
    notice = page.text.partition('id="still-missing"')[2].partition("</div>")[0]
    return re.findall(r'href="#([^"]*)"', notice)


async def test_what_is_saved_without_a_needed_value_says_so_beside_its_field(world, tool):
    """ED-4, ED-8: saving is allowed, but never in silence."""
    await tool.imported(skus=[{"vertical_no": "M", "stock": 10}, {"vertical_no": "L", "stock": 0}])
    page = await opened(world)
    assert gaps_named(page) == []
    chosen = await send(world, fields_of(page), step="category:601234")
    assert gaps_named(chosen) == []
    saved = await send(world, fields_of(chosen), f__package_weight_g="300", f__length="20")
    assert len(await edits(world)) == 1
    missing = ["brand_id", "width", "height", "a.100701", "a.100398", "stock.1"]
    assert gaps_named(saved) == missing
    assert all("必要な値がありません" in gap_at(saved, name) for name in missing)
    assert not any(gap_at(saved, name) for name in ("category_id", "package_weight_g", "length", "a.100800", "stock.0"))
    assert "商品属性 原産国" in saved.text
    fields = {
        **fields_of(saved),
        "f.brand_id": "7080000000000000001",
        "f.width": "20",
        "f.height": "3",
        "stock.1": "４",
    }
    whole = await send(world, fields, **{"a.100701": "1007011", "a.100398": "1001001"})
    assert len(await edits(world)) == 2
    assert gaps_named(whole) == []


async def test_what_is_cleared_or_not_changed_is_still_missing_too(world, tool):
    await tool.imported()
    await tool.completed()
    await tool.edited(minute=2, category_id="601234")
    cleared = await send(world, fields_of(await opened(world)), f__brand_id="")
    assert gaps_named(cleared) == ["brand_id", "a.100701", "a.100398"]
    again = await send(world, fields_of(cleared))
    assert "変更された項目はありません" in again.text
    assert gaps_named(again) == ["brand_id", "a.100701", "a.100398"]


async def test_what_a_push_found_missing_is_missing_until_it_is_changed(world, tool):
    await tool.imported()
    await tool.completed()
    given = [{"id": one, "values": [{"name": "x"}]} for one in ("100701", "100398")]
    await tool.edited(minute=2, category_id="601234", attributes=given)
    await tool.switched(on=True)
    message = "attributes.100701: x; size_chart_image: a size chart is required by the category"
    missing = ("attributes.100701", "size_chart_image")
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=missing)
    same = await send(world, fields_of(await opened(world)), f__package_weight_g="301")
    assert gaps_named(same) == ["size_chart_image", "a.100701"]
    fields = {**fields_of(await opened(world)), "f.size_chart_image": "https://a.example/1.jpg", "t.100701": "日本"}
    assert gaps_named(await send(world, fields)) == []


def demanded(page):
    """To which inputs the list of what the category requires leads, and what stands above it."""
    part = page.text.partition('id="demanded"')[2].partition("</div>")[0]
    return re.findall(r'href="#([^"]*)"', part), " ".join(re.findall(r"<p>([^<]*)</p>", part))


async def completed_in(tool, category_id, *attributes):
    """A product that the catalog finds complete."""
    await tool.imported()
    await tool.completed()
    await tool.edited(minute=2, category_id=category_id, attributes=list(attributes))
    assert (await tool.document())["status"] == "pending"


async def test_what_the_category_requires_is_named_whenever_the_page_is_opened(world, tool):
    """ED-8: also what another value makes necessary, and a size chart."""
    given = {"id": "100800", "values": [{"name": "あり"}]}
    await completed_in(tool, "601234", given)
    world.publisher.size_charts.add("601234")
    page = await opened(world)
    names, says = demanded(page)
    assert names == ["a.100701", "a.100801", "a.100398", "size_chart_image"]
    assert "入力しないまま同期すると、送信されずに「不足項目あり」になります" in says
    section = page.text.partition('id="product-missing"')[2].partition('id="product-fields"')[0]
    assert all(f'id="{name}"' in section for name in ["demanded", *names])
    assert "必要な値がありません" not in page.text
    filled = {"a.100701": "1007011", "a.100398": "1001001", "a.100801": "1008011"}
    saved = await send(world, fields_of(page), **filled)
    assert demanded(saved)[0] == gaps_named(saved) == ["size_chart_image"]
    whole = await send(world, fields_of(page), **filled, **{"f.size_chart_image": "https://a.example/1.jpg"})
    assert demanded(whole)[0] == gaps_named(whole) == []


async def test_a_category_that_requires_a_document_says_so_beside_it(world, tool):
    """ED-8: the publisher can send none, so another category is what helps."""
    tea = [certificate("食品営業許可", required=True), certificate("輸入届出", required_if=[("100701", "1007012")])]
    world.publisher.certificates["611100"] = tea
    await completed_in(tool, "601234", {"id": "100701", "values": [{"name": "日本"}]})
    page = await opened(world)
    assert 'id="certificates"' not in page.text
    chosen = await send(world, fields_of(page), step="category:611100")
    assert "証明書（食品営業許可）を求めています" in chosen.text
    imported = await send(world, fields_of(chosen), **{"a.100701": "1007012", "step": "category_at:610000"})
    assert "証明書（食品営業許可、輸入届出）を求めています" in imported.text
    await tool.edited(minute=3, category_id="611100")
    stored = await opened(world)
    assert demanded(stored)[0] == ["category_id", "a.100398"]
    assert "証明書（食品営業許可）" in stored.text


async def test_what_tiktok_has_taken_is_checked_again_only_once_it_is_changed(world, tool):
    await completed_in(tool, "601234")
    await tool.pushed(minute=10)
    await tool.reviewed(review="approved", minute=20)
    page = await opened(world)
    assert "内容を変更して同期すると" in demanded(page)[1]
    saved = await send(world, fields_of(page), f__package_weight_g="301")
    assert "入力しないまま同期すると" in demanded(saved)[1]


async def test_nothing_is_said_of_what_is_not_stored_or_not_known(world, tool):
    await completed_in(tool, "611100")
    world.publisher.attributes["611100"] = []
    page = await opened(world)
    assert demanded(page)[0] == []
    chosen = await send(world, fields_of(page), step="category:601234")
    assert demanded(chosen)[0] == []
    assert "原産国" in chosen.text.partition('id="product-missing"')[2].partition('id="product-fields"')[0]
    world.publisher.trouble = (503, "unavailable", "TikTok Shop does not answer", None)
    await tool.edited(minute=3, category_id="601234")
    away = await opened(world)
    assert (demanded(away)[0], 'id="product-missing"' in away.text) == ([], False)
