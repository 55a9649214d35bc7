"""The committed schemas match the models, and no change refuses a message that they allowed."""

import copy
import json
import sys
from pathlib import Path

import pytest

from shopsync_contracts import __main__ as program
from shopsync_contracts import narrowings
from shopsync_contracts.compatibility import breaking_changes, broken_promises, undeclared
from shopsync_contracts.events import BODIES, ProductChanged, ProductEdited, ProductSnapshot
from shopsync_contracts.narrowings import LOOSENINGS, NARROWINGS
from shopsync_contracts.schemas import export, file_name, published, release, render, schema_of

SCHEMAS = Path(__file__).parents[1] / "schemas"
RELEASES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(Path(__file__).parent.glob("published/*"))
}
EACH_RELEASE = pytest.mark.parametrize("released", RELEASES.values(), ids=RELEASES)


@pytest.mark.reliability(18)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
def test_no_message_that_the_committed_schema_allowed_is_refused_now(body):
    committed = json.loads((SCHEMAS / file_name(body)).read_text(encoding="utf-8"))
    assert breaking_changes(committed, schema_of(body)) == []


@pytest.mark.reliability(18)
@EACH_RELEASE
def test_what_a_release_allowed_and_is_refused_now_is_declared_with_its_reason(released):
    now = current()
    found = {name: breaking_changes(schema, now[name]) for name, schema in released.items() if name in now}
    assert {name: left for name, texts in found.items() if (left := undeclared(texts))} == {}


@pytest.mark.reliability(18)
@EACH_RELEASE
def test_what_a_release_promised_its_readers_still_holds(released):
    now = current()
    found = {name: broken_promises(schema, now[name]) for name, schema in released.items() if name in now}
    assert {name: left for name, texts in found.items() if (left := undeclared(texts))} == {}


@pytest.mark.reliability(18)
@EACH_RELEASE
def test_a_schema_that_was_edited_by_hand_is_found_out_by_the_release(released):
    """The committed schema would agree with such a model."""
    name = file_name(ProductSnapshot)
    edited = copy.deepcopy(current()[name])
    members = edited["$defs"]["ProductSnapshot"]["properties"]
    del members["axes"]
    members["sync_enabled"] = {"anyOf": [members["sync_enabled"], {"type": "null"}]}
    assert undeclared(breaking_changes(released[name], edited)) == ["$.data.axes: was removed"]
    assert undeclared(broken_promises(released[name], edited)) == ["$.data.sync_enabled: may be null, was boolean"]


@pytest.mark.reliability(18)
@EACH_RELEASE
def test_no_type_of_a_release_is_gone(released):
    """A breaking change is a new version beside the old one, not in its place."""
    assert released.keys() - current().keys() == set()


def test_no_narrowing_is_declared_that_is_not_one():
    now = current()
    found = {
        text
        for released in RELEASES.values()
        for name, schema in released.items()
        for text in [*breaking_changes(schema, now[name]), *broken_promises(schema, now[name])]
    }
    declared = [*NARROWINGS, *LOOSENINGS]
    assert {text for one in declared for text in one.texts()} - found == set()
    assert all(len(one.because) > 10 for one in declared)


def current():
    return {file_name(body): schema_of(body) for body in BODIES}


def test_a_declared_narrowing_excuses_nothing_but_itself(monkeypatch, tmp_path):
    export(tmp_path)
    path = tmp_path / file_name(ProductChanged)
    wider_before = json.loads(path.read_text(encoding="utf-8"))
    name = wider_before["$defs"]["UpstreamProduct"]["properties"]["name"]
    limit = name.pop("maxLength")
    path.write_text(render(wider_before), encoding="utf-8")
    assert export(tmp_path) == [file_name(ProductChanged)]  # declared for the first release
    monkeypatch.setattr("shopsync_contracts.compatibility.NARROWINGS", ())
    path.write_text(render(wider_before), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"product\.name: maxLength fell to {limit}"):
        export(tmp_path)
    tighter = narrowings.Narrowing(f"maxLength fell to {limit - 1}", "another limit", "$.data.product.name")
    monkeypatch.setattr("shopsync_contracts.compatibility.NARROWINGS", (tighter,))
    with pytest.raises(ValueError, match=rf"product\.name: maxLength fell to {limit}"):
        export(tmp_path)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)
