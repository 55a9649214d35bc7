import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest_asyncio

from publisher.model import Later
from publisher.store import Jobs
from shopsync_contracts import new_event
from shopsync_contracts.events import PushRequested
from shopsync_runtime.mongo import make_client
from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

LEASE = timedelta(seconds=30)


def command(now, product_no="A", shop_key="demo", reason="auto"):
    body = PushRequested(shop_key=shop_key, product_no=product_no, reason=reason)
    return new_event(body, source="/test", id=str(uuid4()), time=now)


@pytest_asyncio.fixture(loop_scope="session")
async def jobs(mongo_uri, mongo_database):
    async with make_client(mongo_uri, app_name="test") as client:
        jobs = Jobs(client[mongo_database])
        await jobs.ensure_indexes()
        yield jobs


async def claim(jobs, now, shop="demo"):
    return await jobs.claim(shop, owner=str(uuid4()), now=now, lease=LEASE)


def later(jobs, job, now, **changes):
    return jobs.reschedule(job, replace(Later(now + timedelta(hours=1), attempts=2), **changes), now)


async def test_one_claim_per_product_across_workers(jobs, now):
    await jobs.request([command(now), command(now)], now)
    claims = await asyncio.gather(*(claim(jobs, now) for _ in range(5)))
    assert sum(job is not None for job in claims) == 1


async def test_an_expired_lease_is_taken_over_and_the_old_worker_writes_nothing(jobs, now):
    await jobs.request([command(now)], now)
    first = await claim(jobs, now)
    second = await claim(jobs, now + LEASE)
    assert second is not None
    assert not await jobs.renew(first, now + 2 * LEASE)
    await jobs.finish(first, now)
    await later(jobs, first, now)
    assert await jobs.renew(second, now + 2 * LEASE)


async def test_a_command_during_the_push_keeps_the_job(jobs, now):
    await jobs.request([command(now)], now)
    job = await claim(jobs, now)
    newest = command(now)
    await jobs.request([newest], now)
    await jobs.finish(job, now)
    again = await claim(jobs, now)
    assert again.command_id == newest.id
    await jobs.finish(again, now)
    assert await claim(jobs, now) is None


async def test_a_job_has_the_trace_of_its_newest_command(jobs, now):
    first, second, third = (f"00-{number:032x}-{number:016x}-01" for number in (1, 2, 3))
    taken = command(now)
    await jobs.request([traced(command(now), first), traced(command(now), second)], now)
    job = await claim(jobs, now)
    assert job.traceparent == second
    await jobs.release(job)
    await jobs.request([traced(taken, first)], now, {taken.id: third})
    job = await claim(jobs, now)
    assert job.traceparent == third, "the span in which it was taken goes before what it came with"
    await jobs.release(job)
    await jobs.request([command(now)], now)
    assert (await claim(jobs, now)).traceparent is None


def traced(event, traceparent):
    return event.model_copy(update={"traceparent": traceparent})


async def test_a_scheduled_command_waits_for_the_back_off_a_manual_one_does_not(jobs, now):
    await jobs.request([command(now)], now)
    await later(jobs, await claim(jobs, now), now)
    await jobs.request([command(now, reason="auto")], now)
    assert await claim(jobs, now) is None
    await jobs.request([command(now, reason="manual")], now)
    job = await claim(jobs, now)
    assert (job.attempts, job.waits) == (0, 0)


async def test_any_command_wakes_a_parked_job(jobs, now):
    await jobs.request([command(now)], now)
    await later(jobs, await claim(jobs, now), now, reported="authorization")
    await jobs.request([command(now, reason="auto")], now)
    assert (await claim(jobs, now)).reported is None


async def test_names_that_look_like_expressions_are_kept(jobs, now):
    await jobs.request([command(now, "$seq", "$$ROOT")], now)
    job = await claim(jobs, now, "$$ROOT")
    assert (job.shop_key, job.product_no) == ("$$ROOT", "$seq")


async def test_shops_with_due_jobs_are_found_by_one_step_in_the_index_each(jobs, now, mongo_client, mongo_database):
    """However long the queue is: parked and waiting jobs after the first are not read."""
    await jobs.request([command(now, f"P-{number}", shop) for shop in "abc" for number in range(40)], now)
    for shop in "bc":
        while (job := await claim(jobs, now, shop)) is not None:
            await later(jobs, job, now)
    await jobs.request([command(now, "P-1", "c", reason="manual")], now)
    assert await jobs.due_shops(now) == ["a", "c"]
    stages = [
        {"$sort": {"shop_key": 1, "due_at": 1}},
        {"$group": {"_id": "$shop_key", "due_at": {"$first": "$due_at"}}},
    ]
    explained = await mongo_client[mongo_database].command(
        "explain", {"aggregate": "push_jobs", "pipeline": stages, "cursor": {}}, verbosity="executionStats"
    )
    assert "DISTINCT_SCAN" in str(explained)


async def test_a_claim_whose_answer_was_lost_is_released(jobs, now):
    await jobs.request([command(now)], now)
    job = await claim(jobs, now)
    await jobs.abandon("demo", "somebody else")
    assert await claim(jobs, now) is None
    await jobs.abandon("demo", job.owner)
    assert await claim(jobs, now) is not None


async def test_a_slow_shop_does_not_keep_the_others(demo):
    """Fairness: the slow shop was first, and has more than there are workers."""
    assert (await demo.authorise("other")).status_code == 200
    demo.sandbox.faults.add(Fault("slow", shop="demo", times=None, seconds=1.0))
    slow = [f"S-{number}" for number in range(20)]
    for product_no in slow:
        await demo.store(product_no)
    for number in range(3):
        await demo.store(f"F-{number}", "other")
    await demo.command(*slow)
    await demo.command(*[f"F-{number}" for number in range(3)], shop_key="other")

    def told():
        counts = Counter(event["shop_key"] for event in demo.events("push.succeeded"))
        return counts["other"] == 3 and counts

    assert (await eventually(told))["demo"] < len(slow)
    demo.sandbox.faults.clear()


async def test_a_restarted_instance_goes_on_with_its_own_pushes_only(jobs, now):
    """`publisher-1` restarted: its lease is released at once, `publisher-10` and those without a name keep theirs."""
    await jobs.request([command(now, product_no) for product_no in "ABC"], now)
    owners = ["publisher-1/x", "publisher-10/x", str(uuid4())]
    held = [await jobs.claim("demo", owner=owner, now=now, lease=LEASE) for owner in owners]

    assert await jobs.release_all_of("publisher-1", now) == 1

    again = await claim(jobs, now)
    assert again is not None
    assert again.id == held[0].id
    assert await claim(jobs, now) is None
    assert not await jobs.renew(held[0], now + LEASE), "the old life has no say"
