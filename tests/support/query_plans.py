"""A pytest plugin: MongoDB explains every query that the sources send while tests run, and none reads a collection.

A query is explained on a database that has the services' indexes and no documents, right after the test that sent it
for the first time: it does not matter whether that test has made indexes. What runs as a process of its own is looked
at by `tests/e2e/test_indexes.py`.

`--every-query`, which `make test` gives: the session fails when a function of the sources asks MongoDB and no test has
reached it, so that none stays unseen.
"""

import asyncio
import contextlib
import importlib
import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient, monitoring
from pymongo.errors import ConnectionFailure, OperationFailure
from query_exceptions import READ_AS_A_WHOLE
from query_recorder import Query, Recorder, senders_in_the_sources, watch_collections

_REPORTED = "queries"
_OPTION = "--every-query"
_DROP_SECONDS = 1.0
_NOT_OURS = {None, 13, 18}
"""Codes of a server that one test has for itself: it has ended, or knows users only."""

recorder = Recorder()
monitoring.register(recorder)
watch_collections(recorder)


class Plans:
    """The empty database with all indexes, on the server where the first query was sent."""

    def __init__(self) -> None:
        self._name = f"plans_{uuid.uuid4().hex[:10]}"
        self._clients: dict[tuple[str, int], MongoClient[dict[str, Any]]] = {}

    def explain(self, query: Query) -> dict[str, Any]:
        """How MongoDB would look for the documents."""
        if (client := self._clients.get(query.server)) is None:
            # Only sessions that send queries need the services.
            asyncio.run(importlib.import_module("query_indexes").make(query.server, self._name))
            client = self._clients[query.server] = MongoClient(*query.server, directConnection=True)
        database = client[self._name]
        if query.collection not in database.list_collection_names():
            database.create_collection(query.collection)
        return database.command({"explain": dict(query.command), "verbosity": "queryPlanner"})

    def drop(self) -> None:
        """Remove the database, from servers that other sessions use as well."""
        for client in self._clients.values():
            # The session's own server has ended already.
            with contextlib.suppress(ConnectionFailure), pymongo.timeout(_DROP_SECONDS):
                client.drop_database(self._name)
            client.close()


def reads_everything(plan: Any, *, limited: bool) -> bool:
    """Whether a part of the plan reads a whole collection, or a whole index without a limit."""
    if isinstance(plan, list):
        return any(reads_everything(one, limited=limited) for one in plan)
    if not isinstance(plan, dict):
        return False
    if plan.get("stage") == "COLLSCAN":
        return True
    if (joined := plan.get("$lookup")) is not None and joined.get("foreignField") != "_id":
        return True  # MongoDB does not explain what it does for each document
    bounds = list(plan.get("indexBounds", {}).values())
    if plan.get("stage") == "IXSCAN" and not limited and bounds and bounds[0] == ["[MinKey, MaxKey]"]:
        return True
    return any(reads_everything(one, limited=limited) for name, one in plan.items() if name != "rejectedPlans")


_PLANS = Plans()


@pytest.fixture(autouse=True)
def _queries_use_indexes() -> Iterator[None]:
    yield
    found = []
    for query in recorder.take():
        if (query.sender, query.collection) in READ_AS_A_WHOLE:
            continue
        limited = bool(query.command.get("limit"))
        if limited and not query.command.get("filter") and not query.command.get("sort"):
            continue  # any documents, whichever come first
        try:
            plan = _PLANS.explain(query)
        except (ConnectionFailure, OperationFailure) as error:
            if getattr(error, "code", None) not in _NOT_OURS:
                raise
            recorder.forget(query)  # it is explained when another test sends it
            continue
        if reads_everything(plan, limited=limited):
            found.append(f"{query.sender} reads all of {query.collection}: {query.command}")
    assert not found, "\n".join(found)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, action="store_true", help="fail when no test reaches a function that asks MongoDB")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    recorder.senders.update(getattr(node, "workeroutput", {}).get(_REPORTED, []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    _PLANS.drop()
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_REPORTED] = sorted(recorder.senders)
    elif session.config.getoption(_OPTION) and unreached() and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption(_OPTION):
        for one in unreached():
            terminalreporter.write_line(f"no test has reached a query of {one}", red=True)


def unreached() -> list[str]:
    """Functions of the sources that ask MongoDB and were not seen doing it."""
    return sorted(senders_in_the_sources().keys() - recorder.senders)
