"""Every member of every type has a limit. A value at the limit is accepted; the refusal of one beyond it names both."""

import json
import re

import pytest

from shopsync_contracts import TooLarge, WrongShape, parse
from shopsync_contracts.events import BODIES, ProductChanged, ProductEdited, PushFailed, PushSucceeded, ReviewChanged
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import schema_of
from shopsync_contracts.testing import every_list, every_member, sample, with_value
from shopsync_contracts.topics import PRODUCT_CHANGES, TOOL_EDITS


def wire(document):
    return json.dumps(document, ensure_ascii=False).encode()


def named(path):
    return re.escape(".".join(map(str, path)))


def cases(members, fits):
    return [
        pytest.param(body, path, node, id=f"{body.TYPE}:{'.'.join(map(str, path))}")
        for body, path, node in members
        if fits(node)
    ]


def is_number(node):
    return node.get("type") in ("integer", "number")


def is_free_text(node):
    return node.get("type") == "string" and not {"enum", "const", "format", "pattern", "x-maxBytes"} & node.keys()


NUMBERS = cases(every_member(), is_number)
TEXTS = cases(every_member(), is_free_text)
LISTS = cases(every_list(), lambda _: True)


def test_no_member_is_without_a_limit():
    without = [
        f"{body.TYPE}: {'.'.join(map(str, path))}"
        for body, path, node in every_member()
        if not (
            {"enum", "const", "x-kept"} & node.keys()
            or node["type"] == "boolean"
            or (node["type"] == "string" and "maxLength" in node)
            or (is_number(node) and {"minimum", "maximum"} <= node.keys())
        )
    ]
    without += [
        f"{body.TYPE}: {'.'.join(map(str, path))}"
        for body, path, node in every_list()
        if not {"maxItems", "x-kept"} & node.keys()
    ]
    assert without == []


@pytest.mark.parametrize(("body", "path", "node"), NUMBERS)
def test_a_number_is_taken_at_its_limits_and_refused_beyond_them(body, path, node):
    for value in (node["minimum"], node["maximum"]):
        parse(wire(with_value(body, path, value)))
    for value, word in (
        (node["minimum"] - 1, "greater than or equal to"),
        (node["maximum"] + 1, "less than or equal to"),
    ):
        with pytest.raises(WrongShape, match=rf"{named(path)}: Input should be {word} [0-9]+ \(given: {value}\)"):
            parse(wire(with_value(body, path, value)))


@pytest.mark.parametrize("text", ["1e400", "-1e400", "9" * 400, "9" * 5000, "9223372036854775808", "1e300"])
@pytest.mark.parametrize(("body", "path", "node"), NUMBERS)
def test_numbers_beyond_every_machines_are_refused_by_member(body, path, node, text):
    value = wire(with_value(body, path, "HERE")).replace(b'"HERE"', text.encode())
    with pytest.raises(ValueError, match=rf"{named(path)}: |a number has more than 4300 digits"):
        parse(value)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1.0.0", "0x10", "01", "+1", "1_000", "１"])
def test_what_is_no_json_number_is_no_json(text):
    value = wire(with_value(ProductEdited, ("data", "changes", "price"), "HERE")).replace(b'"HERE"', text.encode())
    with pytest.raises(ValueError, match=r"not JSON|no JSON number"):
        parse(value)


@pytest.mark.parametrize("value", [1.0, 1.5, "1", True, "", [1]])
@pytest.mark.parametrize(("body", "path", "node"), [case for case in NUMBERS if case.values[2]["type"] == "integer"])
def test_a_whole_number_is_no_float_text_or_truth(body, path, node, value):
    with pytest.raises(WrongShape, match=f"{named(path)}: "):
        parse(wire(with_value(body, path, value)))


