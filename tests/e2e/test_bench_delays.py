"""The benchmarks of delays, small: what they count holds on any machine, their times are for a quiet one."""

import pytest

from shopsync_rehearsals.bench.catalogue.fairness.plan import Plan as FairnessPlan
from shopsync_rehearsals.bench.catalogue.fairness.run import Run as FairnessRun
from shopsync_rehearsals.bench.catalogue.latency.plan import Plan as LatencyPlan
from shopsync_rehearsals.bench.catalogue.latency.run import Run as LatencyRun
from shopsync_rehearsals.installation import Installation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

BACKLOG = 6000


@pytest.fixture
def installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database):
    return Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)


async def test_one_shops_edits_overtake_another_shops_import(installation, tmp_path):
    plan = FairnessPlan(backlog=BACKLOG, every=0.05, records=100, patience=300)

    measured = await FairnessRun(plan, installation, tmp_path).run()

    assert measured.lost == 0
    early = [passed for passed, left in zip(measured.overtaken, measured.left, strict=True) if left > BACKLOG / 2]
    assert early
    assert max(early) < BACKLOG / 2


async def test_every_snapshot_is_read_at_every_rate(installation, tmp_path):
    plan = LatencyPlan(products=100, messages=400, shares=(10, 50), seconds=1, lead=0.5, patience=120)

    measured = await LatencyRun(plan, installation, tmp_path).run()

    assert [(level.round_number, level.share, level.kind) for level in measured.levels] == plan.turns()
    assert all(level.lost == 0 and level.delays is not None for level in measured.levels)
    assert measured.sustained > 0
