"""Nothing is lost, nothing is committed early, and the rest of the world goes on."""

import asyncio
from collections import Counter

import pytest
from aiokafka import TopicPartition
from pymongo.errors import AutoReconnect

from shopsync_runtime import RetryableError, Runtime, consumer_group, each
from shopsync_runtime.consuming.partitions import Partitions
from shopsync_runtime.tracing import current_traceparent
from shopsync_testkit.polling import eventually

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def send(producer, topic, make_event, numbers, partition):
    for number in numbers:
        event = make_event(number)
        await producer.send(topic, event.to_bytes(), key=event.key(), partition=partition)
    await producer.flush()


@pytest.mark.reliability(22)
async def test_a_failing_partition_waits_and_loses_nothing_while_the_other_goes_on(
    common, topics, spec, make_event, producer, running, committed
):
    runtime = Runtime("probe", common)
    attempts, handled = [], {0: [], 1: []}
    broken = True

    async def handle(batch):
        if broken and any(delivery.partition == 0 for delivery in batch):
            attempts.append([delivery.offset for delivery in batch if delivery.partition == 0])
            raise AutoReconnect("the primary has stepped down")
        for delivery in batch:
            handled[delivery.partition].append(delivery.offset)
        return []

    runtime.consume("commands", [spec], handle, max_records=10)
    subscription = runtime.subscriptions[0]
    subscription.partitions = Partitions(delay=lambda attempt: 0.05 * attempt)
    topic = spec.full_name(common.topic_prefix)
    group = consumer_group(common.topic_prefix, "probe", "commands")
    await send(producer, topic, make_event, range(25), partition=0)
    async with running(runtime):
        await eventually(lambda: len(attempts) >= 2)
        await send(producer, topic, make_event, range(100, 125), partition=1)
        await eventually(lambda: len(handled[1]) == 25)
        await eventually(lambda: len(attempts) >= 4)
        assert handled[0] == []
        assert (topic, 0) not in await committed(group), "nothing may be committed while the batch fails"
        broken = False
        await eventually(lambda: len(handled[0]) == 25)
        await eventually(lambda: not subscription.commits.pending)
        assert subscription.partitions.waiting == set()
    assert handled == {0: list(range(25)), 1: list(range(25))}
    assert all(offsets[0] == 0 for offsets in attempts), "every attempt begins with the first unhandled record"
    assert await committed(group) == {(topic, 0): 25, (topic, 1): 25}


async def test_dead_letters_that_cannot_be_stored_hold_the_batch_back(
    common, topics, spec, make_event, producer, running, committed, monkeypatch
):
    runtime = Runtime("probe", common)
    handled = Counter()

    async def handle(delivery):
        handled[delivery.event.id] += 1

    runtime.consume("commands", [spec], each(handle))
    subscription = runtime.subscriptions[0]
    subscription.partitions = Partitions(delay=lambda _: 0.05)
    publish, refusals = subscription._publish_letters, []

    async def away(letters):
        refusals.append(letters)
        if len(refusals) < 3:
            raise RetryableError("the dead-letter topic is away")
        await publish(letters)

    monkeypatch.setattr(subscription, "_publish_letters", away)
    topic = spec.full_name(common.topic_prefix)
    await producer.send_and_wait(topic, make_event(1).to_bytes(), key=make_event(1).key(), partition=0)
    await producer.send_and_wait(topic, b"poison", key=b"k", partition=0)
    group = consumer_group(common.topic_prefix, "probe", "commands")
    async with running(runtime):
        await eventually(lambda: len(refusals) == 3)
        await eventually(lambda: subscription.limit.in_a_row == 1)
    assert handled["e1"] >= 1
    assert await committed(group) == {(topic, 0): 2}


async def test_commits_name_their_offsets_and_come_after_the_handler(
    common, topics, spec, make_event, producer, running
):
    runtime = Runtime("probe", common)
    story = []

    async def handle(batch):
        story.append(("handled", batch[-1].offset))
        return []

    runtime.consume("commands", [spec], handle, max_records=5)
    topic = spec.full_name(common.topic_prefix)
    async with running(runtime):
        consumer = runtime.subscriptions[0].consumer
        commit = consumer.commit

        async def spied(offsets=None):
            story.append(("committed", offsets))
            await commit(offsets)

        consumer.commit = spied
        await send(producer, topic, make_event, range(12), partition=1)
        await eventually(lambda: any(kind == "committed" and list(what.values()) == [12] for kind, what in story))
    last_handled = -1
    for kind, what in story:
        if kind == "handled":
            last_handled = what
        else:
            assert what is not None, "a commit without offsets commits what nobody has handled"
            assert max(what.values()) <= last_handled + 1


