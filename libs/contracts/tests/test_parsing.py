"""What the parser refuses, and that the reason names the problem (architecture: wire format, dead letters)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_contracts import (
    ContractError,
    EmptyValue,
    KeyMismatch,
    NotCloudEvent,
    NotJson,
    UnexpectedType,
    UnknownType,
    WrongShape,
    parse,
)
from shopsync_contracts.events import (
    ProductChanged,
    ProductEdited,
    ProductsBulkEdited,
    ProductSnapshot,
    ShopSettingsChanged,
)
from shopsync_contracts.examples import example
from shopsync_contracts.testing import every_member, with_value
from shopsync_contracts.topics import PRODUCT_CHANGES, TOOL_EDITS


def changed(body=ProductChanged, **members):
    document = json.loads(example(body))
    document["data"].update(members)
    return document


def wire(document):
    return json.dumps(document).encode()


@pytest.mark.parametrize("value", [None, b""])
def test_an_empty_value(value):
    with pytest.raises(EmptyValue, match="empty"):
        parse(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not UTF-8: byte 0"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"id": "1", "id": "2"}', "'id' stands twice"),
        (b"[" * 10_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "^a number has more than 4300 digits$"),
    ],
)
def test_what_is_no_json_that_all_readers_understand_alike(value, text):
    with pytest.raises(NotJson, match=text):
        parse(value)


def test_a_schema_registrys_framing_is_told_as_what_it_is():
    """As KafkaJsonSchemaSerializer writes it (confluentinc/schema-registry#2994)."""
    for number in (b"\x00\x00\x00\x0c", b"\xff\xff\xff\xff", b"\n\n\n\n"):
        with pytest.raises(NotJson, match=r"begins with 0x00 and a schema's number, .*; send the JSON alone"):
            parse(b"\x00" + number + wire(changed()))
    with pytest.raises(NotJson, match="not JSON: Expecting value"):
        parse(b"\x00" + wire(changed()))


HALVES = [
    (body, path)
    for body, path, node in every_member()
    if node["type"] == "string" and path not in {("type",), ("specversion",)}
]


@pytest.mark.parametrize("text", ["\ud83d", "名\ud83d", "\udc00前", "🧦\ud83e"], ids=ascii)
@pytest.mark.parametrize(("body", "path"), HALVES, ids=lambda value: getattr(value, "TYPE", None))
def test_half_a_character_is_refused_by_member(body, path, text):
    """An emoji cut in two by JavaScript's substring (getsentry/snuba#1085)."""
    place = r"\.".join(map(str, path))
    with pytest.raises(WrongShape, match=rf"^{place}: holds half a character \('.ud.+'\) at position [0-9]+, which no"):
        parse(wire(with_value(body, path, text)))


def test_half_a_character_in_a_member_that_nobody_knows_is_found_too():
    document = changed()
    document["data"]["memo"] = [{"text": "x\ud83d"}]
    with pytest.raises(WrongShape, match=r"data\.memo\.0\.text: holds half a character"):
        parse(wire(document))


@pytest.mark.parametrize("value", [b"[1]", b"7", b'"x"', b"null"])
def test_json_that_is_no_object(value):
    with pytest.raises(NotCloudEvent, match="object is expected"):
        parse(value)


def test_another_cloudevents_version():
    with pytest.raises(NotCloudEvent, match=r"specversion must be '1\.0'"):
        parse(wire({**changed(), "specversion": "0.3"}))


@pytest.mark.reliability(18)
@pytest.mark.parametrize("name", ["jp.shopsync.product.changed.v2", "order.created", 7, None, ["a"]])
def test_unknown_type_or_major_version(name):
    with pytest.raises(UnknownType, match="is not known"):
        parse(wire({**changed(), "type": name}))


def test_a_known_type_on_the_wrong_topic_names_what_the_topic_carries():
    with pytest.raises(UnexpectedType, match=r"tool-edits.v1, which carries: jp.shopsync.product.edited.v1"):
        parse(wire(changed()), topic=TOOL_EDITS)


@pytest.mark.parametrize("missing", ["updated_at", "name", "sale_form", "stock_managed", "skus"])
def test_each_required_member_of_a_product_is_named(missing):
    document = changed()
    del document["data"]["product"][missing]
    with pytest.raises(WrongShape, match=rf"data\.product\.{missing}: is required"):
        parse(wire(document))


@pytest.mark.parametrize(
    ("member", "value", "text"),
    [
        ("regular_price", "3500", r"regular_price: Input should be a valid integer \(given: '3500'\)"),
        ("regular_price", 10.5, "regular_price"),
        ("regular_price", -1, "greater than or equal to 0"),
        ("regular_price", True, "regular_price"),
        ("updated_at", "2026-11-22T18:30:00", "timezone"),
        ("updated_at", 1760000000, "updated_at"),
        ("sale_form", "auction", "'regular' or 'preorder'"),
        ("stock_managed", "yes", "stock_managed"),
        ("skus", [], "skus"),
        ("skus", [{"vertical_no": "M"}, {"vertical_no": "M"}], "'M' with horizontal_no '' stands twice"),
        ("skus", [{"vertical_no": str(n)} for n in range(401)], "at most 400"),
        ("skus", [{"vertical_no": "サイズエム"}], "at most 9 bytes"),
        ("skus", [{"stock": -1}], "stock: Input should be greater"),
        ("skus", None, r"skus: Input should be a valid array \(given: null\)"),
        ("stock_managed", 1, r"stock_managed: Input should be a valid boolean \(given: 1\)"),
        ("name", True, r"name: Input should be a valid string \(given: true\)"),
        ("images", ["i"] * 201, "images: Array should have at most 200 items"),
    ],
)
def test_a_wrong_member_is_named_with_its_limit(member, value, text):
    document = changed()
    document["data"]["product"][member] = value
    with pytest.raises(WrongShape, match=text):
        parse(wire(document))


@pytest.mark.parametrize("number", ["", "a/b", "x" * 33, "商" * 11])
def test_product_numbers_out_of_their_limits(number):
    document = changed(product_no=number)
    document["subject"] = f"demo/{number}"
    with pytest.raises(WrongShape, match="product_no"):
        parse(wire(document))


def test_a_product_number_of_exactly_32_bytes_of_japanese():
    document = changed(product_no="商" * 10 + "ab")
    document["subject"] = "demo/" + "商" * 10 + "ab"
    assert parse(wire(document), key=document["subject"].encode()).data.product_no == "商" * 10 + "ab"


@pytest.mark.parametrize("character", ["\n", "\t", "\x00", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e"], ids=ascii)
def test_control_characters_are_taken_as_they_are(character):
    """Decision 0028: a number is not ours to choose, and v1 has always taken them."""
    document = changed(shop_key=f"de{character}mo", product_no=f"A-1{character}")
    document["data"]["product"]["skus"][0]["vertical_no"] = f"M{character}"
    document["subject"] = f"de{character}mo/A-1{character}"
    event = parse(wire(document), key=document["subject"].encode(), topic=PRODUCT_CHANGES)
    assert event.subject == event.data.subject == document["subject"]
    assert event.data.product.skus[0].vertical_no == f"M{character}"
    assert parse(event.to_bytes(), key=event.key()) == event


def test_the_optional_members_have_their_documented_defaults():
    document = changed()
    document["data"]["product"] = {
        "updated_at": "2026-11-22T18:30:00+09:00",
        "name": "x",
        "sale_form": "regular",
        "stock_managed": True,
        "skus": [{"vertical_no": "", "horizontal_no": "", "stock": 10}],
    }
    product = parse(wire(document)).data.product
    assert (product.created_at, product.description, product.images, product.visible) == (None, "", (), True)
    assert (product.regular_price, product.preorder_price, product.tax, product.axes) == (None, None, None, None)
    assert (product.skus[0].vertical_name, product.skus[0].jan_code, product.skus[0].price) == ("", "", None)


def test_dl13_a_snapshot_names_the_former_listing_or_leaves_it_out():
    document = changed(ProductSnapshot)
    assert parse(wire(document)).data.former_listing.tiktok_product_id == "1729000000000000000"
    document["data"]["former_listing"] = None
    assert parse(wire(document)).data.former_listing is None
    del document["data"]["former_listing"]
    assert parse(wire(document)).data.former_listing is None
    document["data"]["former_listing"] = {"tiktok_product_id": "1"}
    with pytest.raises(WrongShape, match=r"former_listing\.deleted_at: is required"):
        parse(wire(document))


@pytest.mark.reliability(18)
def test_unknown_attributes_and_members_are_ignored_and_kept_out():
    document = changed(member_price=2500)
    document["partitionkey"] = "x"
    document["data"]["product"]["list_price"] = 5000
    event = parse(wire(document))
    assert b"2500" not in event.to_bytes()
    assert b"list_price" not in event.to_bytes()
    assert b"partitionkey" not in event.to_bytes()


def test_an_edit_of_a_field_that_does_not_exist_is_refused_by_name():
    document = changed(ProductEdited, changes={"colour": "red"})
    with pytest.raises(WrongShape, match=r"data\.changes\.colour"):
        parse(wire(document))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": "x" * 256}, "at most 255"),
        ({"name": ""}, "at least 1"),
        ({"images": [f"https://a.example/{n}.jpg" for n in range(10)]}, "at most 9"),
        ({"package_weight_g": 0}, "package_weight_g"),
        ({"package_dimensions_cm": {"length": 0}}, "length"),
        ({"package_dimensions_cm": {"depth": 3}}, "depth"),
        ({"price": 0}, "price"),
        ({"stock": [{"vertical_no": "M", "quantity": -1}]}, "quantity"),
        ({"stock": [{"vertical_no": "M", "quantity": 100_000}]}, "99999"),
        ({"stock": [{"vertical_no": "M", "quantity": 1}, {"vertical_no": "M", "quantity": 2}]}, "stands twice"),
        ({"attributes": [{"id": "1", "values": [{}]}]}, "needs id or name"),
    ],
)
def test_an_edit_out_of_tiktoks_limits_names_field_and_limit(changes, text):
    with pytest.raises(WrongShape, match=text):
        parse(wire(changed(ProductEdited, changes=changes)))


def test_null_and_absent_stay_different_in_an_edit():
    event = parse(wire(changed(ProductEdited, changes={"name": None, "package_dimensions_cm": {"width": None}})))
    again = json.loads(event.to_bytes())["data"]["changes"]
    assert again == {"name": None, "package_dimensions_cm": {"width": None}}


@pytest.mark.parametrize("subject", ["demo", "other/SOX-5501", "demo/OTHER"])
def test_a_subject_that_contradicts_the_body(subject):
    with pytest.raises(KeyMismatch, match="the body is about 'demo/SOX-5501'"):
        parse(wire({**changed(), "subject": subject}))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (b"demo/OTHER", "'demo/OTHER'"),
        ("demo/商品".encode(), "'demo/商品'"),
        (b"demo/" + b"x" * 100, f"'demo/{'x' * 55}'…"),
        (b"\xff\xfe", "no UTF-8 (ff fe in hexadecimal)"),
        (b"\x00" * 61, f"'{chr(92) + 'x00'}" + f"{chr(92)}x00" * 59 + "'…"),
        (b"\xff" * 61, f"no UTF-8 ({' '.join(['ff'] * 60)}… in hexadecimal)"),
    ],
)
def test_a_key_that_contradicts_the_body_is_told_as_text(key, told):
    with pytest.raises(KeyMismatch) as refused:
        parse(wire(changed()), key=key)
    assert str(refused.value) == f"the key is {told}, but the body is about 'demo/SOX-5501'"


