"""The AsyncAPI documents are those of the code, and AsyncAPI's own parser understands them."""

import json
import runpy
import subprocess
from pathlib import Path

import pytest
import yaml

from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS, principal_of
from shopsync_contracts.asyncapi import published
from shopsync_contracts.asyncapi.components import message_name
from shopsync_contracts.asyncapi.document import in_one_piece
from shopsync_contracts.events import BODIES, SyncTargetSet
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import file_name
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_testkit import npm
from shopsync_testkit.backends import Unavailable

ROOT = Path(__file__).resolve().parents[2]
CHECK = Path(__file__).parent / "asyncapi"
FOLDER = ROOT / "libs" / "contracts" / "src" / "shopsync_contracts" / "asyncapi"
SERVICES = ("catalog", "console", "ingestor", "janitor", "publisher")


@pytest.fixture(scope="module")
def rendered():
    script = runpy.run_path(str(ROOT / "docs" / "asyncapi.py"), run_name="imported")
    return script["rendered"]()


def wrong_setting(document):
    """A clean-up that Kafka does not know."""
    kafka = document["channels"]["product-changes.v1"]["bindings"]["kafka"]
    kafka["topicConfiguration"]["cleanup.policy"] = ["burn"]


def wrong_schema(document):
    """A payload that is no JSON Schema."""
    document["components"]["schemas"]["product.changed.v1"]["properties"]["id"]["maxLength"] = "many"


def wrong_reference(document):
    """An operation that takes a message which its channel does not carry."""
    document["operations"]["send-catalog-products-v1"]["messages"] = [
        {"$ref": "#/channels/reports.v1/messages/sync.completed.v1"}
    ]


