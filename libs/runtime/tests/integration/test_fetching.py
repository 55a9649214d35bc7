"""What comes while a batch is handled is taken with the next one, and quiet topics do not hold up busy ones."""

import dataclasses

import pytest
from aiokafka.consumer import fetcher

from shopsync_runtime import Runtime
from shopsync_runtime.kafka import consumer as consumers
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_testkit.polling import eventually

MANY = 20


@pytest.fixture
def send(topic_prefix, topics, producer, make_event):
    """`await send(spec, numbers)`: one message after the other, on one partition."""

    async def send(spec, numbers):
        for number in numbers:
            event = make_event(number)
            await producer.send_and_wait(spec.full_name(topic_prefix), event.to_bytes(), key=event.key(), partition=0)

    return send


async def test_what_comes_while_a_batch_is_handled_is_one_batch(common, spec, send, running, monkeypatch):
    monkeypatch.setattr(consumers, "_ALSO_FETCHED_MS", 2_000)  # as long as it takes on a busy machine
    sizes = []

    async def handle(batch):
        sizes.append(len(batch))
        if len(sizes) == 1:
            await send(spec, range(1, MANY + 1))
        return []

    runtime = Runtime("probe", common)
    runtime.consume("products", [spec], handle)
    async with running(runtime):
        await send(spec, [0])
        await eventually(lambda: sum(sizes) == MANY + 1)
    assert sizes == [1, MANY]


async def test_a_request_for_quiet_partitions_is_short_while_others_wait_to_be_taken(
    common, spec, kafka_bootstrap, topic_prefix, send, running, monkeypatch
):
    quiet = dataclasses.replace(spec, name="quiet.v1")
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, [quiet])
    await send(spec, range(MANY))
    waits = []

    class Recorded(fetcher.FetchRequest):
        def __init__(self, max_wait_ms, *others, **named):
            super().__init__(max_wait_ms, *others, **named)
            asked = {(topic, number) for topic, some in others[3] for number, *_ in some}
            if not asked <= own:
                return  # of a consumer that another test keeps in this process
            # Without them a long wait harms nobody, such as while the busy partition has no position yet.
            do_wait = bool(runtime.subscriptions[0].consumer._fetcher._records)
            waits.append((max_wait_ms, asked, do_wait))

    monkeypatch.setattr(fetcher, "FetchRequest", Recorded)
    busy, handled = (spec.full_name(topic_prefix), 0), []
    own = {(one.full_name(topic_prefix), number) for one in (spec, quiet) for number in range(one.partitions)}

    def asked_alone():
        return [wait for wait, asked, do_wait in waits if do_wait and busy not in asked]

    async def handle(batch):
        handled.extend(batch)
        # One record at a time, until the others are asked for beside those that are fetched.
        await eventually(asked_alone, timeout=20)
        return []

    runtime = Runtime("probe", common)
    runtime.consume("products", [spec, quiet], handle, max_records=1)
    async with running(runtime):
        await eventually(lambda: len(handled) == MANY, timeout=60)
    assert set(asked_alone()) == {50}
    assert {wait for wait, asked, _ in waits if busy in asked} == {500}
