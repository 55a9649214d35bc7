"""Every alert has its entry in the runbook, and every entry its alert."""

import re
import shlex

import observed
import pytest
from typer.main import get_command

from shopsync_cli.app import app

PAGE = (observed.ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
ENTRIES = {entry.partition("\n")[0].strip(): entry for entry in PAGE.split("\n### ")[1:]}
COMMANDS = sorted(
    set(re.findall(r"^shopsync (.+)$", PAGE, re.MULTILINE)) | set(re.findall(r"`shopsync ([a-z][^`]*)`", PAGE))
)


def test_every_alert_has_an_entry_and_every_entry_an_alert():
    assert sorted(ENTRIES) == sorted(observed.alerts())


@pytest.mark.parametrize("name", sorted(observed.alerts()))
def test_an_alert_leads_to_its_entry(name):
    rule = observed.alerts()[name]
    assert rule["annotations"]["runbook"] == f"docs/alerts.md#{name.lower()}"
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"]


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_an_entry_says_what_it_means_why_and_what_to_do(name):
    entry = ENTRIES[name]
    assert re.findall(r"^\*\*(\w+)\.\*\* \S", entry, re.MULTILINE) == ["Means", "Cause", "Do"]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_understood(line):
    command, words = get_command(app), shlex.split(line)
    while hasattr(command, "commands") and words[:1] and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


def test_most_entries_have_a_command():
    without = [name for name, entry in ENTRIES.items() if "shopsync " not in entry]
    assert without == ["ShopsyncTracesLost"], "there the collector is at fault"


@pytest.mark.parametrize("name", sorted(observed.alerts()))
def test_an_alert_has_a_unit_test_in_which_it_fires_and_one_in_which_it_does_not(name):
    checks = [
        (check, [sample["labels"] for sample in check["exp_samples"] if f'"{name}"' in sample["labels"]])
        for test in observed.unit_tests()
        if name in test["name"] or f'"{name}"' in str(test)
        for check in test.get("promql_expr_test", ())
    ]
    assert [fires for _, fires in checks if fires], f"no unit test lets {name} fire"
    assert [check for check, fires in checks if not fires], f"no unit test shows that {name} stays silent"