@pytest.mark.parametrize(("body", "path", "node"), TEXTS)
def test_a_text_is_taken_at_its_limit_and_refused_or_cut_beyond_it(body, path, node):
    limit = node.get("maxLength", node.get("x-kept"))
    # Only the length is tested here: other rules apply to subject and source as well.
    if path == ("subject",):
        return
    longest, longer = "あ" * limit, "あ" * (limit + 1)
    parse(wire(with_value(body, path, longest)))
    if "x-kept" in node:
        cut = value_at(parse(wire(with_value(body, path, longer))), path)
        assert cut == "あ" * (limit - 1) + "…"
        return
    with pytest.raises(WrongShape) as refused:
        parse(wire(with_value(body, path, longer)))
    assert re.search(
        rf"{named(path)}: String should have at most {limit} characters \(given: 'あ+'(…, {limit + 1} characters)?\)",
        str(refused.value),
    )


def value_at(event, path):
    found = event
    for step in path:
        found = found[step] if isinstance(step, int) else getattr(found, step)
    return found


@pytest.mark.parametrize(("body", "path", "node"), LISTS)
def test_a_list_is_taken_at_its_limit_and_refused_or_cut_beyond_it(body, path, node):
    definitions = schema_of(body)["$defs"]
    limit = node.get("maxItems", node.get("x-kept"))
    parse(wire(with_value(body, path, entries(node, definitions, limit))))
    beyond = wire(with_value(body, path, entries(node, definitions, limit + 1)))
    if "x-kept" in node:
        assert len(value_at(parse(beyond), path)) == limit
        return
    with pytest.raises(WrongShape, match=f"{named(path)}: Array should have at most {limit} items"):
        parse(beyond)


def entries(node, definitions, count):
    """`count` distinct entries: SKUs and attributes are identified by their numbers."""
    one = sample(node["items"], definitions)
    if not isinstance(one, dict):
        return [one] * count
    several = [dict(one) for _ in range(count)]
    for number, entry in enumerate(several):
        for name in node.get("x-unique", []):
            entry[name] = str(number)
    return several


def test_attributes_have_a_limit_together():
    def attributes(size):
        return [{"id": str(n), "values": [{"name": "あ" * 1000}] * 9 + [{"name": "あ" * 999}]} for n in range(size)]

    parse(wire(with_value(ProductEdited, ("data", "changes", "attributes"), attributes(10))))
    with pytest.raises(WrongShape, match=r"changes\.attributes: ids and names should have at most 100000 characters"):
        parse(wire(with_value(ProductEdited, ("data", "changes", "attributes"), attributes(11))))


def test_words_for_people_are_cut_and_the_message_is_kept():
    long = parse(wire(with_value(PushFailed, ("data", "message"), "長" * 50_000))).data
    assert len(long.message) == 2_000
    reasons = [{"position": "p" * 500, "reason": "r" * 5_000, "suggestion": "s" * 5_000}] * 80
    kept = parse(wire(with_value(ReviewChanged, ("data", "reasons"), reasons))).data.reasons
    assert (len(kept), len(kept[0].position), len(kept[0].reason), len(kept[0].suggestion)) == (50, 100, 2_000, 2_000)
    made = PushSucceeded.model_validate(
        {**json.loads(example(PushSucceeded))["data"], "warnings": ("w",) * 99}, strict=False
    )
    assert len(made.warnings) == 50


@pytest.mark.parametrize("topic", [PRODUCT_CHANGES, TOOL_EDITS], ids=lambda topic: topic.name)
def test_a_value_larger_than_its_topic_takes_is_refused_before_it_is_read(topic):
    body = topic.types[0]
    document = with_value(body, ("id",), "1")
    document["padding"] = ""
    limit = topic.max_message_bytes
    room = limit - len(wire(document))
    parse(wire({**document, "padding": "x" * room}), topic=topic)
    with pytest.raises(TooLarge, match=f"the value has {limit + 1} bytes, at most {limit} are taken"):
        parse(wire({**document, "padding": "x" * (room + 1)}), topic=topic)


def test_a_description_with_one_large_picture_in_it_is_refused_by_name():
    document = with_value(ProductChanged, ("data", "product", "description"), f'<img src="data:{"x" * 1_000_000}">')
    with pytest.raises(WrongShape, match=r"data\.product\.description: String should have at most 1000000 characters"):
        parse(wire(document), topic=PRODUCT_CHANGES)


def test_every_example_is_inside_the_limits():
    for body in BODIES:
        parse(example(body).encode())
