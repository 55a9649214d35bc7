"""Every answer of MongoDB takes half a second longer: messages pile up in Kafka, and nowhere else."""

import asyncio

import pytest

from shopsync_rehearsals.bench.usage import resident_bytes
from shopsync_rehearsals.endurance.load import Mixture

pytestmark = pytest.mark.cluster

_SETTLE_SECONDS = 8
_SLOW_SECONDS = 40
"""Four sessions of a member: one that sent no heartbeat meanwhile would be out."""
_MIB = 1024 * 1024


def megabytes(work):
    return [(resident_bytes(pid) or 0) / _MIB for pid in work.pids]


@pytest.mark.reliability(23)
async def test_a_slow_database_makes_the_lag_grow_and_nothing_else(at_work, mongo_link, told):
    slow_on_purpose = {"CATALOG_MAX_RECORDS": "20", **mongo_link.settings}
    async with at_work(Mixture(rate=300), **slow_on_purpose) as work:
        await asyncio.sleep(_SETTLE_SECONDS)
        before, rebalances = megabytes(work), await work.counter("shopsync_rebalances_total")
        lag = await work.counter("shopsync_consumer_lag", group=work.products)
        mongo_link.proxy.slow(0.5)
        most = before
        for _ in range(_SLOW_SECONDS):
            await asyncio.sleep(1)
            most = [max(pair) for pair in zip(most, megabytes(work), strict=True)]
        grown = await work.counter("shopsync_consumer_lag", group=work.products)
        assert grown > lag + 1000
        assert await work.counter("shopsync_rebalances_total") == rebalances
        mongo_link.proxy.heal()
        more = max(after / first - 1 for after, first in zip(most, before, strict=True))
        told(f"lag {lag:.0f} → {grown:.0f}, memory {more:+.0%}, no rebalance")
        assert more <= 0.10
        told(str(await work.end()))
