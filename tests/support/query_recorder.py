"""Notes every query that the sources send in this process, with the function that sent it."""

import ast
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.monitoring import CommandListener

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    (
        *ROOT.glob("services/*/src"),
        *(ROOT / one / "src" for one in ("libs/runtime", "libs/readmodel", "libs/accounts", "tools/cli")),
    )
)
HELPERS = "shopsync_runtime/testing.py"
"""Of the sources, what only tests use."""

_KEPT = {
    "find": ("filter", "sort", "skip", "limit", "projection", "let", "collation"),
    "aggregate": ("pipeline", "let", "collation", "cursor"),
    "findAndModify": ("query", "sort", "update", "remove", "new", "upsert", "fields"),
    "update": ("updates",),
    "delete": ("deletes",),
}
"""The commands that look for documents, and what of each decides how."""

_ASKING = {
    "find", "find_one", "find_one_and_delete", "find_one_and_replace", "find_one_and_update", "aggregate", "distinct",
    "count_documents", "update_one", "update_many", "replace_one", "delete_one", "delete_many", "bulk_write",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A command, as it can be explained. `sender`: path of the source and name of the function."""

    sender: str
    collection: str
    command: Mapping[str, Any] = field(repr=False)
    server: tuple[str, int]

    @property
    def shape(self) -> str:
        """The same for queries that differ in values only."""
        return f"{self.sender} {self.collection} {_shape(self.command)}"


class Recorder(CommandListener):
    """Keeps one query of each shape and sender. `senders`: the functions of the sources that have asked."""

    def __init__(self) -> None:
        self.senders: set[str] = set()
        self._known: set[str] = set()
        self._fresh: list[Query] = []

    def take(self) -> list[Query]:
        """The queries that are new since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def forget(self, query: Query) -> None:
        """Take a query of this shape for new when it is sent again."""
        self._known.discard(query.shape)

    def started(self, event: Any) -> None:
        kept = _KEPT.get(event.command_name)
        sender = _sender(sys._getframe(1)) if kept else None
        if kept is None or sender is None:
            return
        collection = str(event.command[event.command_name])
        parts = {name: event.command[name] for name in kept if name in event.command}
        for one in _apart(parts):
            query = Query(sender, collection, {event.command_name: collection, **one}, event.connection_id)
            if query.shape not in self._known:
                self._known.add(query.shape)
                self._fresh.append(query)

    def called(self, frame: FrameType) -> None:
        """A method of a collection is called here. What it returns may be awaited by another function."""
        if (sender := _sender(frame)) is not None:
            self.senders.add(sender)

    def succeeded(self, event: Any) -> None:
        """Nothing to note."""

    def failed(self, event: Any) -> None:
        """Nothing to note."""


def watch_collections(recorder: Recorder) -> None:
    """Tell the recorder, in this process, of every call that looks for documents."""
    for name in _ASKING:
        setattr(AsyncCollection, name, _told(getattr(AsyncCollection, name), recorder))


def _told(method: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        recorder.called(sys._getframe(1))
        return method(*arguments, **options)

    return call


def _apart(parts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Only one update or deletion of a command can be explained."""
    for name in ("updates", "deletes"):
        if name in parts:
            for one in parts[name]:
                yield {name: [one]}
            return
    yield parts


def _shape(value: Any) -> Any:
    """Without the values, except those that decide about partial indexes."""
    if isinstance(value, Mapping):
        return {name: _shape(one) for name, one in value.items() if name not in ("u", "update", "cursor")}
    if isinstance(value, list):
        return sorted({repr(_shape(one)) for one in value})
    return value if value is None or isinstance(value, bool) else type(value).__name__


def _sender(frame: FrameType | None) -> str | None:
    """The innermost function of the sources that waits for this command."""
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_PREFIXES) and not path.endswith(HELPERS):
            # A comprehension and a lambda belong to the function around them.
            name = frame.f_code.co_qualname.replace(".<locals>", "").partition(".<")[0]
            return f"{Path(path).relative_to(ROOT)}:{name}"
        frame = frame.f_back
    return None


_PREFIXES = tuple(f"{source}/" for source in SOURCES)


def senders_in_the_sources() -> dict[str, set[str]]:
    """Every function of the sources that calls a method of a collection that looks for documents, and which."""
    found: dict[str, set[str]] = {}
    for source in SOURCES:
        for path in source.rglob("*.py"):
            if not str(path).endswith(HELPERS):
                for name, method in calls(ast.parse(path.read_text(encoding="utf-8")), ""):
                    found.setdefault(f"{path.relative_to(ROOT)}:{name}", set()).add(method)
    return found


def calls(node: ast.AST, inside: str) -> Iterator[tuple[str, str]]:
    """The calls below a node: the function they are in, below `inside`, and the method's name."""
    for child in ast.iter_child_nodes(node):
        name = inside
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{inside}.{child.name}".lstrip(".")
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _ASKING:
            yield name, child.func.attr
        yield from calls(child, name)