@pytest.mark.parametrize("member", ["specversion", "type"])
@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "null"), (True, "true"), (["a", None], '["a", null]'), ({"版": 1.5}, '{"版": 1.5}'), ("x" * 61, "x'…")],
    ids=str,
)
def test_what_stands_in_the_envelope_is_told_as_json(member, value, told):
    with pytest.raises(ContractError) as refused:
        parse(wire({**changed(), member: value}))
    assert told in str(refused.value)
    assert not {"None", "True"} & set(str(refused.value).replace(",", " ").split())


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1e300", "1E+5", "3500.00", "-0.0", "-1", "9" * 61])
@pytest.mark.parametrize("place", ["product.regular_price", "product.skus.0.stock", "product.tax.rate_percent"])
def test_a_number_is_told_as_it_was_written(text, place):
    document = changed()
    document["data"]["product"]["tax"] = {"included": True, "rate_percent": 10, "rounding": "down"}
    *steps, last = [int(part) if part.isdecimal() else part for part in place.split(".")]
    node = document["data"]
    for step in steps:
        node = node[step]
    node[last] = "HERE"
    with pytest.raises(WrongShape) as refused:
        parse(wire(document).replace(b'"HERE"', text.encode()))
    assert f"data.{place}: " in str(refused.value)
    assert f"(given: {text})" in str(refused.value)


