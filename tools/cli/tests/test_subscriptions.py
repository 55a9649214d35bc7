"""The command line's list of consumer groups is what the services register."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

from shopsync_cli.kafka.subscriptions import SUBSCRIPTIONS

SERVICES = Path(__file__).parents[3] / "services"
_CONSUME = {"runtime.consume", "runtime.consume_unparsed"}


def registered(service: str) -> set[tuple[str, frozenset[str]]]:
    """(name, topics) of every `runtime.consume("name", topics, …)`, also unparsed, in the composition root."""
    root = importlib.import_module(f"{service}.app")
    tree = ast.parse(inspect.getsource(root))
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) in _CONSUME]
    return {
        (
            ast.literal_eval(call.args[0]),
            frozenset(spec.name for spec in eval(ast.unparse(call.args[1]), vars(root))),  # noqa: S307 - our own source
        )
        for call in calls
    }


@pytest.mark.parametrize("service", sorted(one.name for one in SERVICES.iterdir() if (one / "pyproject.toml").exists()))
def test_every_group_of_every_service_is_known(service):
    known = {(one.name, frozenset(spec.name for spec in one.topics)) for one in SUBSCRIPTIONS if one.service == service}
    assert registered(service) == known
