"""CONTRIBUTING.md: its files and commands exist, and its recipes are carried out on copies of what they touch."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from shopsync_contracts import TOPICS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
RECIPES = ("Add an event", "Add a topic", "Add a setting", "Add a rule")
CONTRACTS = "libs/contracts/src/shopsync_contracts"
EXAMPLE = f"{CONTRACTS}/examples/shop_note.set.v1.json"
AN_EVENTS_TESTS = [f"libs/contracts/tests/test_{name}.py" for name in ("schemas", "examples", "topics", "largest")]


def section(heading: str) -> str:
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(heading: str, language: str) -> list[str]:
    """The code of a section in one language, without its indentation."""
    return [textwrap.dedent(code) for _, found, code in FENCE.findall(section(heading)) if found == language]


COMMANDS = [
    shlex.split(line, comments=True)
    for _, found, code in FENCE.findall(PAGE)
    if found == "sh"
    for line in code.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_names_what_exists(command):
    program, *words = command
    paths = [word for word in (one.removeprefix("TESTS=") for one in words) if "/" in word and "=" not in word]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    if program == "make":
        assert {word for word in words if "=" not in word} <= TARGETS
    else:
        assert program == "export" or (Path(sys.executable).parent / Path(program).name).exists()


@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_numbers_its_files_and_ends_with_the_command_that_proves_it(heading):
    steps = re.findall(r"^(\d+)\. ", section(heading), re.MULTILINE)
    assert steps == [str(number) for number in range(1, len(steps) + 1)]
    assert len(steps) >= 3
    assert ".venv/bin/pytest " in blocks(heading, "sh")[-1]


def test_a_layout_names_every_package():
    told = section("Layout")
    parents = [path.parent.relative_to(ROOT) for path in ROOT.glob("*/*/pyproject.toml")]
    assert [str(one) for one in parents if one.parts[0] != "services" and f"{one}/" not in told] == []
    services = {one.name for one in parents if one.parts[0] == "services"}
    assert {name for name in services if name not in told} == set()


# The recipes, carried out --------------------------------------------------------------------------------------------


class Copy:
    """Some files of the project in a folder of their own, read before the installed ones."""

    def __init__(self, folder: Path, *parts: str) -> None:
        self.folder = folder
        for part in parts:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, folder / part, symlinks=True, ignore=ignored, dirs_exist_ok=True)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, encoding="utf-8")

    def append(self, path: str, text: str) -> None:
        self.write(path, f"{self.read(path)}\n\n{text}")

    def before(self, path: str, place: str, text: str) -> None:
        """Insert before the first occurrence of a place."""
        head, found, rest = self.read(path).partition(place)
        assert found, f"{path} has no {place!r}"
        self.write(path, f"{head}{text}{found}{rest}")

    def after(self, path: str, place: str, text: str) -> None:
        """Insert behind the first occurrence of a place."""
        head, found, rest = self.read(path).partition(place)
        assert found, f"{path} has no {place!r}"
        self.write(path, f"{head}{found}{text}{rest}")

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def run(self, *command: str) -> tuple[int, str]:
        """Exit code and output."""
        sources = os.pathsep.join(str(path) for path in sorted(self.folder.glob("*/*/src")))
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": sources, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout

    def pytest(self, *tests: str) -> tuple[int, str]:
        return self.run(
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "--rootdir=.",
            "--import-mode=importlib",
            *tests,
        )


def with_the_event(folder: Path) -> Copy:
    """Steps 1, 2 and 4 of "Add an event"."""
    copy = Copy(folder, "libs/contracts")
    (body,) = blocks("Add an event", "python")
    (example,) = blocks("Add an event", "json")
    copy.append(f"{CONTRACTS}/events/pauses.py", body)
    copy.after(f"{CONTRACTS}/events/__init__.py", "events.pauses import PushPauseSet", ", ShopNoteSet")
    copy.after(f"{CONTRACTS}/events/__init__.py", "    PushPauseSet,\n", "    ShopNoteSet,\n")
    copy.after(f"{CONTRACTS}/events/__init__.py", '    "ShopSettingsChanged",\n', '    "ShopNoteSet",\n')
    copy.after(f"{CONTRACTS}/topics.py", "    ShopSettingsChanged,\n", "    ShopNoteSet,\n")
    copy.write(EXAMPLE, example)
    return copy


def test_an_event_is_added(tmp_path):
    copy = with_the_event(tmp_path)
    copy.after(f"{CONTRACTS}/topics.py", "types=(PushRequested, PushPauseSet", ", ShopNoteSet")
    assert copy.run("-m", "shopsync_contracts", "libs/contracts/schemas") == (0, "shop_note.set.v1.json\n")
    code, output = copy.pytest(*AN_EVENTS_TESTS)
    assert code == 0, output
    assert "shop_note.set" in copy.run("-m", "shopsync_cli", "events", "types")[1]


def test_an_event_without_a_topic_or_an_example_is_noticed(tmp_path):
    copy = with_the_event(tmp_path)
    (tmp_path / EXAMPLE).unlink()
    assert copy.run("-m", "shopsync_contracts", "libs/contracts/schemas")[0] == 0
    code, output = copy.pytest(*AN_EVENTS_TESTS)
    assert code == 1
    assert "test_every_type_travels_on_exactly_one_topic" in output
    assert "test_the_example_is_read_back_to_the_same_json[shop_note.set]" in output


def test_a_topic_is_added(tmp_path):
    copy = with_the_event(tmp_path)
    (spec,) = blocks("Add a topic", "python")
    copy.before(f"{CONTRACTS}/topics.py", "IMPORT_COMMANDS = ", spec)
    copy.before(f"{CONTRACTS}/topics.py", "    IMPORT_COMMANDS,\n", "    SHOP_NOTES,\n")
    counted = "libs/contracts/tests/test_topics.py"
    copy.write(counted, copy.read(counted).replace(f"== {len(TOPICS)}\n", f"== {len(TOPICS) + 1}\n"))
    assert copy.run("-m", "shopsync_contracts", "libs/contracts/schemas")[0] == 0
    code, output = copy.pytest(*AN_EVENTS_TESTS)
    assert code == 0, output
    shown = copy.run("-m", "shopsync_cli", "topics", "list", "--markdown")[1]
    assert (
        "| `shopsync.shop-notes.v1` | shop_key | shop_note.set | 3 | delete | 7 d | operator | catalog, operator |"
        in shown
    )


def test_a_setting_is_added(tmp_path):
    copy = Copy(tmp_path, "services/janitor/src", "docs")
    (field,) = blocks("Add a setting", "python")
    settings = "services/janitor/src/janitor/settings.py"
    copy.before(settings, "    lease: PositiveDuration", textwrap.indent(field, "    "))
    code, output = copy.run("-m", "janitor", "--help")
    assert code == 0
    assert re.search(r"JANITOR_NOTES_KEEP\b.*\n?.*How long notes of a shop can be looked at", output)
    assert copy.run("docs/tables.py") == (0, "")
    row = "| `JANITOR_NOTES_KEEP` | `30d` | How long notes of a shop can be looked at |"
    assert row in copy.read("docs/operations-reference.md")


def test_a_rule_is_added(tmp_path):
    tests = [
        str(path.relative_to(ROOT)) for part in ("libs", "services", "tools") for path in ROOT.glob(f"{part}/*/tests")
    ]
    copy = Copy(tmp_path, "docs", "tests", *tests)
    in_domain, in_rules = blocks("Add a rule", "text")
    (proof,) = blocks("Add a rule", "python")
    rule = in_domain.split()[1]
    (last,) = re.findall(rf"^\| {rule[:3]}{int(rule[3:]) - 1} \|.*\n", copy.read("docs/domain.md"), re.MULTILINE)

    def check() -> tuple[int, str]:
        return copy.pytest("tests/docs/test_rules.py")

    copy.after("docs/domain.md", last, in_domain)
    code, output = check()
    assert (code, "test_every_rule_has_a_row_and_no_row_is_of_none" in output) == (1, True), "a rule without a proof"
    row, *_ = re.findall(r"^\| AU-5 \|.*\n", copy.read("docs/rules.md"), re.MULTILINE)
    copy.after("docs/rules.md", row, in_rules)
    code, output = check()
    assert (code, "test_the_proof_exists" in output) == (1, True), "a proof that is not there"
    copy.append("services/catalog/tests/unit/test_status.py", proof)
    code, output = check()
    assert code == 0, output
