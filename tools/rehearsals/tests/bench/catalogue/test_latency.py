import json
from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.catalogue.delays.trips import Delays
from shopsync_rehearsals.bench.catalogue.latency.plan import Level, Measured, Plan
from shopsync_rehearsals.bench.catalogue.latency.report import as_json, levels_table
from shopsync_rehearsals.bench.catalogue.latency.verdict import judge, ratio
from shopsync_rehearsals.bench.catalogue.plan import Kind
from shopsync_rehearsals.bench.lines import all_good

P99 = {Kind.CATALOGUE: 100.0, Kind.RAW_LOOP: 40.0}


def level(number, share, kind):
    found = Delays(1000, {50: 20.0, 95: 30.0, 99: P99[kind] * (1 + number)}, 500.0)
    return Level(number, share, kind, 10.0 * share, found, 0, 0.5, 0.6, 0.01)


@pytest.fixture
def measured():
    plan = Plan(rounds=3)
    return Measured(plan, 1000.0, [level(*turn) for turn in plan.turns()])


def failed(measured):
    return [line.what for line in judge(measured) if line.good is False]


def test_every_contender_is_measured_at_every_rate_in_every_round():
    turns = Plan(rounds=2).turns()
    assert len(turns) == len(set(turns)) == 2 * 3 * 2
    firsts = [kind for _, _, kind in turns[::2]]
    assert firsts == [Kind.CATALOGUE, Kind.RAW_LOOP] * 3 or set(firsts) == {Kind.CATALOGUE, Kind.RAW_LOOP}


def test_a_good_run(measured):
    lines = judge(measured)
    assert all_good(lines)
    assert ratio(measured, 50) == 2.5
    assert json.loads(as_json(measured, lines))["good"]
    assert levels_table(measured).row_count == 3 * 3


def test_only_the_middle_rate_is_judged(measured):
    slow = {Kind.CATALOGUE: Delays(1000, {50: 20.0, 95: 30.0, 99: 1000.0}, 1000.0)}
    for share, what in ((10, []), (50, ["p99 ÷ raw loop at 50 %"]), (80, [])):
        levels = [
            replace(one, delays=slow[one.kind]) if one.share == share and one.kind in slow else one
            for one in measured.levels
        ]
        assert failed(replace(measured, levels=levels)) == what


def test_lost_snapshots_fail(measured):
    first, *others = measured.levels
    assert failed(replace(measured, levels=[replace(first, lost=2), *others])) == ["snapshots that never came"]


def test_what_was_not_measured_is_not_judged(measured):
    without = replace(
        measured, levels=[replace(one, delays=None, core=None, busy=None, others=None) for one in measured.levels]
    )
    assert failed(without) == []
    assert ratio(without, 50) is None
    assert levels_table(without).row_count == 3
