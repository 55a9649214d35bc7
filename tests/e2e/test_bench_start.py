"""The benchmark of a start, one round: every service handles its message; how fast is for a quiet machine."""

import pytest

from shopsync_rehearsals.bench.start.plan import SUBSCRIPTIONS, Plan
from shopsync_rehearsals.bench.start.run import Run
from shopsync_rehearsals.installation import Installation

pytestmark = [pytest.mark.e2e]


async def test_every_service_tells_where_the_seconds_of_its_start_went(
    kafka_bootstrap, mongo_uri, topic_prefix, mongo_database, tmp_path
):
    installation = Installation(kafka_bootstrap, mongo_uri, topic_prefix, mongo_database)
    starts = await Run(Plan(rounds=1, together=True, named=True), installation, tmp_path).run()
    assert [one.service for one in starts] == list(SUBSCRIPTIONS)
    for one in starts:
        assert sum(one.phases.values()) == pytest.approx(one.started, abs=0.01)
        assert one.started > 0
        assert one.cpu > 0
        assert one.phases["imports"] > 0
