"""A pytest plugin: which tests prove what docs/reliability.md promises, and what they found.

`@pytest.mark.reliability(21, 24)` on a test names the rows of the page. With `--reliability` the run writes what it
found into them; rows of tests that did not run keep what they say. A test adds figures by the fixture `told`.

As a program it writes the names of the tests only: `make generated`.
"""

import ast
import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
FOLDERS = ("libs", "services", "tools", "tests")

_OPTION = "--reliability"
_MARKER = "reliability"
_FACT = "reliability-fact"
_NUMBERS = "reliability-numbers"
ROW = re.compile(
    r"^\| (?P<number>\d+) \| (?P<fault>[^|]*) \| (?P<holds>[^|]*) \|(?P<tests>[^|]*)\|(?P<results>[^|]*)\|$"
)
_LINK = re.compile(r"\[(\w+)\]\(\.\./([^)]+)\)")
_WRITTEN = re.compile(r"^Written on .*$", re.MULTILINE)
_BREAK = "<br>"
NOT_RUN = "not run"

Proof = tuple[str, str]
"""Path of the file from the root of the project, and name of the function."""


@cache
def proofs() -> dict[int, tuple[Proof, ...]]:
    """The tests of each number, by their marks in the sources."""
    found: dict[int, list[Proof]] = defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("test_*.py")):
            text = path.read_text(encoding="utf-8")
            if f"mark.{_MARKER}(" in text:
                for number, name in _marked(ast.parse(text)):
                    found[number].append((str(path.relative_to(ROOT)), name))
    return {number: tuple(dict.fromkeys(some)) for number, some in found.items()}


def _marked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for mark in ast.walk(ast.Module(list(map(ast.Expr, node.decorator_list)), [])):
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == _MARKER:
                    yield from (
                        (argument.value, node.name) for argument in mark.args if isinstance(argument, ast.Constant)
                    )  # type: ignore[misc]


@dataclass(slots=True)
class Results:
    """What this session has found, by test."""

    outcomes: dict[Proof, list[str]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[Proof, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, report: pytest.TestReport) -> None:
        """Note how a test, or its set-up, has ended."""
        properties = report.user_properties
        if not any(name == _NUMBERS for name, _ in properties):
            return
        proof = (report.nodeid.partition("::")[0], report.nodeid.rpartition("::")[2].partition("[")[0])
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[proof].append(self._outcome(report))
        if report.when == "teardown":
            self.facts[proof] += [str(value) for name, value in properties if name == _FACT]

    @staticmethod
    def _outcome(report: pytest.TestReport) -> str:
        if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
            return f"skipped: {report.longrepr[2].removeprefix('Skipped: ')}"
        return "held" if report.outcome == "passed" else "**FAILED**"

    def text(self, proof: Proof) -> str | None:
        """One line for the table; None: it did not run."""
        outcomes = self.outcomes.get(proof)
        if not outcomes:
            return None
        worst = min(outcomes, key=lambda one: (one != "**FAILED**", one == "held"))
        facts = "; ".join(dict.fromkeys(self.facts.get(proof, ())))
        return f"{worst}: {facts}" if facts and worst == "held" else worst


def write(results: Results, today: dt.date | None = None) -> None:
    """Write tests and results into the rows of the page."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [_row(line, results) for line in text.splitlines()]
    text = "\n".join(lines) + "\n"
    if today is not None:
        text = _WRITTEN.sub(f"Written on {today.isoformat()} by a run.", text)
    PAGE.write_text(text, encoding="utf-8")


def _row(line: str, results: Results) -> str:
    row = ROW.match(line)
    if row is None:
        return line
    tests = proofs().get(int(row["number"]), ())
    before = dict(zip(_LINK.findall(row["tests"]), _cells(row["results"]), strict=False))
    known = {(path, name): result for (name, path), result in before.items()}
    found = [(proof, results.text(proof) or known.get(proof, NOT_RUN)) for proof in tests]
    links = _BREAK.join(f"[{name}](../{path})" for (path, name), _ in found)
    told = _BREAK.join(result.replace("|", "/").replace("\n", " ") for _, result in found)
    return f"| {row['number']} | {row['fault']} | {row['holds']} | {links} | {told} |"


def _cells(cell: str) -> Sequence[str]:
    return [one.strip() for one in cell.strip().split(_BREAK)]


# The plugin ----------------------------------------------------------------------------------------------------------

_RESULTS = pytest.StashKey[Results]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, action="store_true", help="write what the marked tests find into docs/reliability.md")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{_MARKER}(*numbers): proves these rows of docs/reliability.md")
    config.stash[_RESULTS] = Results()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        numbers = [number for mark in item.iter_markers(_MARKER) for number in mark.args]
        if numbers:
            item.user_properties.append((_NUMBERS, numbers))  # workers send it with their reports


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`told("paused for 3.1 s")`: a figure for the page."""
    properties: list[tuple[str, Any]] = request.node.user_properties

    def tell(fact: str) -> None:
        properties.append((_FACT, fact))

    return tell


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    results = config.stash[_RESULTS]
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                results.add(report)
    if config.getoption(_OPTION) and results.outcomes:
        write(results, dt.datetime.now(tz=dt.UTC).date())
        terminalreporter.write_line(f"results of {len(results.outcomes)} tests are in {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    write(Results())
