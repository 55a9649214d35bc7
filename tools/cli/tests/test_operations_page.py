"""docs/operations.md says what is there."""

import re
import shlex
from pathlib import Path

from typer.main import get_command

from shopsync_cli.cli import app
from shopsync_contracts import TOPICS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_every_topic_that_is_named_is_declared():
    named = set(re.findall(r"shopsync\.([a-z-]+\.v\d)", PAGE))
    assert named
    assert named <= {spec.name for spec in TOPICS}


def test_every_command_line_that_is_shown_is_understood():
    lines = re.findall(r"^shopsync (.*?)(?:\s+#.*|\s+\|.*)?$", PAGE, re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        command, words = get_command(app), shlex.split(line)
        # `products --shop …` is a command and has commands of its own.
        while hasattr(command, "commands") and (words[:1] and not words[0].startswith("-")):
            command = command.commands[words.pop(0)]
        command.make_context(command.name, words)


def test_every_line_that_produces_names_the_partitioner():
    producing = [line for line in PAGE.splitlines() if line.startswith("kcat") and " -P " in line]
    assert producing
    assert all("-X topic.partitioner=murmur2_random" in line for line in producing)


def test_every_local_link_leads_somewhere():
    for target in re.findall(r"\]\((?!#|https?:)([^)#]+)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
