"""Two processes with one SHOPSYNC_INSTANCE_ID: one works, the other says why it does not."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
import structlog

from shopsync_runtime import Runtime, consumer_group
from shopsync_runtime.kafka import membership
from shopsync_runtime.kafka.admin import group_members
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.lifecycle import start, stop
from shopsync_testkit.polling import eventually

SESSION = 4
MANY_LOOKS = 3


@pytest.fixture(autouse=True)
def looks_often(monkeypatch):
    """A fenced process checks more often than in production whether its id is free."""
    monkeypatch.setattr(membership, "_LOOK_SECONDS", 0.5)


class Twin(Runtime):
    """Records the ids of handled events in `handled`."""

    handled: list[str]


@pytest.fixture
def twin(common, spec):
    """Makes one of several services with the same name of the replica."""
    named = common.model_copy(update={"instance_id": "shop-0", "kafka_session_timeout": timedelta(seconds=SESSION)})

    def make():
        runtime = Twin("probe", named)
        runtime.handled = []

        async def handle(batch):
            runtime.handled.extend(delivery.event.id for delivery in batch)
            return []

        runtime.consume("commands", [spec], handle)
        return runtime

    return make


@contextlib.asynccontextmanager
async def life(runtime):
    starting = asyncio.ensure_future(start(runtime))
    try:
        yield starting
    finally:
        starting.cancel()
        await asyncio.wait({starting})
        assert await stop(runtime, None)


async def trouble(runtime):
    return (await runtime.readyz()).checks["subscription commands"]


async def test_the_one_that_lost_its_place_steps_aside_and_says_so(
    twin, common, topics, spec, make_event, producer, kafka_bootstrap
):
    group = consumer_group(common.topic_prefix, "probe", "commands")
    topic = spec.full_name(common.topic_prefix)
    first, second = twin(), twin()
    with structlog.testing.capture_logs() as logs:
        async with life(first) as started:
            await started
            assert await trouble(first) == "ok"
            async with life(second) as also_started:
                await also_started
                await eventually(lambda: first.subscriptions[0].outside)
                reason = await trouble(first)
                assert "another process" in reason
                assert "SHOPSYNC_INSTANCE_ID" in reason
                assert not (await first.readyz()).ok
                assert await trouble(second) == "ok"
                [member] = await group_members(KafkaConnection(kafka_bootstrap), group)
                for number in range(20):
                    event = make_event(number)
                    await producer.send_and_wait(topic, event.to_bytes(), key=event.key())
                await eventually(lambda: len(second.handled) == 20)
                await asyncio.sleep(MANY_LOOKS)
                assert [member] == await group_members(KafkaConnection(kafka_bootstrap), group), (
                    "nobody takes the place again"
                )
                assert first.handled == []
                assert second.subscriptions[0].outside is None
            await eventually(lambda: first.subscriptions[0].outside is None, timeout=180)
            event = make_event(99)
            await producer.send_and_wait(topic, event.to_bytes(), key=event.key())
            await eventually(lambda: first.handled == ["e99"])
            assert await trouble(first) == "ok"
    told = [line for line in logs if line["event"].startswith("stepping aside")]
    assert [line["log_level"] for line in told] == ["critical"], "once, not with every look"


async def test_two_that_start_at_the_same_moment_end_with_one_at_work(twin, common, topics, kafka_bootstrap):
    first, second = twin(), twin()
    async with life(first), life(second):

        async def one_works_and_one_tells():
            states = sorted([await trouble(first), await trouble(second)])
            return states[1] == "ok" and states[0].startswith("another process")

        await eventually(one_works_and_one_tells)
        group = consumer_group(common.topic_prefix, "probe", "commands")
        before = await group_members(KafkaConnection(kafka_bootstrap), group)
        await asyncio.sleep(MANY_LOOKS)
        assert await group_members(KafkaConnection(kafka_bootstrap), group) == before
        assert await one_works_and_one_tells()


async def test_a_restart_under_the_same_name_is_no_conflict(twin, topics):
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            runtime = twin()
            async with life(runtime) as started:
                await started
                assert await trouble(runtime) == "ok"
    assert not [line for line in logs if line["event"].startswith("stepping aside")]


async def test_a_member_whose_session_ended_comes_back(twin, common, topics, kafka_bootstrap, monkeypatch):
    """Frozen longer than its session: its membership is gone, but nobody has it."""
    runtime = twin()
    async with life(runtime) as started:
        await started
        coordinator = runtime.subscriptions[0].consumer._coordinator
        before = coordinator.member_id
        beat = coordinator._do_heartbeat

        async def frozen():
            return False

        monkeypatch.setattr(coordinator, "_do_heartbeat", frozen)
        group = consumer_group(common.topic_prefix, "probe", "commands")

        async def forgotten():
            return await group_members(KafkaConnection(kafka_bootstrap), group) == []

        await eventually(forgotten, interval=0.1)
        monkeypatch.setattr(coordinator, "_do_heartbeat", beat)
        await eventually(lambda: coordinator.member_id not in {"", before})
        await eventually(lambda: runtime.subscriptions[0].partitions.joined)
        assert await trouble(runtime) == "ok"
