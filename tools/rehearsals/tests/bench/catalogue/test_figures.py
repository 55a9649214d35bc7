from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.catalogue.figures import (
    OWN,
    Counts,
    Effort,
    Measured,
    Reading,
    cpu_per_message,
    cpu_ratio,
    measured_stretch,
    middle,
    rate_ratio,
    share_of_others,
    version_after,
    wanted,
)
from shopsync_rehearsals.bench.catalogue.plan import Amount, Kind, Phase, Plan

AMOUNT = Amount(100, 20)
GOOD = Counts(120, 120)


def effort(kind=Kind.CATALOGUE, rate=100, cpu=1.0, phase=Phase.UPDATE):
    return Effort(kind, phase, 100, 100 / rate, {OWN: cpu, "Kafka": 0.2}, 60.0, 0.0, GOOD, GOOD)


def measured(*rounds):
    return Measured(Plan(), rounds, {}, {})


def reading(at, done):
    return Reading(at, done, {}, None)


def test_the_measured_stretch_begins_after_the_warm_up():
    readings = [reading(0, 0), reading(1, 10), reading(2, 25), reading(3, 70), reading(4, 120)]
    assert measured_stretch(readings, 20) == (readings[2], readings[-1])


def test_a_run_that_is_over_at_once_counts_from_its_start():
    readings = [reading(0, 0), reading(1, 120)]
    assert measured_stretch(readings, 20) == (readings[0], readings[-1])


def test_processor_time_is_that_between_two_readings():
    first = Reading(10, 100, {OWN: 1.0, "Kafka": 5.0}, 100.0)
    last = Reading(20, 600, {OWN: 4.0, "Kafka": 5.5}, 108.5)
    assert cpu_per_message(first, last) == pytest.approx({OWN: 6.0, "Kafka": 1.0})
    assert share_of_others(first, last, 2) == pytest.approx(0.25)
    assert share_of_others(first, replace(last, machine=101.0), 2) == 0.0, "ticks are rounded"
    assert share_of_others(first, replace(last, machine=None), 2) is None


def test_the_median_over_the_rounds():
    efforts = [effort(rate=rate) for rate in (100, 500, 110)]
    assert middle(efforts, Kind.CATALOGUE, Phase.UPDATE, lambda one: one.rate) == pytest.approx(110)
    assert middle(efforts, Kind.CONNECT, Phase.UPDATE, lambda one: one.rate) is None


def test_ratios_are_taken_within_a_round():
    rounds = [
        [effort(rate=ours, cpu=2.0), effort(Kind.RAW_LOOP, rate=theirs, cpu=1.0)]
        for ours, theirs in ((50, 100), (100, 125), (10, 100))
    ]
    assert rate_ratio(measured(*rounds), Kind.RAW_LOOP, Phase.UPDATE) == pytest.approx(0.5)
    assert cpu_ratio(measured(*rounds), Kind.RAW_LOOP, Phase.UPDATE) == pytest.approx(2.0)
    assert rate_ratio(measured(*rounds), Kind.CONNECT, Phase.UPDATE) is None


@pytest.mark.parametrize(
    ("kind", "phase", "counts"),
    [
        (Kind.CATALOGUE, Phase.FIRST_IMPORT, Counts(120, 120, 120, 120)),
        (Kind.CATALOGUE, Phase.NOTHING_CHANGED, Counts(120, 120, 0, 120)),
        (Kind.CATALOGUE, Phase.RE_DELIVERY, Counts(120, 120, 120, 120)),
        (Kind.CATALOGUE, Phase.IN_A_ROW, Counts(120, 12, 12, None)),
        (Kind.RAW_LOOP, Phase.NOTHING_CHANGED, Counts(120, 120, 0)),
        (Kind.RAW_LOOP, Phase.IN_A_ROW, Counts(120, 12, 120)),
        (Kind.CONNECT, Phase.UPDATE, Counts(120, 120)),
    ],
)
def test_what_a_phase_leaves_behind(kind, phase, counts):
    assert wanted(kind, phase, AMOUNT) == counts


def test_versions_grow_with_effective_changes_only():
    assert [version_after(phase) for phase in Phase][:4] == [1, 2, 2, 2]


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        (Counts(119, 120, 120, 120), "update: documents 119, not 120"),
        (Counts(120, 0, 120, 120), "update: newest 0, not 120"),
        (Counts(120, 120, 119, 120), "update: snapshots 119, not 120"),
        (Counts(120, 120, 120, 1), "update: versions 1, not 120"),
    ],
)
def test_wrong_counts_are_named(counts, problem):
    one = replace(effort(), wanted=Counts(120, 120, 120, 120))
    assert replace(one, counts=counts).problems == [problem]
    assert replace(one, counts=Counts(120, 120, 130, 120)).problems == []
