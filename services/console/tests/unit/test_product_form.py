"""What of a product's form is new, and what is wrong with it."""

import json
from datetime import UTC, datetime

import pytest

from catalog.rules import status as catalog_status
from console.errors import WrongForm
from console.forms import attributes as attr
from console.forms.errors import Wrong
from console.forms.fields import addresses, missing_fields, plain, private_addresses, value_of
from console.forms.missing import REQUIRED, fields_of
from console.forms.product import Entered, Rendered, changes_of, rendered, settled, untouched
from console.publisher_api import AttributeField
from console.screens.product_lists import Picking
from shopsync_contracts.events import EditChanges, ProductSnapshot


def snapshot(**content):
    document = {
        "shop_key": "demo",
        "product_no": "A-1",
        "version": 1,
        "content_version": 1,
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
        "sync_enabled": False,
        "status": "incomplete",
        "missing": content.pop("missing", []),
        "content": {"name": "シャツ", "description": "<p>綿</p>", "images": ["https://a.example/1.jpg"], **content},
        "skus": [{"vertical_no": "", "horizontal_no": "", "price": 1, "stock": None}],
    }
    return ProductSnapshot.model_validate(document, strict=False)


def field(field_id="1", **differs):
    base = {
        "name": f"属性{field_id}",
        "required": False,
        "required_if": frozenset(),
        "multiple": False,
        "custom": False,
        "numeric": False,
        "values": {},
    }
    return AttributeField(id=field_id, **{**base, **differs})


def changed(product, fields=None, *, stock=None, attributes=None, lines=None, **texts):
    was = rendered(product, ())
    if stock is not None:
        was = Rendered(was.texts, was.attributes, tuple(("M", str(place), "") for place in range(len(stock))))
    entered = Entered(
        texts=texts, attributes=attributes or {}, stock=dict(enumerate(stock or ())), lines=lines, drops_unknown=False
    )
    found, errors = changes_of(was, entered, product, fields)
    return json.loads(found.model_dump_json()), {name: error.key for name, error in errors.items()}


def test_what_stands_in_a_fresh_form_is_no_change():
    product = snapshot(name="a\r\nb", description=" x\r\ny\n", images=["  https://a.example/1.jpg", "relative.jpg"])
    was = rendered(product, ())
    found, errors = changes_of(was, untouched(product, was), product, None)
    assert (found.model_fields_set, errors) == (set(), {})


def test_a_form_tells_what_it_was_made_with():
    product = snapshot(attributes=[{"id": "1", "values": [{"id": "2"}, {"name": "x"}]}])
    was = rendered(product, ())
    assert Rendered.from_json(was.to_json()) == was
    assert "綿" not in was.to_json()
    with pytest.raises(WrongForm):
        Rendered.from_json('{"texts": {"name": "x"}, "attributes": {}, "skus": []}')


def test_a_blank_value_of_the_tool_is_cleared_and_one_of_futureshop_is_refused():
    product = snapshot(package_weight_g=300, package_dimensions_cm={"length": 1, "width": 2, "height": 3})
    assert changed(product, package_weight_g="", width="") == (
        {"package_weight_g": None, "package_dimensions_cm": {"width": None}},
        {},
    )
    assert changed(product, name="", description="", images="", price="3")[1] == {
        "name": "needed",
        "description": "needed",
        "images": "needed",
    }


def test_sides_are_sent_one_by_one():
    assert changed(snapshot(), length="30") == ({"package_dimensions_cm": {"length": 30}}, {})


def test_the_same_number_written_in_another_way_is_no_change():
    assert changed(snapshot(price=1200, package_weight_g=500), price="￥1,200", package_weight_g="５００g") == ({}, {})
    was = Rendered(rendered(snapshot(), ()).texts, {}, (("M", "1", "10"),))
    assert changes_of(was, Entered({}, stock={0: "１０個"}), snapshot(), None)[0].stock == ()


def test_addresses_stand_one_in_a_line():
    assert addresses([" https://a.example/1.jpg ", "", "HTTP://a.example/2"]) == (
        "https://a.example/1.jpg",
        "HTTP://a.example/2",
    )
    malformed = (
        "https://a.example:99999999/",
        "https://a b.example/",
        "https://１２７.０.０.１/",
        "https://[::1/a.jpg",
    )
    for wrong in ("a.jpg", "javascript:alert(1)", "ftp://a.example/1", "https://", "//a.example/1.jpg", *malformed):
        with pytest.raises(Wrong) as caught:
            addresses(["https://a.example/1.jpg", wrong])
        assert (caught.value.error.key, caught.value.error.values["address"]) == ("address", wrong)


