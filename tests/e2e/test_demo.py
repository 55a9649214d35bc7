"""The demo's story ends green, also when a service is killed in the middle of it and started again."""

import asyncio
import contextlib

import httpx
import pytest

from shopsync_rehearsals.demo.checks import findings
from shopsync_rehearsals.demo.other_system import interfering
from shopsync_rehearsals.demo.stack import Plan
from shopsync_testkit.polling import eventually

PLAN = Plan(products=60, seed=11)


async def test_a_shop_goes_all_the_way(run_system):
    run = await run_system(PLAN)

    outcome = await run.story.run()

    assert findings(outcome.facts) == []
    assert outcome.pushes["created"] == len(outcome.facts.expected_listed) > 10
    assert outcome.pushes["unchanged"] == outcome.pushes["created"], "the second sync had nothing new to send"
    assert outcome.sweep.counts.deleted == 8
    assert set(run.follower.stock_sent.values()) == {1}


async def test_beside_a_system_that_writes_in_transactions(run_system):
    """Markers at the ends of partitions, aborted products and sync targets, one product of 2 MiB: nothing shows."""
    run = await run_system(PLAN)

    async with interfering(
        run.stack.installation.kafka_bootstrap, run.stack.installation.topic_prefix, run.follower
    ) as other:
        outcome = await run.story.run()

    def only_what_was_committed():
        assert other.findings() == []
        return True

    await eventually(only_what_was_committed)

    assert findings(outcome.facts) == []
    assert outcome.pushes["created"] == len(outcome.facts.expected_listed) > 10
    [letter] = set(run.follower.letters_elsewhere)
    assert "catalog" in letter
    assert "product.description" in letter
    assert "1000000" in letter.replace(",", "")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        for service in run.stack.services.values():
            assert (await client.get(f"{service.url}/readyz")).json()["ok"]


@contextlib.asynccontextmanager
async def crash(run, service, when):
    """SIGKILL the service as soon as `when()` holds while the block runs, and start it again at once."""

    async def kill():
        await eventually(when, what=f"the moment to kill {service}")
        await run.stack.services[service].kill()
        await run.stack.services[service].start(wait=False)

    task = asyncio.create_task(kill())
    try:
        yield
        assert task.done(), f"{service} was never killed: the story was over before"
        await task
        await run.stack.services[service].ready()
    finally:
        task.cancel()


MOMENTS = {
    "ingestor": lambda run: "import" in run.story.begun,
    "catalog": lambda run: len(run.follower.snapshots) >= 10,
    "publisher": lambda run: run.follower.pushes["created"] >= 5,
    "janitor": lambda run: "nightly sweep" in run.story.begun,
}


@pytest.mark.parametrize("service", MOMENTS)
async def test_kill_9_in_the_middle_changes_nothing(run_system, service):
    run = await run_system(PLAN)

    async with crash(run, service, lambda: MOMENTS[service](run)):
        outcome = await run.story.run()

    assert findings(outcome.facts) == []
    assert run.stack.services[service].running
