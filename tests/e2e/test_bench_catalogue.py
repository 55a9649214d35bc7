"""The catalogue's benchmark, small: its counts hold here too; its rates are for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.catalogue.contenders import connect_worker
from shopsync_rehearsals.bench.catalogue.plan import Kind, Phase, Plan
from shopsync_rehearsals.bench.catalogue.run import Run
from shopsync_rehearsals.bench.catalogue.verdict import judge
from shopsync_rehearsals.installation import Installation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


async def test_every_contender_leaves_the_same_products(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    # Nothing is fetched for a test.
    kinds = tuple(kind for kind in Kind if kind is not Kind.CONNECT or connect_worker.is_here())
    plan = Plan(messages=200, rounds=1, contenders=kinds, patience=120)
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)

    measured = await Run(plan, installation, tmp_path).run()

    assert measured.skipped == {}
    assert [line for line in judge(measured) if line.good is False and not line.is_speed] == []
    assert [(one.phase, one.kind) for one in measured.efforts] == [(phase, kind) for phase in Phase for kind in kinds]
    assert all(one.messages > 0 and one.seconds > 0 for one in measured.efforts)
