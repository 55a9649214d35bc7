import json
from dataclasses import replace

import bson
import pytest

from shopsync_rehearsals.bench.catalogue.figures import OWN
from shopsync_rehearsals.bench.catalogue.growth.filling import copies
from shopsync_rehearsals.bench.catalogue.growth.plan import Measured, Part, Plan, Sample, Stretch
from shopsync_rehearsals.bench.catalogue.growth.report import as_json, tables
from shopsync_rehearsals.bench.catalogue.growth.verdict import judge
from shopsync_rehearsals.bench.lines import all_good


def stretch(rate):
    return Stretch(rate, {OWN: 0.3, "Kafka": 0.1}, 0.02)


@pytest.fixture
def measured():
    plan = Plan(few=10, many=1000, long=300)
    return Measured(
        plan,
        products={10: [stretch(1000.0), stretch(1100.0)], 1000: [stretch(900.0), stretch(950.0)]},
        filling=20_000.0,
        replicas={one: stretch(1000.0) for one in plan.replicas},
        memory=[Sample(done, 100.0) for done in range(1, 301)],
    )


def failed(measured):
    return [line.what for line in judge(measured) if line.good is False]


def test_a_good_run(measured):
    lines = judge(measured)
    assert all_good(lines)
    assert measured.kept == pytest.approx(925 / 1050)
    assert json.loads(as_json(measured, lines))["good"]
    assert [one.row_count for one in tables(measured)] == [2, 3, 6]


def test_many_products_are_judged(measured):
    slow = replace(measured, products={**measured.products, 1000: [stretch(800.0)]})
    assert failed(slow) == ["rate with 1,000 products ÷ with 10"]


def test_the_last_third_of_memory_is_compared_with_the_first(measured):
    grown = [Sample(done, 100.0 if done <= 200 else 111.0) for done in range(1, 301)]
    assert failed(replace(measured, memory=grown)) == ["memory, last third of 300 messages ÷ first"]
    within = [Sample(done, 100.0 if done <= 200 else 109.0) for done in range(1, 301)]
    assert failed(replace(measured, memory=within)) == []


def test_what_was_not_asked_for_has_no_line(measured):
    only = Measured(replace(measured.plan, parts=(Part.REPLICAS,)), replicas=measured.replicas)
    assert [line.what for line in judge(only)] == ["CPU that everything else used, most"]
    assert len(tables(only)) == 1


def test_a_copy_has_its_own_number_and_everything_else_of_its_template():
    template = {"_id": "bench/P-000001", "product_no": "P-000001", "images": ["https://x/p-000001/1.jpg"], "n": 1.5}
    templates = [bson.encode({"_id": "bench/P-000000"}), bson.encode(template)]
    first, second = (bson.decode(one.raw) for one in copies(templates, range(4, 6)))
    assert first == {"_id": "bench/P-000004"}
    assert second == {
        "_id": "bench/P-000005",
        "product_no": "P-000005",
        "images": ["https://x/p-000005/1.jpg"],
        "n": 1.5,
    }
