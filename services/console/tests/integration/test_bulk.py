"""一括入力・変更: only what is filled in goes, once, to the products that were chosen; each answers for itself."""

import re
from html import unescape
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaConnectionError
from fake_publisher import certificate
from played_services import PlayedServices

from catalog.rules.bulk import fan_out
from console.actions import Actions
from console.store import ActionStore
from shopsync_contracts import new_event
from shopsync_contracts.events import EditChanges
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_testkit.polling import eventually


@pytest.fixture
async def services(world):
    return await PlayedServices.of(world)


@pytest.fixture
async def twenty(services):
    numbers = [f"靴下 {number:02}" for number in range(20)]
    for number in numbers:
        await services.imported(number, name=f"靴下 {number} <b>")
        # Everything but the weight.
        size = {"length": 30, "width": 20, "height": 5}
        await services.edited(
            number, minute=1, category_id="601234", brand_id="7080000000000000001", package_dimensions_cm=size
        )
    return numbers


def fields_of(page):
    """Hidden fields of the page's form, repeated ones as lists."""
    main = page.text[page.text.index("<main") :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([\w.]+)" value="([^"]*)"', main):
        if name != "csrf":
            found.setdefault(name, []).append(unescape(value))
    return found


async def edits(world):
    return await world.events(TOOL_EDITS)


async def confirmed(world, numbers, **values):
    """From the list to the page that asks."""
    page = await world.post(world.client, "/bulk", product_no=numbers)
    assert page.status_code == 200
    return await world.post(world.client, "/bulk", **{**fields_of(page), **values, "step": "check"})


async def catalog_takes(services, event):
    """Split and applied by the catalog's own code, and reported."""
    known = {number: {("", "")} for number in event.data.product_nos}
    plan = fan_out(event, {number: one for number, one in known.items() if not number.startswith("gone")})
    await services.report_bulk(event.id, [(one.product_no, one.reason) for one in plan.verdicts])
    for id_, body in plan.edits:
        await services.apply(new_event(body, source="/shopsync/catalog", id=id_, time=event.time))


async def test_scenario_41_ed6_twenty_products_get_their_weight(world, services, twenty):
    page = await world.post(world.client, "/bulk", product_no=twenty)
    assert "20 商品に同じ値を入力します" in page.text
    assert "靴下 靴下 00 &lt;b&gt;" in page.text
    asked = await world.post(world.client, "/bulk", **{**fields_of(page), "f.package_weight_g": "300", "step": "check"})
    assert asked.status_code == 200
    assert "20 商品を変更する" in asked.text
    assert not await edits_of_the_console(world)
    sent = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    again = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    assert (sent.status_code, again.headers["location"]) == (303, sent.headers["location"])
    [event] = await edits_of_the_console(world)
    assert event.data.product_nos == tuple(twenty)
    assert event.data.changes.model_dump() == {"package_weight_g": 300}
    assert event.data.sync_enabled is None
    report = await world.client.get(sent.headers["location"])
    assert report.text.count("反映中") >= 20
    await catalog_takes(services, event)

    async def is_done():
        report = await world.client.get(sent.headers["location"])
        assert "完了しました" in report.text
        return report

    report = await eventually(is_done, timeout=30)
    assert report.text.count("outcome applied") == 20
    assert report.text.count("同期待ち") == 20
    stored = [await services.document(number) for number in twenty]
    assert {one["content"]["package_weight_g"] for one in stored} == {300}
    assert {one["content"]["category_id"] for one in stored} == {"601234"}


async def edits_of_the_console(world):
    return [one for one in await edits(world) if one.source == "/shopsync/console"]


async def test_numbers_are_asked_for_as_they_are_understood(world, twenty):
    values = {"f.price": "￥１，２００", "f.package_weight_g": "500ｇ", "f.height": "５㎝"}
    asked = await confirmed(world, twenty[:1], **values)
    assert all(f"<td>{one}</td>" in asked.text for one in ("1,200円", "500g", "5cm"))
    await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    size = {"height": 5}
    assert event.data.changes.model_dump() == {"price": 1200, "package_weight_g": 500, "package_dimensions_cm": size}


async def test_the_report_names_each_refusal_in_japanese(world, services):
    for number in ("A-1", "gone-1"):
        await services.imported(number)
    asked = await confirmed(world, ["A-1", "gone-1"], **{"f.package_weight_g": "300"})
    sent = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    await catalog_takes(services, event)

    async def is_there():
        part = await world.client.get(sent.headers["location"], headers={"hx-request": "true"})
        assert "反映できませんでした<br>" in part.text
        assert "完了しました" in part.text
        return part

    part = await eventually(is_there, timeout=30)
    assert "<html" not in part.text
    assert "商品がこのツールにありません" in part.text
    assert part.text.count("反映済み</td>") == 1


async def test_a_finished_report_has_pages_of_every_product_refused_ones_first(world, services):
    """ED-6: of 460 products, 230 of them refused, none is left out."""
    actions = Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)
    numbers, action_id = [f"P-{number:03}" for number in range(460)], str(uuid4())
    await actions.bulk_edit("demo", numbers, EditChanges(package_weight_g=300), None, action_id=action_id)
    marks = {"tool": [{"field": "package_weight_g", "at": world.now, "value": 300}]}
    accepted = numbers[::2]
    await world.database["products"].insert_many(
        [
            {"_id": f"demo/{one}", "shop_key": "demo", "product_no": one, "content": {"name": one}, **marks}
            for one in accepted
        ]
    )
    await services.report_bulk(action_id, [(one, "" if one in accepted else f"{one} is wrong") for one in numbers])

    async def is_done():
        page = await world.client.get(f"/bulk/{action_id}")
        assert "完了しました" in page.text
        return page

    page, seen = await eventually(is_done, timeout=30), []
    while True:
        table = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
        seen += re.findall(r"(P-[0-9]{3})(?:</a>)?</td>.*?outcome (\w+)", table, re.DOTALL)
        assert table.count("<tr>") <= 100
        further = re.search(r'href="(/bulk/[^"?]*\?after=[^"]*)"', page.text)
        if further is None:
            break
        page = await world.client.get(further[1])
    refused = [one for one in numbers if one not in accepted]
    assert seen == [*((one, "refused") for one in refused), *((one, "applied") for one in accepted)]
    assert "最初のページへ" in page.text
    for strange in ("x", "9/000000", "0/00000x", "0/000000/../../other"):
        assert "P-001" in (await world.client.get(f"/bulk/{action_id}", params={"after": strange})).text
    other = await world.log_in("other")
    assert (await other.get(f"/bulk/{action_id}?after=0/000100")).status_code == 404
    assert "60日を過ぎたため" not in page.text
    # MongoDB has removed the report by its time.
    await world.database["bulk_reports"].delete_many({})
    page = await world.client.get(f"/bulk/{action_id}")
    assert "60日を過ぎたため" in page.text
    assert page.text.count('class="outcome refused"') == 20


async def test_all_that_match_the_lists_filter_are_meant(world, services, twenty):
    await services.imported("B-1", name="帽子")
    page = await world.post(world.client, "/bulk", all="1", keyword="靴下", status="incomplete", sync="")
    words = "条件：商品名に含む言葉「靴下」・状態「不足項目あり」"
    assert words in page.text
    asked = await world.post(world.client, "/bulk", **{**fields_of(page), "target": "on", "step": "check"})
    assert words in asked.text
    await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    assert set(event.data.product_nos) == set(twenty)
    assert event.data.sync_enabled is True
    assert not event.data.changes.model_fields_set


async def test_when_others_match_by_now_it_is_asked_for_again(world, services, twenty):
    page = await world.post(world.client, "/bulk", all="1", keyword="靴下")
    asked = await world.post(world.client, "/bulk", **{**fields_of(page), "f.price": "１，２００", "step": "check"})
    await services.imported("S-99", name="新しい靴下")
    again = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    assert again.status_code == 200
    assert "対象の商品が変わりました" in again.text
    assert not await edits_of_the_console(world)
    await world.post(world.client, "/bulk", **fields_of(again), step="send")
    [event] = await edits_of_the_console(world)
    assert len(event.data.product_nos) == 21
    assert event.data.changes.price == 1200


async def test_as_many_others_are_not_taken_for_those_that_were_shown(world, services):
    await services.imported("A-1", name="靴下")
    page = await world.post(world.client, "/bulk", all="1", keyword="靴下")
    asked = await world.post(world.client, "/bulk", **{**fields_of(page), "f.price": "1200", "step": "check"})
    await services.imported("A-1", name="帽子", minute=5)
    await services.imported("A-2", name="靴下")
    again = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    assert "対象の商品が変わりました" in again.text
    assert not await edits_of_the_console(world)


async def test_ticked_to_be_cleared_is_cleared_and_blank_is_left_alone(world, services, twenty):
    asked = await confirmed(world, twenty[:2], clear=["brand_id", "package_dimensions_cm", "price"])
    assert "消去する" in asked.text
    assert "futureshopの価格に戻す" in asked.text
    await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    cleared = {"brand_id": None, "package_dimensions_cm": None, "price": None}
    assert event.data.changes.model_dump() == cleared


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "form", "変更する項目を1つ以上"),
        ({"f.package_weight_g": "0"}, "package_weight_g", "1〜9,999,999g"),
        ({"f.package_weight_g": "1.5"}, "package_weight_g", "整数で"),
        ({"f.package_weight_g": "99999999"}, "package_weight_g", "1〜9,999,999g"),
        ({"f.length": "x", "f.width": "20"}, "length", "整数で"),
        ({"f.height": "10000"}, "height", "1〜9,999cm"),
        ({"f.price": "-1"}, "price", "1〜999,999,999円"),
        ({"f.price": "1,2,3"}, "price", "「1,2,3」は数として読み取れません"),
        ({"f.price": "500", "clear": "price"}, "price", "どちらかに"),
        ({"f.height": "5", "clear": "package_dimensions_cm"}, "height", "どちらかに"),
        ({"f.category_id": "601000"}, "category_id", "末端のカテゴリー"),
        ({"f.category_id": "999"}, "category_id", "一覧にない"),
        ({"f.brand_id": "7" * 129}, "brand_id", "128文字まで"),
        ({"f.brand_id": "0"}, "brand_id", "TikTok ShopのIDは数字です"),
        ({"f.brand_id": "7080000000000000009"}, "brand_id", "TikTok Shopの一覧にないブランドです"),
    ],
)
async def test_wrong_values_come_back_and_nothing_is_sent(world, services, twenty, values, field, words):
    for step in ("check", "send"):
        answer = await world.post(world.client, "/bulk", product_no=twenty[:2], **values, step=step)
        assert answer.status_code == 200
        assert re.search(f'id="{field}-error">[^<]*{words}', answer.text)
        for name, value in values.items():
            assert name == "clear" or f'value="{value}"' in answer.text
        assert fields_of(answer)["product_no"] == twenty[:2]
    assert not await edits_of_the_console(world)


