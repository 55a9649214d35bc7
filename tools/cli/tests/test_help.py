"""`--help` of every command: its parser accepts the examples, and errors end with the right exit code."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from shopsync_cli.app import app
from shopsync_cli.commands.help_examples import EXAMPLES

ROOT = typer.main.get_command(app)


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    group = getattr(command, "commands", None)
    if group is None or (getattr(command, "invoke_without_command", False) and path):
        yield " ".join(path), command
    for name, child in (group or {}).items():
        yield from leaves(child, (*path, name))


LEAVES = dict(leaves(ROOT))


def test_every_command_has_examples_and_no_example_is_of_none():
    assert set(EXAMPLES) == set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
async def test_the_examples_are_shown_by_help(shopsync, name):
    ended = await shopsync(*name.split(), "--help", env={"COLUMNS": "200", "TERM": "dumb"})
    assert ended.exit_code == 0
    for line in EXAMPLES[name]:
        assert f"shopsync {line}" in ended.stdout


@pytest.mark.parametrize("group", sorted({name.split()[0] for name in EXAMPLES if " " in name}))
async def test_a_group_shows_examples_too(shopsync, group):
    ended = await shopsync(group, "--help", env={"COLUMNS": "200", "TERM": "dumb"})
    assert ended.exit_code == 0
    assert f"shopsync {group}" in ended.stdout.partition("Examples:")[2]


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in EXAMPLES.items() for line in lines])
def test_every_example_is_taken_by_the_parser(name, line):
    words = shlex.split(line)
    assert " ".join(words[: len(name.split())]) == name
    context = LEAVES[name].make_context(name, words[len(name.split()) :], resilient_parsing=False)
    assert context.args == []


@pytest.mark.parametrize("name", sorted(LEAVES.keys() - {"shops authorize", "events example", "mongo apply-users"}))
def test_what_reports_something_does_it_in_json_too(name):
    assert "--json" in {option for parameter in LEAVES[name].params for option in parameter.opts}


async def test_the_exit_codes_are_told(shopsync):
    told = (await shopsync("--help")).stdout
    assert "0 done, 1 refused or not done, 2 wrong call or settings" in " ".join(told.split())


async def test_the_version_is_told(shopsync):
    ended = await shopsync("--version")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("shopsync 0.")


@pytest.mark.parametrize("args", [("nosuch",), ("edit",), ("lag", "--every", "x"), ("products", "--status", "gone")])
async def test_a_wrong_call_is_exit_code_2(shopsync, args):
    assert (await shopsync(*args)).exit_code == 2


async def test_a_database_that_holds_nothing_of_ours_is_a_wrong_setting(shopsync, mongo_uri, tool):
    await tool.shop("demo")
    for command in (
        ("products",),
        ("products", "summary"),
        ("shops", "list"),
        ("pushes",),
        ("imports", "list"),
        ("sweeps", "list"),
    ):
        ended = await shopsync("--mongo", mongo_uri, "--database", "nosuchdb", *command)
        assert ended.exit_code == 2, command
        assert "--database" in ended.stderr
        assert "'nosuchdb'" in ended.stderr
    assert (await shopsync(*tool.where, "shops", "list")).exit_code == 0


@pytest.mark.parametrize("command", [("products",), ("lag",), ("events", "types")])
async def test_a_misspelt_variable_is_told_with_the_right_name(shopsync, mongo_uri, command):
    """Otherwise it would show the products of another database with exit code 0."""
    misspelt = {"SHOPSYNC_MONGO_DATABSE": "elsewhere", "SHOPSYNC_UNKNOWN_VARIABLES": ""}
    ended = await shopsync("--mongo", mongo_uri, "--kafka", "127.0.0.1:1", *command, env=misspelt)
    assert ended.exit_code == 2
    assert "SHOPSYNC_MONGO_DATABSE is not read by anything; did you mean SHOPSYNC_MONGO_DATABASE?" in ended.stderr