@pytest.mark.reliability(20)
@pytest.mark.parametrize("key", [None, b"", b"demo/SOX-5501"])
def test_a_missing_or_right_key_is_accepted(key):
    assert parse(wire(changed()), key=key, topic=PRODUCT_CHANGES).data.product_no == "SOX-5501"


def test_a_bulk_edit_is_keyed_by_its_shop():
    event = parse(wire(changed(ProductsBulkEdited)), key=b"demo", topic=TOOL_EDITS)
    assert event.key() == b"demo"


def test_a_time_of_day_is_told_once():
    with pytest.raises(WrongShape) as refused:
        parse(wire(changed(ShopSettingsChanged, sync={"mode": "scheduled", "times": ["9:00"]})))
    assert str(refused.value) == (
        "data.sync.times.0: is no time of day; write it as \"HH:MM\", 00:00 to 23:59, Asia/Tokyo (given: '9:00')"
    )


def test_a_schedule_without_times_names_the_fix():
    with pytest.raises(WrongShape, match=r'needs at least one time such as "03:00"'):
        parse(wire(changed(ShopSettingsChanged, sync={"mode": "scheduled"})))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_either_an_event_or_a_contract_error(document):
    with pytest.raises(ContractError):
        parse(wire(document))


@given(st.binary())
def test_any_bytes_are_refused_by_a_contract_error(value):
    with pytest.raises(ContractError):
        parse(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("[]", "an array"),
        ('"{}"', "a string"),
        ("1", "a number"),
        ("1.5", "a number"),
        ("true", "a boolean"),
        ("null", "null"),
    ],
)
def test_what_is_no_object_is_called_as_json_calls_it(value, kind):
    with pytest.raises(NotCloudEvent, match=f"^a JSON object is expected, not {kind}$"):
        parse(value.encode())


@pytest.mark.parametrize("path", ["skus", "skus.0"], ids=str)
def test_a_list_whose_entries_are_at_fault_is_not_called_too_short(path):
    """Invalid entries are not counted, so a list of only invalid ones seems empty to the model."""
    document = changed()
    document["data"]["product"]["skus"] = [] if path == "skus" else [{"stock": -1}]
    with pytest.raises(WrongShape) as refused:
        parse(wire(document))
    assert str(refused.value).count("data.product.skus") == 1
    assert f"data.product.{path}" in str(refused.value)


@pytest.mark.parametrize("product_no", ["商品番号" * 8, "a/b"])
def test_a_rule_of_ours_is_told_in_its_own_words(product_no):
    with pytest.raises(WrongShape) as refused:
        parse(wire(changed(product_no=product_no)))
    assert "Value error" not in str(refused.value)
    assert "data.product_no: must " in str(refused.value)
