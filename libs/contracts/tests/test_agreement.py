"""The JSON Schemas and the parser accept and refuse the same documents."""

import copy
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from shopsync_contracts import ContractError, parse
from shopsync_contracts.events import BODIES, ProductChanged, PushRequested, SyncTargetSet
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import published, schema_of
from shopsync_contracts.testing import every_member, resolve, sample, with_value
from shopsync_contracts.times import read_time

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=Exception)
def is_day(value: object) -> bool:
    """Check the calendar, which a pattern cannot."""
    return not isinstance(value, str) or bool(read_time(value))


def max_bytes(_validator: Any, limit: int, value: Any, _schema: Any) -> Any:
    if isinstance(value, str) and len(value.encode()) > limit:
        yield ValidationError(f"more than {limit} bytes")


def unique(_validator: Any, names: list[str], value: Any, _schema: Any) -> Any:
    rows = [tuple(entry.get(name, "") for name in names) for entry in value or [] if isinstance(entry, dict)]
    if len(set(map(str, rows))) != len(rows):
        yield ValidationError("an entry stands twice")


def whole_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# The extensions of JSON Schema that docs/wire-format.md describes.
Validator = extend(
    Draft202012Validator,
    validators={"x-maxBytes": max_bytes, "x-unique": unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", whole_number),
)


@cache
def validator_of(body):
    return Validator(json.loads(published(body)), format_checker=FORMATS)


def schema_takes(body, document):
    return validator_of(body).is_valid(document)


def service_takes(document):
    try:
        parse(json.dumps(document).encode())
    except ContractError:
        return False
    return True


def agree(body, document):
    # That subject and data match is a rule between members, which a schema cannot express.
    data = document["data"] if isinstance(document.get("data"), dict) else {}
    names = [data.get("shop_key"), data.get("product_no")]
    document["subject"] = "/".join(str(name) for name in names if name is not None) or "x"
    assert schema_takes(body, document) == service_takes(document), json.dumps(document, ensure_ascii=False)[:2000]


EVERY = [
    pytest.param(body, path, node, id=f"{body.TYPE}:{'.'.join(map(str, path))}") for body, path, node in every_member()
]
VALUES = [
    None,
    "",
    " ",
    "x",
    "1",
    "/",
    "商" * 10,
    "商" * 11,
    "a" * 32,
    "a" * 33,
    "商" * 3,
    "商" * 4,
    "x" * 100,
    "x" * 101,
    "😀" * 8,
    "😀" * 9,
    "\x01",
    "03:00",
    "24:00",
    "3:00",
    "03:00\n",
    "２３:00",
    "2026-11-22T18:30:00+09:00",
    "2026-11-22t18:30:00z",
    "2026-11-22T18:30:00",
    "20261122",
    "2026-02-29T00:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-11-22T18:30:00+09:00\n",
    "0001-01-01T00:00:00+09:00",
    "9999-12-31T23:59:59Z",
    "２０２６-11-22T18:30:00Z",
    "application/json",
    "APPLICATION/JSON",
    "application/json; charset=utf-8",
    "text/plain",
    "application/json\n",
    "application/jsonx",
    0,
    1,
    -1,
    100,
    101,
    1440,
    1441,
    99_999,
    100_000,
    999_999_999,
    10**9,
    2**53 - 1,
    2**53,
    10**30,
    0.0,
    1.0,
    1.5,
    -0.5,
    1e300,
    True,
    False,
    [],
    ["x"],
    {},
    {"a": 1},
]


@pytest.mark.parametrize(("body", "path", "node"), EVERY)
def test_schema_and_service_agree_on_every_member_with_every_kind_of_value(body, path, node):
    for value in VALUES:
        document = with_value(body, path, value)
        if path != ("subject",):
            agree(body, document)


def strings(node):
    if "enum" in node or "const" in node:
        return st.sampled_from([*node.get("enum", [node.get("const")]), "other"])
    if node.get("format") == "date-time":
        return st.sampled_from([value for value in VALUES if isinstance(value, str)]) | st.datetimes().map(
            lambda moment: moment.isoformat() + "Z"
        )
    limit = min(node.get("maxLength", 40), 40)
    return st.text(max_size=limit + 2) | st.text(alphabet="aあ😀/:0123", max_size=limit + 2)


def values(node, definitions, depth=0):
    """Values that the schema allows, and sometimes one that it does not."""
    node = resolve(node, definitions)
    if "anyOf" in node:
        return st.one_of(*(values(option, definitions, depth) for option in node["anyOf"]))
    match node.get("type"):
        case "object":
            required = node.get("required", [])
            members = {name: values(one, definitions, depth + 1) for name, one in node["properties"].items()}
            return st.fixed_dictionaries(
                {name: members[name] for name in required},
                optional={name: one for name, one in members.items() if name not in required},
            )
        case "array":
            return st.lists(values(node["items"], definitions, depth + 1), max_size=3)
        case "integer":
            return st.integers(node["minimum"], node["maximum"]) | st.integers() | st.floats(allow_nan=False)
        case "number":
            return st.floats(0, 1e9) | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-1, 10)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return strings(node)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_schema_and_service_agree_on_generated_bodies(body, data):
    schema = schema_of(body)
    document = json.loads(example(body))
    document["data"] = data.draw(values(schema["properties"]["data"], schema["$defs"]))
    if {"shop_key"} <= document["data"].keys() and data.draw(st.booleans()):
        document["data"]["shop_key"] = "demo"
    agree(body, document)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