async def test_the_category_is_picked_step_by_step_without_javascript(world, services, twenty):
    form = fields_of(await world.post(world.client, "/bulk", product_no=twenty[:1]))
    for step in ("category_at:600001", "category_at:601000", "category:601235"):
        page = await world.post(world.client, "/bulk", **{**form, "f.package_weight_g": "250", "step": step})
        form = fields_of(page)
    assert form["f.category_id"] == ["601235"]
    assert 'name="f.package_weight_g" inputmode="numeric" size="12" value="250"' in page.text
    asked = await world.post(world.client, "/bulk", **{**form, "step": "check"})
    assert "タイツ・ストッキング" in asked.text


async def test_ed6_a_new_category_leaves_the_attributes_and_says_what_that_means(world, services, twenty):
    given = [{"id": "100812", "values": [{"name": "AB-1"}]}]
    await services.edited(twenty[0], minute=2, category_id="611100", attributes=given)
    form = await world.post(world.client, "/bulk", product_no=twenty[:1])
    assert "入力済みの商品属性は消えません" in form.text
    asked = await confirmed(world, twenty[:1], **{"f.category_id": "601234"})
    assert "新しいカテゴリーにない属性は、TikTok Shopへ送信されません" in asked.text
    assert "このカテゴリーに必須の属性（原産国、素材）がない商品は" in asked.text
    await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    assert event.data.changes.model_dump() == {"category_id": "601234"}
    assert "必須の属性" not in (await confirmed(world, twenty[:1], **{"f.package_weight_g": "300"})).text


