"""The command line's list of consumer groups against what the services register."""

import ast
from pathlib import Path

import pytest

from shopsync_ops.subscriptions import SUBSCRIPTIONS

SERVICES = Path(__file__).parents[3] / "services"


def registered(service: str) -> set[tuple[str, frozenset[str]]]:
    """(name, topics) of every `runtime.consume("name", [TOPIC, …], …)` in the service's composition root."""
    tree = ast.parse((SERVICES / service / "src" / service / "app.py").read_text(encoding="utf-8"))
    return {
        (str(ast.literal_eval(call.args[0])), frozenset(ast.unparse(topic) for topic in call.args[1].elts))
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) == "runtime.consume"
        and isinstance(call.args[1], ast.List)
    }


@pytest.mark.parametrize("service", sorted(one.name for one in SERVICES.iterdir() if (one / "pyproject.toml").exists()))
def test_every_group_of_every_service_is_known(service):
    known = {
        (one.name, frozenset(spec.name.rpartition(".")[0].replace("-", "_").upper() for spec in one.topics))
        for one in SUBSCRIPTIONS
        if one.service == service
    }
    assert registered(service) == known
