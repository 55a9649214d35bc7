import json
from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.imports.memory import Memory, growth
from shopsync_rehearsals.bench.imports.plan import Plan
from shopsync_rehearsals.bench.imports.report import as_json, memory_table, processor_table
from shopsync_rehearsals.bench.imports.run import Measured
from shopsync_rehearsals.bench.imports.verdict import judge
from shopsync_rehearsals.bench.lines import all_good, report

MIB = 1024 * 1024
PLAN = Plan(products=1001, rate=2.0)


@pytest.mark.parametrize(
    ("products", "calls"), [(1, 2), (100, 2), (101, 3), (250, 4), (251, 5), (100_000, 1400), (1_000_000, 14_000)]
)
def test_the_least_number_of_calls(products, calls):
    assert Plan(products=products).calls == calls


def test_the_least_time_follows_the_rate():
    plan = Plan(products=100_000, rate=10)
    assert plan.least_seconds == 140
    assert plan.bound > plan.least_seconds
    assert Plan(patience=9).bound == 9


def steps(*mebibytes):
    memory = Memory(100)
    for number, size in enumerate(mebibytes, start=1):
        memory.sample(number * 100 // len(mebibytes), number, size * MIB)
    return memory.steps


def test_memory_is_noted_at_every_tenth_with_its_highest_value():
    memory = Memory(1000)
    for done, size in ((0, 50), (99, 90), (100, 60), (150, 70), (420, 61), (430, 80), (1000, 62)):
        memory.sample(done, done / 10, size * MIB)
    memory.sample(1000, 101, None)
    found = [(step.done, step.now, step.highest) for step in memory.steps]
    assert found == [(10, 60, 90), (40, 61, 70), (100, 62, 80)]


def test_growth_compares_with_the_highest_of_the_first_fifth():
    assert growth(steps(90, 100, *[100] * 7, 110)) == pytest.approx(0.10)
    assert growth(steps(100, 100, *[90] * 8)) == pytest.approx(-0.10)
    assert growth(steps(100)) is None
    assert growth([]) is None


@pytest.fixture
def measured():
    return Measured(
        plan=PLAN,
        seconds=PLAN.least_seconds * 1.04,
        read=1001,
        changed=1001,
        not_taken=0,
        proven=True,
        failure="",
        messages=1001,
        present=1001,
        calls={"token": 1, "products": 5, "inventory": 11},
        refused=0,
        memory=steps(*[100] * 10),
        cpu={"ingestor": 1.0, "Kafka": 0.5},
    )


def test_a_good_run(measured):
    lines = judge(measured)
    assert all_good(lines)
    document = json.loads(as_json(measured, lines))
    assert document["good"]
    assert document["memory"][0] == {"done": 10, "seconds": 1, "now": 100.0, "highest": 100.0}
    assert report(lines, "x").row_count == len(lines)
    assert memory_table(measured).row_count == 10
    assert processor_table(measured).row_count == 3


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seconds": PLAN.least_seconds * 1.06}, "time of the least possible"),
        ({"memory": steps(*[100] * 9, 111)}, "memory: growth after the first fifth"),
        ({"read": 1000}, "products read"),
        ({"changed": 1000}, "products published"),
        ({"not_taken": 1}, "products refused"),
        ({"messages": 1002}, "messages on product-changes.v1"),
        ({"present": 1000}, "products known to be present"),
        ({"proven": False}, "a complete listing, proof of absence"),
        ({"calls": {"products": 6, "inventory": 11}}, "calls of the product search"),
        ({"calls": {"products": 5}}, "calls of the stock search"),
        ({"refused": 1}, "calls answered with an error"),
        ({"failure": "futureshop_denied: no"}, "the import"),
    ],
)
def test_each_promise_is_judged(measured, change, what):
    lines = judge(replace(measured, **change))
    assert [line.what for line in lines if line.good is False] == [what]
    assert not all_good(lines)
