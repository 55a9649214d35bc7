"""docs/operations.md and its reference agree with commands and settings."""

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from shopsync_cli.app import app
from shopsync_contracts import TOPICS

DOCS = Path(__file__).parents[3] / "docs"
RECIPES = (DOCS / "operations.md").read_text(encoding="utf-8")
PAGES = {"recipes": RECIPES, "reference": (DOCS / "operations-reference.md").read_text(encoding="utf-8")}
PAGE = "\n".join(PAGES.values())
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
WIDTH = 140


def recipes() -> list[str]:
    """The sections of the page that show commands."""
    return [one for one in RECIPES.split("\n## ")[1:] if SHELL.search(one)]


def test_every_topic_that_is_named_is_declared():
    named = set(re.findall(r"shopsync\.([a-z-]+\.v\d)", PAGE))
    assert named
    assert named <= {spec.name for spec in TOPICS}


def test_every_command_line_that_is_shown_is_understood():
    lines = re.findall(r"^shopsync (?!--version$)(.*?)(?:\s+#.*|\s+\|.*)?$", "".join(SHELL.findall(PAGE)), re.MULTILINE)
    assert len(lines) >= 40
    for line in lines:
        command, words = get_command(app), shlex.split(line)
        # `products --shop …` is a command and a group.
        while hasattr(command, "commands") and (words[:1] and not words[0].startswith("-")):
            command = command.commands[words.pop(0)]
        command.make_context(command.name, words)


@pytest.mark.parametrize("recipe", recipes(), ids=lambda one: one.partition("\n")[0].replace(" ", "-"))
def test_a_recipe_says_how_to_see_that_it_worked(recipe):
    heading = recipe.partition("\n")[0]
    is_a_look = heading.startswith(("See ", "Look "))
    assert is_a_look or "**It worked** when" in recipe, heading


def test_every_line_that_produces_names_the_partitioner():
    producing = [line for line in PAGE.splitlines() if line.startswith("kcat") and " -P " in line]
    assert producing
    assert all("-X topic.partitioner=murmur2_random" in line for line in producing)


@pytest.mark.parametrize("page", PAGES)
def test_lines_wrap(page):
    text = re.sub(r"^ *```.*?^ *```", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    assert [line for line in text.splitlines() if len(line) > WIDTH and not line.startswith("|")] == []
