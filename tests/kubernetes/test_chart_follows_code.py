"""The chart's files are those that the code gives, and its values name every variable that a service reads."""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml
from pydantic_settings import BaseSettings

from catalog.settings import CatalogSettings
from console.settings import ConsoleSettings
from ingestor.settings import IngestorSettings
from janitor.settings import JanitorSettings
from publisher.settings import PublisherSettings
from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS, PRINCIPALS
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.settings_variables import is_secret, variable_of

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "shopsync"
GENERATED = runpy.run_path(str(ROOT / "deploy" / "helm" / "generated.py"), run_name="imported")
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
CLASSES: dict[str, type[BaseSettings]] = {
    "ingestor": IngestorSettings,
    "catalog": CatalogSettings,
    "publisher": PublisherSettings,
    "janitor": JanitorSettings,
    "console": ConsoleSettings,
}


@pytest.mark.parametrize("path", GENERATED["files"](), ids=lambda path: path.name)
def test_the_files_are_up_to_date(path):
    assert path.read_text(encoding="utf-8") == GENERATED["files"]()[path], "run: make generated"


def test_every_topic_and_no_other_is_a_kafka_topic():
    told = yaml.safe_load((CHART / "files" / "topics.yaml").read_text(encoding="utf-8"))
    assert [one["name"] for one in told] == [spec.name for spec in TOPICS]


def test_every_group_may_be_scaled_by_and_every_principal_has_rights():
    told = yaml.safe_load((CHART / "files" / "groups.yaml").read_text(encoding="utf-8"))
    assert {(service, one["group"]) for service, groups in told.items() for one in groups} == {
        (one.service, one.name) for one in GROUPS
    }
    rights = yaml.safe_load((CHART / "files" / "principals.yaml").read_text(encoding="utf-8"))
    assert rights.keys() == {one.name for one in PRINCIPALS}
    assert all(rights.values())


@pytest.mark.parametrize("service", CLASSES)
def test_every_variable_of_a_service_is_given_by_a_value_or_by_its_own_name(service):
    """Never both, and a secret by the name of its Secret alone."""
    named = set(SCHEMA["properties"][service]["properties"]["settings"]["properties"])
    by_value = set(GENERATED["FROM_VALUES"])
    classes: list[type[BaseSettings]] = [CommonSettings, CLASSES[service]]
    read = {variable_of(cls, field) for cls in classes for field in cls.model_fields}
    secrets = {variable_of(cls, field) for cls in classes for field in cls.model_fields if is_secret(cls, field)}
    assert named.isdisjoint(by_value)
    assert read == named | (by_value & read)
    assert secrets.isdisjoint(named)


def test_no_value_gives_a_variable_that_nobody_reads():
    classes: list[type[BaseSettings]] = [CommonSettings, *CLASSES.values()]
    read = {variable_of(cls, field) for cls in classes for field in cls.model_fields}
    assert set(GENERATED["FROM_VALUES"]) <= read


def test_every_value_says_what_it_is():
    """By a comment of its own, or one of the part that it is in."""
    told = GENERATED["descriptions"](VALUES)
    values = yaml.safe_load(VALUES)
    missing = [".".join(path) for path in _leaves(values) if not _told(path, told)]
    assert missing == []


def _leaves(values, path=()):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)


def _told(path, told):
    """A service's values are as those of the first service, where they are not its own."""
    like = ("ingestor", *path[1:]) if path[0] in {*CLASSES, "operator"} else path
    return any(one[:end] in told for one in (path, like) for end in range(1, len(path) + 1))


def test_an_unknown_value_is_refused_everywhere():
    open_parts = [
        path
        for path, part in _objects(SCHEMA, ())
        if part.get("properties") and part.get("additionalProperties") is not False
    ]
    assert open_parts == []


def _objects(part, path):
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield path, part
        for key, value in part.items():
            yield from _objects(value, (*path, key))


def test_the_readme_of_the_chart_points_to_the_page():
    assert re.search(r"docs/kubernetes\.md", (CHART / "README.md").read_text(encoding="utf-8"))
