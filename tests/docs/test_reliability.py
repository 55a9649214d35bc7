"""docs/reliability.md: every number has tests, every mark has a row, and a run writes what it found."""

import datetime as dt
from types import SimpleNamespace

import pytest
import reliability
from reliability import PAGE, ROW, Results, proofs

ROWS = {int(row["number"]): row for line in PAGE.read_text(encoding="utf-8").splitlines() if (row := ROW.match(line))}


def test_every_number_has_a_test_and_every_mark_a_row():
    assert len(ROWS) > 30
    assert sorted(ROWS.keys() - proofs().keys()) == []
    assert sorted(proofs().keys() - ROWS.keys()) == []


@pytest.mark.parametrize("number", sorted(ROWS))
def test_the_page_names_the_tests_of_the_mark(number):
    named = {f"[{name}](../{path})" for path, name in proofs().get(number, ())}
    assert set(ROWS[number]["tests"].strip().split("<br>")) == named, "run: make generated"


PAGE_BEFORE = """text
Written on 2020-01-01 by a run.
| number | fault | holds when | tests | result |
|---|---|---|---|---|
| 21 | a broker away | goes on | [test_one](../a/test_x.py)<br>[test_two](../a/test_x.py) | held<br>held: 3 s |
| 22 | the primary away | goes on | [test_three](../a/test_x.py) | held |
"""


def report(test, outcome="passed", when="call", facts=(), longrepr=None):
    properties = [("reliability-numbers", [21]), *[("reliability-fact", fact) for fact in facts]]
    return SimpleNamespace(
        nodeid=f"a/test_x.py::{test}", outcome=outcome, when=when, user_properties=properties, longrepr=longrepr
    )


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Two rows, and a way to have a run written into them."""
    path = tmp_path / "page.md"
    path.write_text(PAGE_BEFORE, encoding="utf-8")
    monkeypatch.setattr(reliability, "PAGE", path)
    names = {21: ["test_one", "test_two"], 22: ["test_three"]}
    found = {number: tuple(("a/test_x.py", name) for name in some) for number, some in names.items()}
    monkeypatch.setattr(reliability, "proofs", lambda: found)

    def written(*reports):
        results = Results()
        for one in reports:
            results.add(one)
        reliability.write(results, dt.date(2026, 11, 29))
        text = path.read_text(encoding="utf-8")
        cells = {
            row["number"]: row["results"].strip().split("<br>")
            for line in text.splitlines()
            if (row := ROW.match(line))
        }
        return text, cells

    return written


def test_only_the_rows_of_tests_that_ran_are_written(page):
    text, cells = page(report("test_one[a]"), report("test_one[a]", when="teardown", facts=["5 s"]))
    assert cells == {"21": ["held: 5 s", "held: 3 s"], "22": ["held"]}
    assert "Written on 2026-11-29 by a run." in text


def test_one_parameter_that_fails_is_a_failure(page):
    _, cells = page(report("test_two[a]"), report("test_two[b]", "failed"), report("test_two[c]"))
    assert cells["21"] == ["held", "**FAILED**"]


def test_a_set_up_that_fails_and_a_skip_are_told(page):
    _, cells = page(
        report("test_one", "failed", when="setup"),
        report("test_two", "skipped", when="setup", longrepr=("file", 1, "Skipped: there is no java")),
    )
    assert cells["21"] == ["**FAILED**", "skipped: there is no java"]


def test_a_test_without_the_mark_is_not_told(page):
    unmarked = report("test_one", "failed")
    unmarked.user_properties = []
    assert page(unmarked)[1]["21"] == ["held", "held: 3 s"]