async def test_a_category_that_requires_a_document_is_named_before_it_is_written(world, services, twenty):
    world.publisher.certificates["611100"] = [certificate("食品営業許可", required=True), certificate("届出")]
    form = fields_of(await world.post(world.client, "/bulk", product_no=twenty[:1]))
    page = await world.post(world.client, "/bulk", **{**form, "step": "category:611100"})
    asked = await world.post(world.client, "/bulk", **{**fields_of(page), "step": "check"})
    assert all("証明書（食品営業許可）を求めています" in one.text for one in (page, asked))


async def test_the_report_names_products_without_what_their_category_requires(world, services, twenty):
    whole = [{"id": one, "values": [{"id": value}]} for one, value in (("100701", "1007011"), ("100398", "1001001"))]
    await services.edited(twenty[0], minute=2, attributes=whole)
    asked = await confirmed(world, twenty[:2], **{"f.package_weight_g": "300"})
    sent = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    await catalog_takes(services, event)

    async def is_there():
        page = await world.client.get(sent.headers["location"])
        assert "完了しました" in page.text
        return page

    page = await eventually(is_there, timeout=30)
    rows = page.text.partition("<tbody>")[2].split("<tr>")[1:]
    assert ["必須項目（属性、サイズ表、証明書）が不足しています" in row for row in rows] == [False, True]
    world.publisher.trouble = (503, "unavailable", "TikTok Shop does not answer", None)
    assert "不足しています" not in (await world.client.get(sent.headers["location"])).text