@pytest.mark.reliability(25)
async def test_a_second_replica_takes_partitions_and_nothing_is_lost(
    common, topics, spec, make_event, producer, running
):
    seen = Counter()
    holders = {}

    def replica(name):
        runtime = Runtime("probe", common)

        async def handle(delivery):
            seen[delivery.event.id] += 1
            holders[delivery.partition] = name

        runtime.consume("commands", [spec], each(handle), max_records=10)
        return runtime

    topic = spec.full_name(common.topic_prefix)
    async with running(replica("first")) as first:
        await send(producer, topic, make_event, range(50), partition=0)
        await send(producer, topic, make_event, range(50, 100), partition=1)
        await eventually(lambda: len(seen) == 100)
        async with running(replica("second")) as second:
            consumers = [runtime.subscriptions[0].consumer for runtime in (first, second)]
            await eventually(lambda: [len(consumer.assignment()) for consumer in consumers] == [1, 1])
            await send(producer, topic, make_event, range(100, 150), partition=0)
            await send(producer, topic, make_event, range(150, 200), partition=1)
            await eventually(lambda: len(seen) == 200)
            assert set(holders.values()) == {"first", "second"}
        await eventually(lambda: len(first.subscriptions[0].consumer.assignment()) == 2)
        await send(producer, topic, make_event, range(200, 210), partition=0)
        await eventually(lambda: len(seen) == 210)
    assert max(seen.values()) == 1, "a clean hand-over repeats nothing"


async def test_more_replicas_than_partitions_are_ready(common, topics, spec, running):
    async def handle(_batch):
        return []

    runtimes = []
    for _ in range(3):
        runtime = Runtime("probe", common)
        runtime.consume("commands", [spec], handle)
        runtimes.append(runtime)
    async with running(runtimes[0]), running(runtimes[1]), running(runtimes[2]):
        for runtime in runtimes:
            report = await eventually(runtime.readyz)
            assert report.checks["subscription commands"] == "ok"


async def test_the_trace_of_the_message_goes_on_in_the_events_that_follow(
    common, topics, spec, make_event, producer, running
):
    runtime = Runtime("probe", common)
    made = []

    async def handle(delivery):
        made.append(runtime.events.event(delivery.event.data))

    runtime.consume("commands", [spec], each(handle))
    topic = spec.full_name(common.topic_prefix)
    for number, trace in ((1, TRACE), (2, None)):
        event = make_event(number, trace)
        await producer.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=0)
    async with running(runtime):
        await eventually(lambda: len(made) == 2)
    assert [event.traceparent for event in made] == [TRACE, None]
    assert current_traceparent() is None
    assert made[0].source == "/shopsync/probe"


async def test_lag_is_measured_and_its_series_go_with_the_partition(
    common, topics, spec, make_event, producer, running
):
    from prometheus_client import REGISTRY  # noqa: PLC0415

    runtime = Runtime("probe", common)
    open_gate = False

    async def handle(_batch):
        if not open_gate:
            raise RetryableError("not yet")
        return []

    runtime.consume("lagging", [spec], handle, max_records=5)
    subscription = runtime.subscriptions[0]
    subscription.partitions = Partitions(delay=lambda _: 0.05)
    topic = spec.full_name(common.topic_prefix)
    labels = {"group": subscription.group, "topic": topic, "partition": "0"}

    def lag():
        return REGISTRY.get_sample_value("shopsync_consumer_lag", labels)

    await send(producer, topic, make_event, range(8), partition=0)
    async with running(runtime):
        await subscription.tick()
        assert lag() == 8
        assert subscription.progress.lag == 8
        open_gate = True
        await eventually(lambda: not subscription.commits.pending and subscription.partitions.waiting == set())

        async def caught_up():
            await subscription.tick()
            return lag() == 0

        await eventually(caught_up)
        assert subscription.progress.stalled_for() == 0
        await subscription.revoked(subscription.consumer.assignment())
        assert lag() is None


