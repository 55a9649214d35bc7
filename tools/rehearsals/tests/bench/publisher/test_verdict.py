from dataclasses import replace

import pytest

from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.bench.publisher.report import as_json, is_good
from shopsync_rehearsals.bench.publisher.run import Measured
from shopsync_rehearsals.bench.publisher.traffic import Call
from shopsync_rehearsals.bench.publisher.verdict import judge
from shopsync_rehearsals.bench.usage import Sample

PLAN = Plan(products=3, shops=3, throttled_seconds=10, outage_seconds=10)
BEGAN = 1000.0


def even(shop, count, *, begin=BEGAN, status=200):
    return [Call(begin + number / 10, shop, "create_product", status) for number in range(count)]


@pytest.fixture
def measured():
    return Measured(
        plan=PLAN,
        products=3,
        skus=3,
        began=BEGAN,
        lasted=20.0,
        calls={
            "shop-01": even("shop-01", 60),
            "shop-02": [*even("shop-02", 3, status=503), *even("shop-02", 3, begin=BEGAN + 12)],
            "shop-03": even("shop-03", 3),
        },
        creates_per_sku={(shop, "x"): 1 for shop in PLAN.shop_keys},
        stock_writes_per_sku={(shop, "x"): 1 for shop in PLAN.shop_keys},
        summary={"creates": 3, "listings": {"ACTIVATE": 3}, "requests": {"by_operation": {"create_product": 69}}},
        created_events={f"{shop}/B": 1 for shop in PLAN.shop_keys},
        stock_events={f"{shop}/B//": 1 for shop in PLAN.shop_keys},
        failures={},
        skipped={},
        missing=[],
        cpu={"publisher": 1.0},
        samples=[Sample(BEGAN, 100.0, 5000.0), Sample(BEGAN + 5, 101.0, 5001.0)],
        kills=0,
        asked={"find": 6, "update": 3},
    )


def off(measured):
    return [line.what for line in judge(measured) if line.good is False]


def test_a_run_as_promised_is_good(measured):
    assert off(measured) == []
    assert is_good(measured, judge(measured))
    assert '"good": true' in as_json(measured, judge(measured))


def burst(measured):
    return {"calls": {**measured.calls, "shop-01": [*measured.calls["shop-01"][:20], *even("shop-01", 60)]}}


def lazy(measured):
    return {"calls": {**measured.calls, "shop-01": measured.calls["shop-01"][::2]}}


def refused(measured):
    return {"calls": {**measured.calls, "shop-01": [replace(call, status=429) for call in measured.calls["shop-01"]]}}


def still_broken(measured):
    return {"calls": {**measured.calls, "shop-02": even("shop-02", 3, status=503)}}


def late(measured):
    return {"calls": {**measured.calls, "shop-02": even("shop-02", 3, begin=BEGAN + 10 + 31)}}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: {"summary": {**m.summary, "creates": 4}}, "products created"),
        (lambda _: {"creates_per_sku": {("shop-01", "x"): 2}}, "creates per product, most"),
        (
            lambda m: {"summary": {**m.summary, "listings": {"ACTIVATE": 2, "PENDING": 1}}},
            "products on sale at the end",
        ),
        (lambda m: {"created_events": {**m.created_events, "shop-01/B": 0}}, "products with one `created` event"),
        (lambda m: {"created_events": {**m.created_events, "shop-01/B": 2}}, "products with one `created` event"),
        (lambda m: {"stock_writes_per_sku": {**m.stock_writes_per_sku, ("shop-01", "y"): 1}}, "SKUs with stock"),
        (
            lambda m: {"stock_writes_per_sku": {**m.stock_writes_per_sku, ("shop-01", "x"): 2}},
            "stock writes per SKU, most",
        ),
        (lambda m: {"stock_events": {**m.stock_events, "shop-01/B//": 2}}, "SKUs with one report of stock sent"),
        (
            lambda m: {"summary": {**m.summary, "requests": {"by_operation": {"deactivate_products": 1}}}},
            "calls that hide or delete",
        ),
        (burst, "calls of one shop in any second, most"),
        (refused, "429s of healthy shops"),
        (lazy, "rate used, least of the healthy shops"),
        (still_broken, "broken: works again after the outage's end"),
        (late, "broken: works again after the outage's end"),
    ],
)
def test_whatever_is_off_fails_its_line(measured, change, what):
    changed = replace(measured, **change(measured))

    assert what in off(changed)
    assert not is_good(changed, judge(changed))


def test_what_is_missing_fails_the_run(measured):
    changed = replace(measured, missing=["shop-01: 1 of 1 products not reported created"])

    assert off(changed) == []
    assert not is_good(changed, judge(changed))


def test_with_kills_the_use_of_the_rate_is_shown_and_the_limit_still_judged(measured):
    killed = replace(measured, plan=replace(PLAN, kill_every=4), **lazy(measured))

    assert off(killed) == ["publishers killed with -9"], "a run in which nobody died proves nothing"
    assert off(replace(killed, kills=1)) == []
    assert off(replace(killed, kills=1, **burst(measured))) == ["calls of one shop in any second, most"]


@pytest.mark.parametrize(("machine", "named"), [(9.8, True), (5.0, False)])
def test_a_rate_that_was_missed_for_want_of_processors_says_so(measured, monkeypatch, machine, named):
    """Two cores have 10 s of processor time in five seconds. What other programs used counts."""
    monkeypatch.setattr("shopsync_rehearsals.bench.publisher.verdict.cores", lambda: 2)
    samples = [Sample(BEGAN, 100.0, 5000.0), Sample(BEGAN + 5, 104.0, 5000.0 + machine)]
    lines = {line.what: line for line in judge(replace(measured, samples=samples, **lazy(measured)))}

    missed = lines["rate used, least of the healthy shops"]
    assert missed.good is False
    assert ("the processor is the limit" in missed.because) is named
    assert lines["processor time of 2 cores, while healthy shops push: this benchmark"].measured == "40%"