def test_a_body_of_required_members_alone_is_taken_by_both(body):
    schema = schema_of(body)
    document = {**json.loads(example(body)), "data": sample(schema["properties"]["data"], schema["$defs"])}
    agree(body, document)
    assert service_takes(document)


@pytest.mark.parametrize(
    ("number", "fits"),
    [("商" * 10 + "ab", True), ("商" * 10 + "abc", False), ("商" * 32, False), ("é" * 16, True), ("é" * 17, False)],
)
def test_a_product_number_is_measured_in_bytes_and_the_schema_says_so(number, fits):
    document = with_value(SyncTargetSet, ("data", "product_no"), number)
    agree(SyncTargetSet, document)
    assert service_takes(document) is fits
    node = schema_of(SyncTargetSet)["$defs"]["SyncTargetSet"]["properties"]["product_no"]
    assert node["x-maxBytes"] == 32
    assert "bytes of UTF-8" in node["description"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        'APPLICATION/JSON ; Charset="utf-8"',
        " application/json\t; v=1",
        "application/json;",
    ],
)
def test_the_content_type_may_be_null_have_parameters_and_any_case(value):
    document = {**json.loads(example(PushRequested)), "datacontenttype": value}
    assert schema_takes(PushRequested, document)
    event = parse(json.dumps(document).encode())
    assert event.datacontenttype == "application/json"
    assert json.loads(event.to_bytes())["datacontenttype"] == "application/json"


@pytest.mark.parametrize(
    "value", ["", "json", "text/json", "application/xml", "application/jsonp", "application/json+x", 7, [], "x" * 300]
)
def test_another_content_type_is_refused_by_name(value):
    document = {**json.loads(example(PushRequested)), "datacontenttype": value}
    assert not schema_takes(PushRequested, document)
    with pytest.raises(ContractError, match=r"^datacontenttype: "):
        parse(json.dumps(document).encode())


def test_an_unset_traceparent_may_be_null():
    document = {**json.loads(example(PushRequested)), "traceparent": None}
    assert parse(json.dumps(document).encode()).traceparent is None


@pytest.mark.parametrize("attributes", [[{"id": "1", "values": [{}]}], [{"id": "1", "values": [{"id": None}]}]])
def test_an_attribute_value_without_id_and_name_is_refused_by_both(attributes):
    document = copy.deepcopy(with_value(BODIES[2], ("data", "changes"), {"attributes": attributes}))
    agree(BODIES[2], document)
    assert not service_takes(document)


def test_a_plain_validator_takes_the_examples_and_refuses_what_the_patterns_say():
    schema = json.loads(published(ProductChanged))
    jsonschema.validate(json.loads(example(ProductChanged)), schema)
    for value in ("20261122", "1763803800", "0001-01-01T00:00:00+09:00", "2026-11-22T18:30:00"):
        assert not Draft202012Validator(schema).is_valid(with_value(ProductChanged, ("data", "observed_at"), value))
