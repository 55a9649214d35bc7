"""What dashboards, rules and their pages say, read from their files."""

import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "shopsync.rules.yaml"
UNIT_TESTS = sorted(RULES.parent.glob("*.test.yaml"))
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))

_SCRAPE_LABELS = frozenset({"instance", "job"})
# What prometheus_client has of every Python process on Linux.
_OF_EVERY_PROCESS = frozenset({"process_cpu_seconds_total", "process_resident_memory_bytes"})
_LEVELS = {
    "group": {"group"},
    "endpoint": {"endpoint"},
    "shop": {"shop_key"},
    "route": {"route"},
    "shopsync": set[str](),
}
_NAME = re.compile(r"\b(?:[a-z]+:)?(?:shopsync|process)_\w+(?::\w+)?")
_QUOTED = re.compile(r'"[^"]*"')
_MATCHERS = re.compile(r"\{([^}]*)\}")
_MATCHED = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_VALUES = re.compile(r"^label_values\((\w+), (\w+)\)$")
_REPLACED = re.compile(r'"(\w+)", "[^"]*", "\w*", "[^"]*"\)')
_SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


@dataclass(frozen=True)
class Query:
    """A PromQL expression, where it stands, and the labels that are shown beside its values."""

    where: str
    expr: str
    shown: frozenset[str] = frozenset()


def metrics() -> list[Any]:
    """Every metric that the code declares; see docs/tables.py."""
    return list(runpy.run_path(str(ROOT / "docs" / "tables.py"), run_name="imported")["declared_metrics"]())


def series() -> dict[str, set[str]]:
    """The labels of every series that can be scraped, by its name, those of the scrape included."""
    known = {name: set(_SCRAPE_LABELS) for name in _OF_EVERY_PROCESS}
    for one in metrics():
        labels = {*one.labels, *_SCRAPE_LABELS}
        if one.kind == "histogram":
            known |= {f"{one.name}_bucket": {*labels, "le"}, f"{one.name}_sum": labels, f"{one.name}_count": labels}
        else:
            known[one.name] = labels
    return known


def recorded() -> dict[str, set[str]]:
    """The labels of what recording rules make, by name: the name's first part says which."""
    rules = [rule for group in rule_groups() for rule in group["rules"] if "record" in rule]
    return {rule["record"]: set(_LEVELS[rule["record"].partition(":")[0]]) for rule in rules}


def rule_groups() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return groups


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by name."""
    return {rule["alert"]: rule for group in rule_groups() for rule in group["rules"] if "alert" in rule}


def unit_tests() -> list[dict[str, Any]]:
    return [test for file in UNIT_TESTS for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]


def of_rules() -> Iterator[Query]:
    for group in rule_groups():
        for rule in group["rules"]:
            shown = _SHOWN.findall(" ".join(rule.get("annotations", {}).values()))
            yield Query(rule.get("alert") or rule["record"], rule["expr"], frozenset(shown))


def of_dashboards() -> Iterator[Query]:
    for file in DASHBOARDS:
        board = json.loads(file.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                where = f"{file.name}: {panel['title']}"
                yield Query(where, target["expr"], frozenset(_SHOWN.findall(target["legendFormat"])))
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = _VALUES.findall(variable["definition"])[0]
                yield Query(f"{file.name}: ${variable['name']}", metric, frozenset({label}))


def names_in(expr: str) -> set[str]:
    """The series that an expression reads."""
    return set(_NAME.findall(_QUOTED.sub('""', expr)))


def labels_made_in(expr: str) -> set[str]:
    """The labels that `label_replace` gives."""
    return set(_REPLACED.findall(expr))


def labels_in(expr: str) -> set[str]:
    """The labels that an expression selects or groups by."""
    bare = _QUOTED.sub('""', expr)
    matched = {label for matchers in _MATCHERS.findall(bare) for label in _MATCHED.findall(matchers)}
    grouped = {label.strip() for labels in _GROUPED.findall(bare) for label in labels.split(",")}
    return (matched | grouped) - {""}