@pytest.mark.parametrize(
    "address", ["https://me:pass@a.example/", "http://me@a.example/", "http://a.example\\@127.0.0.1/"]
)
def test_an_address_with_a_password_is_refused_without_repeating_it(address):
    with pytest.raises(Wrong) as caught:
        addresses([address])
    assert caught.value.error.key == "address_password"
    assert "pass" not in str(caught.value.error.values)


def test_addresses_that_nobody_outside_can_fetch():
    public, private = "https://a.example/1.jpg", "http://192.168.0.1/2.jpg"
    assert private_addresses(EditChanges(images=(public,), size_chart_image=public)) == {}
    found = private_addresses(EditChanges(images=(public, private), size_chart_image="http://nas/3.jpg"))
    assert {name: error.values["address"] for name, error in found.items()} == {
        "images": private,
        "size_chart_image": "http://nas/3.jpg",
    }


@pytest.mark.parametrize("name", ["category_id", "brand_id"])
def test_ids_are_digits(name):
    assert value_of(name, plain(name, "\u200b７08 ")) == "708"
    for wrong in ("0", "0123", "x", "12 34", "-1", "1.5", "①", "٣", plain(name, "  "), plain(name, "\u3000")):
        with pytest.raises(Wrong):
            value_of(name, wrong)
    assert value_of(name, plain(name, "")) is None


def test_line_breaks_of_browsers_are_no_change():
    assert plain("description", "a\r\nb\r") == "a\nb"
    assert plain("name", " a\r\nb ") == "a b"


def test_missing_paths_name_fields_of_the_form():
    paths = ["price", "skus[M/].price", "skus[M/L].stock", "stock", "attributes.1", "axes.vertical", "category_id"]
    assert missing_fields(snapshot(missing=paths)) == {"price", "stock", "attributes", "axes", "category_id"}


def test_an_error_of_the_second_sku_stands_beside_it():
    assert changed(snapshot(), stock=["", "1", "100000", "x"])[1] == {
        "stock.2": "out_of_range",
        "stock.3": "no_whole_number",
    }
    assert changed(snapshot(), stock=["", "1"])[0] == {
        "stock": [{"vertical_no": "M", "horizontal_no": "1", "quantity": 1}]
    }


# Attributes

SIZE = field("1", values={"11": "S", "12": "M"})
MATERIAL = field("2", values={"21": "綿"}, multiple=True, custom=True, required=True)
WATTS = field("3", custom=True, numeric=True, required_if=frozenset({("1", "12")}))
FIELDS = (SIZE, MATERIAL, WATTS)


def test_touched_attributes_are_merged_into_those_of_now():
    product = snapshot(attributes=[{"id": "9", "values": [{"id": "91"}]}, {"id": "1", "values": [{"id": "11"}]}])
    found, errors = changed(product, attributes={"1": (("12", None),), "2": ()})
    assert errors == {}
    assert found["attributes"] == [
        {"id": "9", "values": [{"id": "91"}]},
        {"id": "1", "values": [{"id": "12"}]},
    ]
    assert changed(product, attributes={"1": (("11", None),)}) == ({}, {})
    assert changed(product, attributes={"1": ()})[0]["attributes"] == [{"id": "9", "values": [{"id": "91"}]}]


def test_a_text_that_is_a_choice_is_that_choice():
    product = snapshot(attributes=[{"id": "2", "values": [{"name": "綿"}]}])
    assert changed(product, FIELDS, attributes={"2": (("21", None),)}) == ({}, {})


def test_full_width_digits_of_a_number_are_sent_as_tiktok_takes_them():
    product = snapshot(attributes=[{"id": "1", "values": [{"id": "12"}]}])
    found, errors = changed(product, FIELDS, attributes={"3": ((None, "１２０．５"),)})
    assert (found["attributes"][-1], errors) == ({"id": "3", "values": [{"name": "120.5"}]}, {})
    assert changed(product, FIELDS, attributes={"3": ((None, "１２０W"),)})[1].keys() == {"a.3"}


def test_the_last_attribute_is_cleared():
    product = snapshot(attributes=[{"id": "1", "values": [{"id": "11"}]}])
    assert changed(product, FIELDS, attributes={"1": ()}) == ({"attributes": None}, {})


