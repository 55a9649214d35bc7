"""docs/rules.md holds every rule, and every proof that it names is there."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from shopsync_contracts.events import Status

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "rules.md"
DOMAIN = (ROOT / "docs" / "domain.md").read_text(encoding="utf-8")

ROW = re.compile(r"^\| ((?:[A-Z]{2}-|Q)?\d[^|]*) \|(.*)\|$", re.MULTILINE)
LINK = re.compile(r"\[(\w+)\]\((\.\./[^)]+\.py)\)")
RULE = re.compile(r"\b[A-Z]{2}-\d+\b")
OWNERS = {"command line", "nobody"}


def section(text: str, heading: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"^## {re.escape(heading)}.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no heading {heading!r}"
    return found[1]


def rows(heading: str) -> list[tuple[str, str]]:
    """First cell and the rest, without the heads of tables."""
    return ROW.findall(section(PAGE.read_text(encoding="utf-8"), heading))


BY_CATALOG, BY_PUBLISHER = rows("Kept by the catalog"), rows("Kept by the publisher")
BY_READERS = rows("Kept by the ingestor and the janitor")
BY_CONSOLE = rows("Kept by the console")
KEPT, OTHERS = [*BY_CATALOG, *BY_PUBLISHER, *BY_READERS, *BY_CONSOLE], rows("Kept by others")
DECISIONS, SCENARIOS = rows("Decisions of §17"), rows("Scenarios of §18")
PROOFS = [(first, *link) for first, rest in [*KEPT, *DECISIONS, *SCENARIOS] for link in LINK.findall(rest)]


@cache
def proofs_in(path: Path) -> frozenset[str]:
    """Names of the test functions, also of those in classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(one.name for one in functions if one.name.startswith("test_"))


def defined(numbers: range) -> list[str]:
    """The rules of these sections of domain.md."""
    return [
        rule
        for number in numbers
        for rule in re.findall(r"^\| ([A-Z]{2}-\d+) \|", section(DOMAIN, f"{number}. "), re.MULTILINE)
    ]


@pytest.mark.parametrize(("first", "test", "link"), PROOFS, ids=lambda value: value if "/" not in value else "")
def test_the_proof_exists(first, test, link):
    path = (PAGE.parent / link).resolve()
    assert path.is_relative_to(ROOT)
    assert path.is_file(), f"{first}: no file {link}"
    assert test in proofs_in(path), f"{first}: {link} has no {test}"


def test_every_row_has_a_proof():
    assert [first for first, rest in [*KEPT, *DECISIONS] if not LINK.search(rest)] == []


def test_every_rule_has_a_row_and_no_row_is_of_none():
    rules = defined(range(3, 16))
    assert len(rules) > 110
    assert "NV-13" in rules
    told = {rule for first, _ in [*KEPT, *OTHERS] for rule in RULE.findall(first)}
    assert sorted(set(rules) - told) == []
    assert sorted(told - set(rules)) == []


TABLES = {
    "catalog": (BY_CATALOG, 80, ()),
    "publisher": (BY_PUBLISHER, 40, ("publisher",)),
    "ingestor and janitor": (BY_READERS, 30, ("ingestor", "janitor")),
    "console": (BY_CONSOLE, 2, ("console",)),
}


@pytest.mark.parametrize(("table", "many", "_"), TABLES.values(), ids=TABLES)
def test_a_services_rules_stand_once(table, many, _):
    kept = [rule for first, _ in table for rule in RULE.findall(first)]
    assert len(kept) == len(set(kept)) > many


@pytest.mark.parametrize(("table", "_", "owners"), list(TABLES.values())[1:], ids=list(TABLES)[1:])
def test_a_services_rules_are_proved_by_its_own_tests(table, _, owners):
    foreign = [
        (first, link)
        for first, rest in table
        for _, link in LINK.findall(rest)
        if not any(f"/{owner}/tests/" in link for owner in owners)
    ]
    assert foreign == []


def test_the_others_are_named():
    named = {name.strip() for _, rest in OTHERS for name in rest.partition("|")[0].split(",")}
    assert named == OWNERS


def test_every_decision_is_told():
    text = section(PAGE.read_text(encoding="utf-8"), "Decisions of §17")
    assert set(re.findall(r"\bQ\d+\b", text)) == set(re.findall(r"^\| (Q\d+) \|", DOMAIN, re.MULTILINE))


def test_every_scenario_is_told_once():
    told = [number for first, _ in SCENARIOS for number in first.split(", ")]
    assert sorted(told, key=int) == re.findall(r"^\| (\d+) \|", section(DOMAIN, "18. "), re.MULTILINE)


def test_a_scenarios_proof_bears_its_number():
    for first, rest in SCENARIOS:
        for test, _ in LINK.findall(rest):
            named = re.match(r"test_scenario((?:_\d+)+)_", test)
            assert named is not None, test
            numbers = re.findall(r"\d+", named[1])
            assert set(first.split(", ")) <= set(numbers), f"{first}: {test}"


def test_the_seven_statuses_are_those_of_the_contract():
    table = section(DOMAIN, "11. ")
    assert set(re.findall(r"^\| \S+ \| `(\w+)` \|", table, re.MULTILINE)) == set(get_args(Status))


def test_a_row_of_a_test_that_is_gone_would_be_seen():
    assert "test_that_is_not_there" not in proofs_in(Path(__file__))
    assert "test_a_row_of_a_test_that_is_gone_would_be_seen" in proofs_in(Path(__file__))