@pytest.mark.reliability(25)
@pytest.mark.needs_kafka("commit-in-rebalance")
async def test_a_rebalance_waits_for_the_batch_in_flight(common, topics, spec, make_event, producer, running):
    seen = Counter()
    entered, gate = asyncio.Event(), asyncio.Event()

    def replica(*, slow):
        runtime = Runtime("probe", common)

        async def handle(delivery):
            if slow and delivery.event.id == "e0":
                entered.set()
                await gate.wait()
            seen[delivery.event.id] += 1

        runtime.consume("commands", [spec], each(handle), max_records=10)
        return runtime

    topic = spec.full_name(common.topic_prefix)
    async with running(replica(slow=True)) as first:
        subscription = first.subscriptions[0]
        await send(producer, topic, make_event, range(5), partition=0)
        await send(producer, topic, make_event, range(100, 105), partition=1)
        await asyncio.wait_for(entered.wait(), 120)
        generation = subscription.partitions.generation

        async def open_when_the_group_asks():
            await eventually(lambda: subscription.consumer._subscription.reassignment_in_progress)
            assert subscription.partitions.generation == generation, "the rebalance waits for us"
            gate.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(open_when_the_group_asks())
            async with running(replica(slow=False)) as second:
                await eventually(lambda: len(second.subscriptions[0].consumer.assignment()) == 1)
                await send(producer, topic, make_event, range(200, 205), partition=0)
                await send(producer, topic, make_event, range(300, 305), partition=1)
                await eventually(lambda: len(seen) == 20)
    assert max(seen.values()) == 1, "the batch in flight was committed before its partition moved"


async def test_a_batch_that_outlives_its_partition_is_not_committed(
    common, topics, spec, make_event, producer, running, committed
):
    runtime = Runtime("probe", common)
    entered, gate = asyncio.Event(), asyncio.Event()
    seen = Counter()

    async def handle(delivery):
        if not gate.is_set():
            entered.set()
            await gate.wait()
        seen[delivery.event.id] += 1

    runtime.consume("commands", [spec], each(handle))
    subscription = runtime.subscriptions[0]
    topic = spec.full_name(common.topic_prefix)
    async with running(runtime):
        await send(producer, topic, make_event, range(3), partition=0)
        await asyncio.wait_for(entered.wait(), 120)
        subscription.partitions.assigned()  # the group has moved on meanwhile, positions are where it had committed
        subscription.consumer.seek(TopicPartition(topic, 0), 0)
        subscription.consumer.pause(TopicPartition(topic, 0))
        gate.set()
        await eventually(lambda: len(seen) == 3)
        await subscription.tick()
        assert subscription.commits.pending == {}
        group = consumer_group(common.topic_prefix, "probe", "commands")
        assert (topic, 0) not in await committed(group)


@pytest.mark.reliability(21)
@pytest.mark.needs_kafka("restart", "restart-durability")
@pytest.mark.parametrize("way", ["stop", pytest.param("kill", marks=pytest.mark.needs_kafka("crash-durability"))])
async def test_a_broker_that_comes_back_finds_us_where_we_were(
    kafka_broker, common, topics, spec, make_event, producer, running, committed, way
):
    runtime = Runtime("probe", common)
    seen = Counter()

    async def handle(delivery):
        seen[delivery.event.id] += 1

    runtime.consume("commands", [spec], each(handle), max_records=5)
    topic = spec.full_name(common.topic_prefix)
    async with running(runtime):
        await send(producer, topic, make_event, range(100), partition=0)
        await eventually(lambda: len(seen) >= 20)
        try:
            await (kafka_broker.stop() if way == "stop" else kafka_broker.kill())
        finally:
            await kafka_broker.start()
        await send(producer, topic, make_event, range(100, 150), partition=1)
        await eventually(lambda: len(seen) == 150)

        async def all_committed():
            await runtime.subscriptions[0].tick()
            group = consumer_group(common.topic_prefix, "probe", "commands")
            return await committed(group) == {(topic, 0): 100, (topic, 1): 50}

        await eventually(all_committed)
        assert all(task.failure is None for task in runtime.tasks)
