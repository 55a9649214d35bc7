"""What `shopsync_contracts.access` grants each service is what the service's code does: read from the code."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shopsync_contracts import TOPICS, TopicSpec, topic_of, topics
from shopsync_contracts.access import GROUPS, SERVICES, principal_of
from shopsync_contracts.events import BODIES
from shopsync_contracts.topics import DEAD_LETTERS

ROOT = Path(__file__).parents[2]
_SPECS = {name: spec for name, spec in vars(topics).items() if isinstance(spec, TopicSpec)}
_CONSUME = {"runtime.consume", "runtime.consume_unparsed"}
_PUBLISH = {"publish", "message", "null_message"}
_BARRIER = {"lag_barrier", "_passed"}


@dataclass
class Used:
    """Topics in the code of a service, by what is done with them.

    `followed`: read without a consumer group, by `live/reading.py`.
    """

    published: set[TopicSpec] = field(default_factory=set)
    awaited: set[TopicSpec] = field(default_factory=set)
    named: set[TopicSpec] = field(default_factory=set)
    followed: set[TopicSpec] = field(default_factory=set)


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


def specs_in(node: ast.AST) -> set[TopicSpec]:
    return {_SPECS[one.id] for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in _SPECS}


def published_in(node: ast.AST) -> Iterator[TopicSpec]:
    """The first argument of a call that publishes, and the first of a pair of topic and message."""
    if isinstance(node, ast.Call) and node.args and getattr(node.func, "attr", None) in _PUBLISH:
        yield from specs_in(node.args[0])
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and not specs_in(node.elts[1]):
        yield from specs_in(node.elts[0])


def published_by_type(tree: ast.AST) -> Iterator[TopicSpec]:
    """Who publishes to the topic of a body's type: those of the types that the module imports."""
    if any(isinstance(node, ast.Call) and ast.unparse(node.func) == "topic_of" for node in ast.walk(tree)):
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported = {one.name for node in imports if node.module == "shopsync_contracts.events" for one in node.names}
        yield from (topic_of(body) for body in BODIES if body.__name__ in imported)


def used_in(code: str) -> Used:
    tree = ast.parse(code)
    found = Used(published=set(published_by_type(tree)))
    for node in ast.walk(tree):
        found.published |= set(published_in(node))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in _BARRIER:
            found.awaited |= {spec for given in node.args for spec in specs_in(given)}
        if isinstance(node, ast.ImportFrom) and node.module == "shopsync_contracts.topics":
            found.named |= {_SPECS[one.name] for one in node.names if one.name in _SPECS}
    return found


def used_by(service: str) -> Used:
    found = Used()
    for file in sorted((ROOT / "services" / service / "src").rglob("*.py")):
        used = used_in(file.read_text(encoding="utf-8"))
        found.published |= used.published
        found.followed |= used.named - used.published if file.parts[-2:] == ("live", "reading.py") else set()
        found.awaited |= used.awaited
        found.named |= used.named
    return found


def names(specs) -> list[str]:
    return sorted(spec.name for spec in specs)


def test_every_service_is_a_user():
    folders = {one.name for one in (ROOT / "services").iterdir() if (one / "pyproject.toml").exists()}
    assert folders == set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_it_may_read_in_the_declared_groups(service):
    declared = {(one.name, frozenset(names(one.topics))) for one in GROUPS if one.service == service}
    assert registered(service) == declared
    principal = principal_of(service)
    if not principal.own_groups:
        assert names(principal.reads) == names(used_by(service).followed)
        return
    assert names(principal.reads) == sorted(name for _, topics in declared for name in topics)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_what_it_may_write(service):
    """The runtime publishes the dead letters of all who consume."""
    principal = principal_of(service)
    by_the_runtime = {DEAD_LETTERS} if principal.own_groups else set()
    assert names(used_by(service).published | by_the_runtime) == names(principal.writes)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_asks_for_nothing_else(service):
    principal, used = principal_of(service), used_by(service)
    known = {*principal.reads, *principal.writes}
    assert names(used.awaited - known) == names(principal.describes)
    assert used.named <= known | {*principal.describes}
    watched = {spec for group in principal.watches for spec in group.topics}
    assert not principal.watches or used.awaited <= watched


@pytest.mark.parametrize(
    ("code", "published", "awaited"),
    [
        ("await self._events.publish(REPORTS, event)", ["reports.v1"], []),
        ("await events.publish_all([(REPORTS, e) for e in some])", ["reports.v1"], []),
        ("x = [(TOOL_EDITS, e)]; return REPORTS, body", ["reports.v1", "tool-edits.v1"], []),
        ("PRODUCT_TOPICS = (PRODUCT_CHANGES, TOOL_EDITS)", [], []),
        (
            "events.message(REPORTS, e); events.null_message(CATALOG_PRODUCTS, key)",
            ["catalog-products.v1", "reports.v1"],
            [],
        ),
        ("await runtime.lag_barrier(group, [REPORTS])", [], ["reports.v1"]),
        ("if await self._passed(sweep, [DELETE_COMMANDS]): pass", [], ["delete-commands.v1"]),
    ],
)
def test_the_code_is_read_rightly(code, published, awaited):
    body = "".join(f"    {line}\n" for line in code.split("; "))
    used = used_in(f"async def f():\n{body}")
    assert (names(used.published), names(used.awaited)) == (published, awaited)


def test_all_topics_are_known_to_this_test():
    assert set(_SPECS.values()) == set(TOPICS)


def test_a_module_that_publishes_by_type_publishes_the_types_that_it_imports():
    imports = "from shopsync_contracts.events import EditChanges, ImportRequested, SyncRequested\n"
    assert names(used_in(f"{imports}topic_of(type(one))").published) == ["import-commands.v1", "sync-commands.v1"]
    assert names(used_in(imports).published) == []
