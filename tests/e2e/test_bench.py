"""The publisher's benchmark, small: its counts and limits hold here too; its speed is for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.publisher import quiet
from shopsync_rehearsals.bench.publisher.outcomes import connected
from shopsync_rehearsals.bench.publisher.plan import Plan
from shopsync_rehearsals.bench.publisher.quiet import Quiet, QuietRun
from shopsync_rehearsals.bench.publisher.run import Run
from shopsync_rehearsals.bench.publisher.stack import running_on
from shopsync_rehearsals.bench.publisher.verdict import BUSIEST, judge
from shopsync_rehearsals.installation import Installation
from shopsync_sandbox.tiktok.traffic import busiest_second

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

SMALL = {
    "products": 24,
    "shops": 3,
    "images": 2,
    "latency": 0.02,
    "throttled_seconds": 2.0,
    "outage_seconds": 2.0,
    "patience": 60.0,
}


@pytest.fixture
async def bench(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path):
    async def run(**changes):
        plan = Plan(**{**SMALL, **changes})
        installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
        async with (
            running_on(installation, plan, tmp_path) as stack,
            connected(kafka_bootstrap, topic_prefix) as (bus, outcomes),
        ):
            return await Run(plan, stack, bus, outcomes).run()

    return run


def off(measured):
    """Lines that failed. One call over the rate is left to the benchmark: a busy machine has uneven arrivals."""
    busiest = max(busiest_second([call.at for call in measured.calls[shop]]) for shop in ("shop-01", "shop-02"))
    assert busiest <= measured.plan.rate + 1
    return [line for line in judge(measured) if line.good is False and not line.is_speed and line.what != BUSIEST]


async def test_a_throttled_and_a_broken_shop_cost_nothing_but_time(bench):
    measured = await bench()

    assert measured.missing == []
    assert off(measured) == []
    assert any(call.failed for call in measured.calls["shop-02"]), "the outage was met"
    assert any(call.refused for call in measured.calls["shop-03"]), "the lower rate was met"


async def test_kill_9_of_the_publisher_changes_none_of_the_counts(bench):
    measured = await bench(kill_every=1.5, most_kills=4)

    assert measured.missing == []
    assert off(measured) == []
    assert measured.kills == 4


async def test_a_push_of_one_of_many_idle_shops_begins_at_once(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    plan = Plan(products=24, shops=24, images=1, latency=0.02)
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
    async with (
        running_on(installation, plan, tmp_path) as stack,
        connected(kafka_bootstrap, topic_prefix) as (bus, outcomes),
    ):
        measured = await QuietRun(plan, Quiet(pushing=8, apart=0.1, idle=2.0), stack, bus, outcomes).run()

    assert [line for line in quiet.judge(measured) if line.good is False and not line.is_speed] == []