WRONG = {one.__name__: one for one in (wrong_setting, wrong_schema, wrong_reference)}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Runs one of the programs beside this file, and returns what it prints: a JSON document per line."""
    folder = tmp_path_factory.mktemp("asyncapi")
    try:
        node, home = npm.node(), npm.placed(CHECK, ["check.mjs", "validate.mjs"], folder)
    except Unavailable as missing:
        pytest.skip(f"@asyncapi/parser and ajv are not there: {missing}")

    def run(name, files):
        command = [node, str(home / name), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.fixture(scope="module")
def parsed(program, tmp_path_factory):
    """What the parser says of every committed document, of the one in one piece, and of wrong ones."""
    folder = tmp_path_factory.mktemp("documents")
    files = [FOLDER / f"{name}.yaml" for name in ("shopsync", *SERVICES)]
    for name, spoil in {"alone": lambda _: None, **WRONG}.items():
        document = in_one_piece(read("shopsync"))
        spoil(document)
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(json.dumps(document), encoding="utf-8")
    answers = program("check.mjs", files)
    return {Path(answer["file"]).stem: answer for answer in answers}


def read(name):
    return yaml.safe_load(published(name))


def types_of(name, action):
    """The types that the operations of a document send or receive."""
    document = read(name)
    return {
        message["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == action
        for message in operation["messages"]
    }


def test_the_documents_are_those_of_the_code(rendered):
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml")}
    assert committed == rendered, "run `make generated` and commit the result"


@pytest.mark.parametrize("name", ["shopsync", *SERVICES, "alone"])
def test_asyncapis_own_parser_finds_nothing_wrong(parsed, name):
    answer = parsed[name]
    assert [problem for problem in answer["problems"] if problem["severity"] < 2] == []
    assert answer["valid"]
    own = {identifier: constant for identifier, constant in answer["found"]["payloads"] if constant}
    assert own == {name: f"jp.shopsync.{name}" for name in own}
    assert len(own) > 2


@pytest.mark.parametrize("name", WRONG)
def test_the_parser_finds_what_is_wrong(parsed, name):
    assert [problem["message"] for problem in parsed[name]["problems"] if problem["severity"] < 2]


def test_every_type_is_published_by_a_service_or_by_others():
    sent = {name for service in SERVICES for name in types_of(service, "send")}
    assert {message_name(body) for body in BODIES} <= sent | types_of("shopsync", "receive")


def test_what_a_service_reads_is_what_it_subscribes_to():
    reads = {service: set(types_of(service, "receive")) for service in SERVICES}
    assert "push.requested.v1" in reads["publisher"]
    assert {"product.changed.v1", "product.edited.v1", "push.succeeded.v1", "delete.requested.v1"} <= reads["catalog"]
    assert {"import.completed.v1", "sweep.requested.v1"} <= reads["janitor"]
    assert reads["ingestor"] == {"import.requested.v1"}


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_sends_and_reads_is_what_it_is_granted(service):
    document, granted = read(service), principal_of(service)
    operations = document["operations"].values()
    sent = {one["channel"]["$ref"].rpartition("/")[2] for one in operations if one["action"] == "send"}
    assert sent == {spec.name for spec in granted.writes}
    read_from = [one for one in operations if one["action"] == "receive"]
    assert {one["channel"]["$ref"].rpartition("/")[2] for one in read_from} == {spec.name for spec in granted.reads}
    groups = {one["bindings"]["kafka"]["groupId"]["const"] for one in read_from if "bindings" in one}
    assert granted.own_groups == bool(groups)
    assert groups == {group.full_name("shopsync") for group in GROUPS if group.service == service}


def test_each_topic_is_in_the_document_of_whoever_sends_or_reads_it():
    named = {channel["address"] for name in SERVICES for channel in read(name)["channels"].values()}
    assert named == {spec.full_name("shopsync") for spec in TOPICS}
    assert all(DEAD_LETTERS.name in read(service)["channels"] for service in SERVICES)


def test_channels_carry_kafkas_settings():
    snapshots = read("shopsync")["channels"]["catalog-products.v1"]["bindings"]["kafka"]
    assert snapshots["partitions"] == 12
    assert snapshots["topicConfiguration"]["cleanup.policy"] == ["compact"]
    changes = read("shopsync")["channels"]["product-changes.v1"]["bindings"]["kafka"]
    assert changes["topicConfiguration"]["retention.ms"] == 7 * 24 * 3600 * 1000


def test_others_publish_changes_and_edits_and_read_snapshots():
    assert {"product.changed.v1", "product.edited.v1", "sync_target.set.v1"} <= types_of("shopsync", "receive")
    assert {"product.snapshot.v1", "tombstone", "push.failed.v1", "dead-letter"} <= types_of("shopsync", "send")
    assert "delete.requested.v1" not in types_of("shopsync", "send") | types_of("shopsync", "receive")


def test_the_document_in_one_piece_refers_to_no_file():
    text = json.dumps(in_one_piece(read("shopsync")))
    assert "../" not in text
    assert '"#/$defs/' not in text
    assert (
        in_one_piece(read("shopsync"))["components"]["schemas"]["product.changed.v1"]["title"] == "ProductChangedEvent"
    )


def test_a_validator_in_another_language_agrees_on_the_examples(program, tmp_path):
    """By ajv, set up as docs/wire-format.md says. A member of another type is refused."""
    wrong = tmp_path / "wrong.json"
    wrong.write_text(example(SyncTargetSet).replace("true", '"yes"'), encoding="utf-8")
    schemas, examples = FOLDER.parent / "jsonschemas", FOLDER.parent / "examples"
    pairs = [folder / file_name(body) for body in BODIES for folder in (schemas, examples)]
    *right, refused = program("validate.mjs", [*pairs, schemas / file_name(SyncTargetSet), wrong])
    assert right == [[]] * len(BODIES)
    assert [problem["instancePath"] for problem in refused] == ["/data/sync_enabled"]
    assert "new Ajv2020({ strict: false })" in (ROOT / "docs" / "wire-format.md").read_text(encoding="utf-8")
