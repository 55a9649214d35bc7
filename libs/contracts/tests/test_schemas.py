"""The committed schemas are those of the models, and no change breaks a message that they allowed."""

import copy
import json
from pathlib import Path

import pytest

from shopsync_contracts.compatibility import breaking_changes
from shopsync_contracts.events import BODIES, ProductChanged, ProductEdited
from shopsync_contracts.schemas import export, file_name, render, schema_of

SCHEMAS = Path(__file__).parents[1] / "schemas"


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
def test_no_message_that_the_committed_schema_allowed_is_refused_now(body):
    committed = json.loads((SCHEMAS / file_name(body)).read_text(encoding="utf-8"))
    assert breaking_changes(committed, schema_of(body)) == []


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
def test_the_committed_schema_is_the_models_own(body):
    text = (SCHEMAS / file_name(body)).read_text(encoding="utf-8")
    assert text == render(schema_of(body)), "run `make generated` and commit the result"


def test_no_schema_is_left_over_from_a_type_that_is_gone():
    assert {path.name for path in SCHEMAS.glob("*.json")} == {file_name(body) for body in BODIES}


def edit(change):
    """The schema of product.changed with `change` applied to its definitions."""
    schema = copy.deepcopy(schema_of(ProductChanged))
    change(schema["$defs"])
    return schema


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["UpstreamProduct"]["required"].append("description"), "description: became required"),
        (lambda d: d["UpstreamProduct"]["properties"].pop("visible"), "visible: was removed"),
        (lambda d: d["UpstreamProduct"]["properties"]["sale_form"].update(enum=["regular"]), "preorder' is no longer"),
        (lambda d: d["UpstreamProduct"]["properties"]["skus"].update(maxItems=300), "maxItems fell to 300"),
        (lambda d: d["UpstreamProduct"]["properties"]["skus"].update(minItems=2), "minItems rose to 2"),
        (lambda d: d["UpstreamProduct"]["properties"]["name"].update(type="integer"), "type string became integer"),
        (lambda d: d["UpstreamProduct"]["properties"]["name"].update(pattern="^a"), "pattern became"),
        (lambda d: d["UpstreamProduct"].update(additionalProperties=False), "unknown members are no longer"),
        (lambda d: d["UpstreamSku"]["properties"]["price"].update(anyOf=[{"type": "null"}]), "price"),
    ],
)
def test_a_breaking_change_is_named(change, says):
    found = breaking_changes(schema_of(ProductChanged), edit(change))
    assert len(found) == 1, found
    assert says in found[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["UpstreamProduct"]["properties"].update(material={"type": "string"}),
        lambda d: d["UpstreamProduct"]["properties"]["sale_form"].update(enum=["regular", "preorder", "auction"]),
        lambda d: d["UpstreamProduct"]["properties"]["skus"].update(maxItems=500),
        lambda d: d["UpstreamProduct"]["required"].remove("name"),
        lambda d: d["UpstreamProduct"]["properties"]["name"].update(anyOf=[{"type": "string"}, {"type": "null"}]),
    ],
)
def test_an_addition_is_no_breaking_change(change):
    assert breaking_changes(schema_of(ProductChanged), edit(change)) == []


def test_the_export_refuses_a_breaking_change_and_writes_nothing(tmp_path):
    export(tmp_path)
    path = tmp_path / file_name(ProductEdited)
    narrower_before = json.loads(path.read_text(encoding="utf-8"))
    narrower_before["$defs"]["EditChanges"]["properties"]["colour"] = {"type": "string"}
    path.write_text(render(narrower_before), encoding="utf-8")

    with pytest.raises(ValueError, match=r"product\.edited\.v1\.json: .*colour: was removed"):
        export(tmp_path)

    assert json.loads(path.read_text(encoding="utf-8")) == narrower_before
