import json
from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.catalogue.figures import OWN, Counts, Effort, Measured
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase, Plan
from shopsync_rehearsals.bench.catalogue.report import as_json, parts_table, work_table
from shopsync_rehearsals.bench.catalogue.verdict import judge
from shopsync_rehearsals.bench.lines import all_good, report

RATES = {Kind.CATALOGUE: 1000.0, Kind.RAW_LOOP: 1100.0, Kind.ONE_BY_ONE: 50.0, Kind.CONNECT: 900.0}
CPU = {Kind.CATALOGUE: 0.3, Kind.RAW_LOOP: 0.2, Kind.ONE_BY_ONE: 3.0, Kind.CONNECT: 0.4}
COUNTS = Counts(100, 100)


def effort(kind, phase):
    return Effort(kind, phase, 1000, 1000 / RATES[kind], {OWN: CPU[kind]}, 60.0, 0.02, COUNTS, COUNTS)


@pytest.fixture
def measured():
    efforts = [effort(kind, phase) for phase in Phase for kind in Kind]
    return Measured(Plan(rounds=2), [efforts, efforts], {}, {"update": {"JSON": 20.0, "BSON": 10.0}})


def changed(measured, kind, phase, **changes):
    """The same result, but for one contender in one phase."""
    rounds = [
        [replace(one, **changes) if (one.kind, one.phase) == (kind, phase) else one for one in efforts]
        for efforts in measured.rounds
    ]
    return replace(measured, rounds=rounds)


def failed(measured):
    return [line.what for line in judge(measured) if line.good is False]


def test_a_good_run(measured):
    lines = judge(measured)
    assert all_good(lines)
    document = json.loads(as_json(measured, lines))
    assert document["good"]
    assert document["rounds"][0][0]["rate"] == 1000.0
    assert report(lines, "x").row_count == len(lines)
    assert work_table(measured).row_count == len(Phase) * (1 + len(Kind))
    assert parts_table(measured).row_count == 3


@pytest.mark.parametrize(
    ("kind", "phase", "seconds", "what"),
    [
        (Kind.CATALOGUE, Phase.UPDATE, 1.3, ["update: rate ÷ raw-loop", "update: rate ÷ connect"]),
        (Kind.CATALOGUE, Phase.RE_DELIVERY, 1.3, ["re-delivery: rate ÷ raw-loop"]),
        (Kind.CATALOGUE, Phase.IN_A_ROW, 9.0, []),
        (Kind.RAW_LOOP, Phase.NOTHING_CHANGED, 0.6, ["nothing-changed: rate ÷ raw-loop"]),
        (Kind.ONE_BY_ONE, Phase.FIRST_IMPORT, 7.0, ["first-import: rate ÷ one-by-one"]),
    ],
)
def test_each_rate_is_judged(measured, kind, phase, seconds, what):
    assert set(failed(changed(measured, kind, phase, seconds=seconds))) == set(what)


def test_processor_time_is_judged(measured):
    slow = changed(measured, Kind.CATALOGUE, Phase.UPDATE, cpu={OWN: 0.33})
    assert failed(slow) == ["update: CPU ÷ raw-loop"]
    assert failed(changed(measured, Kind.CATALOGUE, Phase.UPDATE, cpu={})) == []


def test_wrong_counts_fail_and_say_which(measured):
    wrong = changed(measured, Kind.CONNECT, Phase.UPDATE, counts=Counts(99, 100))
    (line,) = [line for line in judge(wrong) if line.good is False]
    assert (line.what, line.measured) == ("connect: counts", "2 wrong")
    assert line.because.startswith("update: documents 99, not 100")
    assert not line.is_speed


def test_a_skipped_contender_says_why_and_is_not_judged(measured):
    efforts = [[one for one in some if one.kind is not Kind.CONNECT] for some in measured.rounds]
    skipped = replace(measured, rounds=efforts, skipped={Kind.CONNECT: "there is no java"})
    lines = judge(skipped)
    assert [line.measured for line in lines if Kind.CONNECT in line.what] == ["there is no java"]
    assert all_good(lines)
    assert work_table(skipped).row_count == len(Phase) * len(Kind)


def test_without_the_catalogue_there_is_nothing_to_compare(measured):
    others = Plan(contenders=(Kind.RAW_LOOP, Kind.ONE_BY_ONE))
    efforts = [[one for one in some if one.kind in others.contenders] for some in measured.rounds]
    lines = judge(replace(measured, plan=others, rounds=efforts))
    assert [line.what for line in lines if line.good is not None] == ["raw-loop: counts", "one-by-one: counts"]


def test_a_busy_machine_is_mentioned(measured):
    busy = changed(measured, Kind.CATALOGUE, Phase.UPDATE, others=0.5)
    assert judge(busy)[-1].measured == "50%: not a quiet machine"
    assert judge(measured)[-1].measured == "2%"
    unknown = replace(measured, rounds=[[replace(one, others=None) for one in some] for some in measured.rounds])
    assert "CPU" not in judge(unknown)[-1].what or "÷" in judge(unknown)[-1].what
