"""What others may send of any size, and content types in all their forms, on the real broker."""

import json
import os
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from shopsync_contracts import Event
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime import Runtime
from shopsync_testkit.polling import eventually

MIB = 1024 * 1024


@pytest_asyncio.fixture(loop_scope="session")
async def compressing(kafka_bootstrap):
    """A producer that compresses: the broker's limit counts compressed bytes."""
    client = AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, max_request_size=64 * MIB, max_batch_size=64 * MIB, compression_type="gzip"
    )
    await client.start()
    yield client
    await client.stop()


def padded(event: Any, size: int) -> bytes:
    document = {**json.loads(event.to_bytes()), "padding": ""}
    document["padding"] = "x" * (size - len(json.dumps(document)))
    return json.dumps(document).encode()


async def test_a_compressed_message_larger_than_its_topic_takes_is_a_dead_letter_and_the_partition_goes_on(
    common, topics, spec, make_event, compressing, running, read_topic
):
    runtime = Runtime("probe", common)
    handled: list[str] = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    runtime.consume("commands", [spec], handle)
    topic = spec.full_name(common.topic_prefix)
    limit = spec.max_message_bytes
    sizes = [limit, limit + 1, 2_500_000, 20 * MIB]
    for number, size in enumerate(sizes):
        event = make_event(number)
        await compressing.send_and_wait(topic, padded(event, size), key=event.key(), partition=0)
    last = make_event(9)
    noise = os.urandom(100_000).hex()
    await compressing.send_and_wait(
        topic, last.to_bytes(), key=last.key(), headers=[("n", noise.encode())], partition=0
    )
    async with running(runtime):
        await eventually(lambda: "e9" in handled)
        await eventually(lambda: not runtime.subscriptions[0].commits.pending)
    assert handled == ["e0", "e9"]
    letters = await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))
    told = [{name: value.decode() for name, value in letter.headers if name.startswith("x-")} for letter in letters]
    assert [(one["x-offset"], one["x-error-type"]) for one in told] == [
        (str(number), "TooLarge") for number in (1, 2, 3)
    ]
    for one, size in zip(told, sizes[1:], strict=True):
        assert one["x-error"] == f"the value has {size} bytes, at most {limit} are taken"


async def test_cloudevents_binary_mode_is_told_as_what_it_is(
    common, topics, spec, make_event, producer, running, read_topic
):
    """Attributes in `ce_*` headers, the default of many libraries (knative-extensions/eventing-kafka#1285)."""
    runtime = Runtime("probe", common)
    handled: list[str] = []

    async def handle(batch):
        handled.extend(delivery.event.id for delivery in batch)
        return []

    runtime.consume("commands", [spec], handle)
    document = json.loads(make_event(1).to_bytes())
    body = json.dumps(document.pop("data")).encode()
    headers = [(f"ce_{name}", str(value).encode()) for name, value in document.items()]
    topic = spec.full_name(common.topic_prefix)
    await producer.send_and_wait(topic, body, key=b"demo/P-1", partition=0, headers=headers)
    await producer.send_and_wait(topic, body, key=b"demo/P-1", partition=0)
    await producer.send_and_wait(topic, make_event(2).to_bytes(), partition=0)
    async with running(runtime):
        await eventually(lambda: handled == ["e2"])
        await eventually(lambda: not runtime.subscriptions[0].commits.pending)
    binary, other = (dict(one.headers) for one in await read_topic(DEAD_LETTERS.full_name(common.topic_prefix)))
    missing = "required attributes are missing: specversion, id, source, type, subject, time, data"
    hint = "; the attributes stand in headers (CloudEvents' binary mode): send the whole event as the value"
    assert binary["x-error"].decode() == missing + hint
    assert other["x-error"].decode() == missing


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/cloudevents+json; charset=UTF-8",
        b"application/cloudevents+json",
        b"Application/CloudEvents+JSON;charset=utf-8",
        b"application/json",
        b"text/plain",
        b"",
        None,
    ],
)
async def test_the_content_type_header_in_any_form_is_no_obstacle(
    common, topics, spec, make_event, producer, running, content_type
):
    """Everything needed to understand a message is in its value."""
    runtime = Runtime("probe", common)
    handled: list[Event[Any]] = []

    async def handle(batch):
        handled.extend(delivery.event for delivery in batch)
        return []

    runtime.consume("commands", [spec], handle)
    event = make_event(1)
    for document in (
        json.loads(event.to_bytes()),
        {**json.loads(event.to_bytes()), "datacontenttype": None},
        {**json.loads(event.to_bytes()), "datacontenttype": "Application/JSON; charset=utf-8"},
    ):
        await producer.send_and_wait(
            spec.full_name(common.topic_prefix),
            json.dumps(document).encode(),
            key=event.key(),
            headers=[("content-type", content_type)],
        )
    async with running(runtime):
        await eventually(lambda: len(handled) == 3)
    assert handled == [event] * 3
