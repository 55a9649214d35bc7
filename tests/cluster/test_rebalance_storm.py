"""A member joins or leaves every two seconds for a minute, while messages flow."""

import asyncio
import time
from datetime import timedelta

import pytest
import structlog
from prometheus_client import REGISTRY
from pydantic import SecretStr

import catalog.app
import catalog.settings
from shopsync_rehearsals.endurance.load import Load, Mixture
from shopsync_runtime import CommonSettings, Runtime
from shopsync_runtime.testing import running

pytestmark = pytest.mark.cluster

_SECONDS = 60
_EVERY = 2
_RATE = 500


def handled():
    names = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    mine = [one for one in names if one.name == "shopsync_messages_handled_total"]
    return sum(one.value for one in mine if one.labels["group"].endswith(".products"))


class Standstill:
    """The longest time without a handled message."""

    def __init__(self):
        self.longest = 0.0

    async def watch(self):
        count, since = handled(), time.monotonic()
        while True:
            await asyncio.sleep(0.1)
            if (now := handled()) != count:
                count, since = now, time.monotonic()
            self.longest = max(self.longest, time.monotonic() - since)


@pytest.fixture
def replica(site):
    """Makes a replica of the catalogue in this process: one more every few seconds, without a start of Python."""

    def make():
        common = CommonSettings(
            kafka_bootstrap_servers=site.brokers.bootstrap_servers,
            mongo_uri=SecretStr(site.databases.uri),
            mongo_database=site.prefix,
            topic_prefix=site.prefix,
            shutdown_grace=timedelta(seconds=10),
            kafka_session_timeout=timedelta(seconds=10),
        )
        runtime = Runtime("catalog", common)
        catalog.app.build(runtime, catalog.settings.CatalogSettings())
        return runtime

    return make


@pytest.mark.reliability(25)
async def test_members_that_come_and_go_all_the_time(site, replica, told, quiet_logs):
    standstill, before, changes = Standstill(), handled(), 0
    with structlog.testing.capture_logs() as logs:
        async with running(replica()) as steady:
            async with Load(site.brokers.bootstrap_servers, site.prefix, "endurance", Mixture(rate=_RATE)) as load:
                watching = asyncio.create_task(standstill.watch())
                end = time.monotonic() + _SECONDS
                while time.monotonic() < end:
                    async with running(replica()):
                        await asyncio.sleep(_EVERY)
                    await asyncio.sleep(_EVERY)
                    changes += 2
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                findings = await site.checked(load)
            assert [task for task in steady.tasks if task.failure is not None] == []
    repeated = handled() - before - findings.messages
    told(
        f"{changes} changes, longest standstill {standstill.longest:.1f} s, {repeated / findings.messages:.1%} repeated"
    )
    told(str(findings))
    assert [line for line in logs if "IllegalState" in str(line)] == []
    assert repeated < 0.05 * findings.messages
    assert standstill.longest < _SECONDS, "it hung"
