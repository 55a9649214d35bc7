"""Two versions side by side: each reads what the other writes, when one has an optional member more."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import create_model

from shopsync_contracts import Event, WrongShape, parse
from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.events import BODIES, ProductChanged, ProductEdited, ProductSnapshot
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import file_name, schema_of
from shopsync_contracts.testing import every_node, with_value

RELEASES = sorted((Path(__file__).parent / "published").glob("*.json"))
every_type = pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)


def with_one_more_everywhere(document):
    """The message of a later writer: every object has a member that this release does not know."""
    if isinstance(document, dict):
        return {**{name: with_one_more_everywhere(value) for name, value in document.items()}, "added_later": "yes"}
    if isinstance(document, list):
        return [with_one_more_everywhere(one) for one in document]
    return document


def is_patch(body):
    """Whether the body holds a merge patch, which refuses members that it does not know."""
    return any(node.get("additionalProperties") is False for _, path, node in every_node() if _ is body)


@pytest.mark.reliability(18)
@every_type
def test_todays_reader_takes_a_later_writers_message(body):
    document = json.loads(example(body))
    later = json.dumps(with_one_more_everywhere(document)).encode()
    if is_patch(body):
        with pytest.raises(WrongShape, match="added_later"):
            parse(later)
        return
    assert parse(later) == parse(json.dumps(document).encode())
    assert b"added_later" not in parse(later).to_bytes()


@pytest.mark.reliability(18)
@every_type
def test_a_later_reader_takes_todays_message(body):
    text = example(body)
    envelope: Any = Event
    later = create_model("Later", __base__=body, added_later=(str | None, None))
    read = envelope[later].model_validate_json(text)
    assert read.data.added_later is None
    assert read.data.model_dump(exclude={"added_later"}) == parse(text.encode()).data.model_dump()


def test_only_edits_refuse_what_they_do_not_know():
    """Readers are deployed before writers, because an edit with a member of a later release is a dead letter."""
    assert [body.TYPE for body in BODIES if is_patch(body)] == ["product.edited", "products.bulk_edited"]


def test_an_edit_of_a_later_writer_is_refused_by_name():
    later = with_value(ProductEdited, ("data", "changes", "name"), "x")
    later["data"]["changes"]["colour"] = "red"
    with pytest.raises(WrongShape, match="colour"):
        parse(json.dumps(later).encode())


@pytest.mark.reliability(18)
@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.stem)
def test_a_reader_that_checks_by_an_earlier_releases_schema_takes_todays_messages(path):
    """Its validator is the published schema itself: what is written today must fit what it was told then."""
    released = json.loads(path.read_text(encoding="utf-8"))
    for body in BODIES:
        schema = released.get(file_name(body))
        if schema is not None:
            jsonschema.Draft202012Validator(schema).validate(json.loads(example(body)))
            jsonschema.Draft202012Validator(schema).validate(json.loads(parse(example(body).encode()).to_bytes()))


def test_a_second_version_of_a_type_is_a_type_of_its_own():
    class Later(ProductSnapshot):
        VERSION = "v2"

    assert Later.wire_type() == "jp.shopsync.product.snapshot.v2"
    assert file_name(Later) == "product.snapshot.v2.json"
    assert schema_of(Later)["$id"] == "urn:x-shopsync:schema:jp.shopsync.product.snapshot.v2"
    document = copy.deepcopy(json.loads(example(ProductSnapshot)))
    assert issubclass(Later, ShopBody)
    assert Event[Later].model_validate({**document, "type": Later.wire_type()}, strict=False).data.version == 7


def test_a_reader_without_the_second_version_names_what_it_does_not_know():
    document = {**json.loads(example(ProductChanged)), "type": "jp.shopsync.product.changed.v2"}
    with pytest.raises(ValueError, match=r"type 'jp\.shopsync\.product\.changed\.v2' is not known"):
        parse(json.dumps(document).encode())
