"""The benchmark of the console, small: every page is the right one; how fast is for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.console.plan import Kind, Plan
from shopsync_rehearsals.bench.console.run import Run
from shopsync_rehearsals.bench.console.stack import running_on
from shopsync_rehearsals.bench.console.verdict import judge
from shopsync_rehearsals.installation import Installation

pytestmark = [pytest.mark.e2e]


async def test_merchants_find_what_they_open_alone_and_together(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    plan = Plan(products=100, shops=2, merchants=3, think=0.1, seconds=1.5, rush=0.5, rounds=1)
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
    async with running_on(installation, plan, tmp_path) as stack:
        measured = await Run(plan, stack).run()
    assert [line for line in judge(measured) if line.good is False and not line.is_speed] == []
    assert {one.kind for one in measured.together.clicks} == set(Kind)
    assert measured.together.merchants == 3