def test_a_new_category_keeps_what_both_have():
    product = snapshot(
        category_id="5", attributes=[{"id": "9", "values": [{"id": "91"}]}, {"id": "1", "values": [{"id": "11"}]}]
    )
    found, _ = changed(product, FIELDS, category_id="6")
    assert found == {"category_id": "6", "attributes": [{"id": "1", "values": [{"id": "11"}]}]}
    assert changed(product, None, category_id="6")[0] == {"category_id": "6"}


def test_what_is_needed_comes_first_and_depends_on_other_values():
    shown = {one.id: one for one in attr.inputs(FIELDS, {"1": (("11", None),)})}
    assert [*shown] == ["2", "1", "3"]
    assert (shown["2"].kind, shown["1"].kind, shown["3"].kind) == ("several", "one", "text")
    assert (shown["3"].needed, shown["3"].unwanted) == (False, True)
    assert shown["3"].deciding == (("属性1", "M"),)
    with_m = {one.id: one for one in attr.inputs(FIELDS, {"1": (("12", None),)})}
    assert (with_m["3"].needed, with_m["3"].unwanted, with_m["3"].is_missing) == (True, False, True)
    assert not {one.id: one for one in attr.inputs(FIELDS, {})}["3"].unwanted


def test_values_of_ones_own_stand_one_in_a_line_where_several_may_be_given():
    assert attr.entered_values(["21", ""], "a\r\nb\n", several=True) == (("21", None), (None, "a"), (None, "b"))
    assert attr.entered_values([], " a\r\nb ", several=False) == ((None, "a b"),)
    assert attr.entered_values(["1", "1"], "", several=False) == (("1", None),)


def test_ids_by_hand_come_back_as_they_were():
    choices = {"1": (("11", None), (None, "綿 100%")), "2": ((None, "5"),)}
    assert attr.from_lines(attr.as_lines(choices)) == choices
    assert attr.from_lines("1：綿\n\n2 = 「5」") == {"1": ((None, "綿"),), "2": ((None, "5"),)}
    with pytest.raises(Wrong):
        attr.from_lines("nothing")
    assert changed(snapshot(), None, lines="1 = 11")[0]["attributes"] == [{"id": "1", "values": [{"id": "11"}]}]


def test_attributes_by_hand_leave_those_that_somebody_else_entered_meanwhile():
    one, two, three = ({"id": number, "values": [{"id": f"{number}1"}]} for number in "123")
    was = rendered(snapshot(attributes=[one, two]), ())
    entered = Entered(texts={}, lines="1 = 12")
    found, errors = changes_of(was, entered, snapshot(attributes=[one, two, three]), None)
    assert not errors
    assert [(each.id, each.values[0].id) for each in found.attributes] == [("1", "12"), ("3", "31")]


def test_what_was_sent_counts_as_known():
    product = snapshot(attributes=[{"id": "1", "values": [{"id": "11"}]}])
    was = rendered(product, ())
    entered = Entered(texts={"name": "x", "description": "y"}, attributes={"1": (("12", None),)})
    after = settled(was, entered)
    assert (
        changes_of(after, entered, snapshot(attributes=[{"id": "1", "values": [{"id": "12"}]}]), None)[0]
        == (changes_of(after, Entered(texts={}), product, None)[0])
    )


# Pickers


def test_the_enter_key_searches_only_where_a_search_was_written():
    assert Picking().wanted_by_enter == "save"
    assert Picking(category_text="x").wanted_by_enter == "category_search"
    assert Picking(category_text="x", category_text_was="x").wanted_by_enter == "save"
    assert Picking(brand_text="x").wanted_by_enter == "brand_search"


def test_a_step_of_nobodys_changes_nothing():
    picking = Picking(category_at="1")
    assert picking.step("something", "x") == (picking, {})
    assert picking.step("category", "5")[1] == {"category_id": "5"}
    assert picking.step("brand", "5:a:b")[1] == {"brand_id": "5"}
    assert picking.step("brand", "5:a:b")[0].brand_name == "a:b"


def test_ed4_the_page_asks_for_what_the_catalog_asks_for():
    content = {"name": "", "description": "", "images": [], "category_id": None, "brand_id": None}
    blank = catalog_status.missing_fields(
        {**content, "package_weight_g": None, "package_dimensions_cm": None}, [{"price": None}], []
    )
    assert fields_of(REQUIRED) == set(blank)
