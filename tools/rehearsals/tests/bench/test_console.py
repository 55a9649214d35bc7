import json
from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.console.filling import copies
from shopsync_rehearsals.bench.console.plan import Click, Kind, Measured, Plan, Stage, joined, slow
from shopsync_rehearsals.bench.console.report import as_json, processor_table, times_table
from shopsync_rehearsals.bench.console.verdict import judge
from shopsync_rehearsals.bench.lines import all_good, report


def stage(merchants, milliseconds, **differs):
    clicks = [Click(kind, one / 1000) for kind in Kind for one in milliseconds]
    return Stage(merchants, 10.0, clicks, {"console": 0.5}, **differs)


@pytest.fixture
def measured():
    alone, together = stage(1, [10, 10, 20]), stage(50, [15, 15, 30])
    return Measured(Plan(), alone, together, alone, stage(50, [500]))


def test_a_good_run(measured):
    lines = judge(measured)
    assert all_good(lines)
    assert json.loads(as_json(measured, lines))["stages"]["one merchant"]["times"]["list"][0] == 0.01
    assert report(lines, "x").row_count == len(lines)
    assert times_table(measured).row_count == processor_table(measured).row_count == 4


@pytest.mark.parametrize(
    ("milliseconds", "missed"),
    [([21, 21, 30], {"median"}), ([15, 15, 90], {"p95"}), ([21, 21, 90], {"median", "p95"})],
)
def test_median_and_slow_pages_of_every_kind_are_judged(measured, milliseconds, missed):
    lines = judge(replace(measured, together=stage(50, milliseconds)))
    assert {line.what for line in lines if line.good is False} == {
        f"{kind}: {what} of 50 ÷ one" for kind in Kind for what in missed
    }
    assert all(line.is_speed for line in lines if line.good is False)


def test_a_page_with_a_fault_is_told_whatever_the_stage(measured):
    faulty = replace(measured.rush_alone, clicks=[Click(Kind.LIST, 0.01, "/products: 503")])
    [line] = [line for line in judge(replace(measured, rush_alone=faulty)) if line.good is False]
    assert (line.measured, line.because) == ("1", "/products: 503")


def test_rounds_are_one_stretch():
    together = joined([stage(50, [10]), stage(50, [20, 30])])
    assert (together.seconds, len(together.times(Kind.LIST)), dict(together.cpu)) == (20.0, 3, {"console": 1.0})
    assert together.rate == 9 / 20


def test_one_page_alone_has_no_slow_ones():
    assert slow([0.1]) is None
    assert slow([0.1] * 19 + [1.0]) == pytest.approx(0.1, abs=0.1)


def test_copies_have_numbers_and_a_shop_of_their_own():
    found = list(copies([{"_id": "shop00/P-000000", "shop_key": "shop00", "x": 1}], "shop01", range(2)))
    assert [(one["_id"], one["shop_key"], one["product_no"], one["x"]) for one in found] == [
        ("shop01/P-000000", "shop01", "P-000000", 1),
        ("shop01/P-000001", "shop01", "P-000001", 1),
    ]
    assert len({one["status"] for one in found}) == 2
