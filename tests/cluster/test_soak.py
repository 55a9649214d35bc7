"""`make soak`, short: it watches every service, works off what it sends, and finds nothing lost."""

import pytest

from shopsync_rehearsals.demo.stack import SERVICES
from shopsync_rehearsals.endurance.soak.run import SoakPlan, soak
from shopsync_rehearsals.installation import Installation

pytestmark = pytest.mark.cluster


async def test_a_short_soak_on_the_cluster_loses_nothing(site):
    own = f"{site.prefix}.soak"
    place = Installation(site.brokers.bootstrap_servers, site.databases.uri, own, site.prefix, replication=3)

    soaked = await soak(SoakPlan(minutes=0.5, products=40), place, site.folder, lambda *_: None)

    assert soaked.wrong == []
    assert soaked.samples.keys() == set(SERVICES)
    assert min(len(some) for some in soaked.samples.values()) > 3
    assert soaked.rounds > 1
    assert soaked.messages > 500
    last = {name: some[-1] for name, some in soaked.samples.items()}
    assert all(one.tasks > 5 and one.descriptors > 5 and one.threads > 0 for one in last.values())