def test_the_schema_travels_with_the_package_under_a_name_of_its_own(body):
    schema = json.loads(published(body))
    assert schema == schema_of(body)
    assert schema["$id"] == f"urn:x-shopsync:schema:{body.wire_type()}"
    assert published(body.wire_type()) == published(body)


def test_a_type_that_is_not_known_has_no_schema():
    with pytest.raises(LookupError, match=r"type 'jp\.shopsync\.nothing\.v1' is not known"):
        published("jp.shopsync.nothing.v1")


def test_a_value_of_an_old_list_may_become_any_text_that_it_fits():
    old = {"const": "application/json", "type": "string"}
    assert breaking_changes(old, {"type": "string", "pattern": "^application/", "maxLength": 255}) == []
    assert breaking_changes(old, {"type": "string", "pattern": "^text/"}) == ["$: pattern became '^text/'"]
    assert breaking_changes(old, {"type": "string", "maxLength": 3}) == ["$: maxLength fell to 3"]


def test_of_two_alternatives_the_one_of_the_same_type_is_told():
    old = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    new = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "null"}]}
    assert breaking_changes(old, new) == ["$: maximum fell to 9", "$: minimum rose to 0"]


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


@pytest.mark.reliability(18)
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


@pytest.mark.reliability(18)
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


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d["UpstreamProduct"]["required"].remove("name"), ["$.data.product.name: may be missing"]),
        (
            lambda d: d["UpstreamSku"]["properties"].update(stock={"type": "string"}),
            ["$.data.product.skus[].stock: may be string, was null"],
        ),
        (lambda d: d["UpstreamProduct"]["properties"].update(material={"type": "string"}), []),
        (lambda d: d["UpstreamProduct"]["properties"]["sale_form"].update(enum=["regular", "preorder", "auction"]), []),
        (lambda d: d["UpstreamProduct"]["properties"]["skus"].update(maxItems=500), []),
        (
            lambda d: d["UpstreamProduct"]["properties"]["name"].update(anyOf=[{"type": "string"}, {"type": "null"}]),
            ["$.data.product.name: may be null, was string"],
        ),
    ],
)
def test_what_a_reader_can_no_longer_rely_on_is_named(change, says):
    assert broken_promises(schema_of(ProductChanged), edit(change)) == says


def test_the_export_refuses_to_lose_a_type(tmp_path):
    export(tmp_path)
    (tmp_path / "price.set.v1.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"price\.set\.v1\.json: the type is gone"):
        export(tmp_path)


def test_the_schemas_of_a_release_are_kept_once(tmp_path):
    kept = release(tmp_path, "1.2.3")
    assert json.loads(kept.read_text(encoding="utf-8")) == current()
    with pytest.raises(FileExistsError):
        release(tmp_path, "1.2.3")


@pytest.mark.reliability(18)
def test_the_export_refuses_a_breaking_change_and_writes_nothing(tmp_path):
    export(tmp_path)
    path = tmp_path / file_name(ProductEdited)
    narrower_before = json.loads(path.read_text(encoding="utf-8"))
    narrower_before["$defs"]["EditChanges"]["properties"]["colour"] = {"type": "string"}
    path.write_text(render(narrower_before), encoding="utf-8")

    with pytest.raises(ValueError, match=r"product\.edited\.v1\.json: .*colour: was removed"):
        export(tmp_path)

    assert json.loads(path.read_text(encoding="utf-8")) == narrower_before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), (["-h"], 0), ([], 2), (["--wrong"], 2), (["a", "b"], 2), (["release"], 2)],
)
def test_the_program_shows_its_usage(arguments, code, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["shopsync_contracts", *arguments])
    assert program.main() == code
    told = capsys.readouterr()
    assert (told.err if code else told.out).startswith("usage: python -m shopsync_contracts FOLDER")
    assert (told.out if code else told.err) == ""


def test_the_program_keeps_a_release_once(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(sys, "argv", ["shopsync_contracts", "release", str(tmp_path)])
    assert (program.main(), program.main()) == (0, 1)
    told = capsys.readouterr()
    assert told.out.strip() == next(tmp_path.iterdir()).name
    assert "is there already: a release is kept once" in told.err
