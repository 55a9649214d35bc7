"""The benchmark of an import, small: its counts hold here too; its time and memory are for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.imports.plan import Plan
from shopsync_rehearsals.bench.imports.run import Run
from shopsync_rehearsals.bench.imports.stack import running_on
from shopsync_rehearsals.bench.imports.verdict import judge
from shopsync_rehearsals.installation import Installation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


async def test_every_product_of_a_large_shop_is_published_once(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    plan = Plan(products=2_010, rate=20, patience=90)
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
    async with running_on(installation, plan, tmp_path) as stack:
        measured = await Run(plan, stack).run()
    assert [line for line in judge(measured) if line.good is False and not line.is_speed] == []
    assert (measured.messages, measured.calls["products"], measured.calls["inventory"]) == (2_010, 9, 21)
    assert measured.memory[-1].done == 100
    assert all(step.now > 0 for step in measured.memory)