async def test_without_the_publisher_ids_are_entered_by_hand(world, services, twenty):
    world.publisher.trouble = (503, "tiktok_away", "maintenance", None)
    asked = await confirmed(world, twenty[:1], **{"f.category_id": "601234"})
    assert asked.status_code == 200
    assert "601234" in asked.text


async def test_nothing_chosen_leads_back_to_the_list(world, services):
    assert "商品が選ばれていません" in (await world.client.get("/bulk")).text
    for fields in ({}, {"product_no": ["no-such"]}, {"all": "1", "keyword": "ない"}):
        assert "商品が選ばれていません" in (await world.post(world.client, "/bulk", **fields, step="send")).text


async def test_another_shops_products_cannot_be_named(world, services):
    await services.imported("A-1", shop_key="other", name="他店の商品")
    await services.imported("B-1", name="帽子")
    page = await world.post(world.client, "/bulk", product_no=["A-1", "B-1", "../other/A-1"])
    assert "他店の商品" not in page.text
    assert "ツールにない 2 商品は除きました" in page.text
    asked = await confirmed(world, ["A-1", "B-1"], **{"f.package_weight_g": "300"})
    await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    [event] = await edits_of_the_console(world)
    assert (event.data.shop_key, event.data.product_nos) == ("demo", ("B-1",))


async def test_another_shops_report_is_no_page(world, services, twenty):
    asked = await confirmed(world, twenty, target="off")
    sent = await world.post(world.client, "/bulk", **fields_of(asked), step="send")
    other = await world.log_in("other")
    assert (await other.get(sent.headers["location"])).status_code == 404
    assert (await world.client.get("/bulk/no-such")).status_code == 404


async def test_what_kafka_did_not_take_is_sent_by_the_same_press(world, services, twenty, monkeypatch):
    asked = await confirmed(world, twenty, target="on")

    async def refuse(_events):
        raise KafkaConnectionError("no broker")

    monkeypatch.setattr(world.runtime.events, "publish_all", refuse)
    assert (await world.post(world.client, "/bulk", **fields_of(asked), step="send")).status_code == 503
    monkeypatch.undo()
    assert (await world.post(world.client, "/bulk", **fields_of(asked), step="send")).status_code == 303
    assert len(await edits_of_the_console(world)) == 1
