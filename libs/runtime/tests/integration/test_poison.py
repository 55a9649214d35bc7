"""Reliability test 16: poison among good messages, on the real broker."""

import asyncio
import json
from typing import Any

import pytest

from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime import PermanentError, Runtime, consumer_group, each
from shopsync_testkit.polling import eventually

GOOD = 1_000


def document(**changes: Any) -> dict[str, Any]:
    base = {
        "specversion": "1.0",
        "id": "poison",
        "source": "/tests",
        "type": "jp.shopsync.push.requested.v1",
        "subject": "demo/P-1",
        "time": "2026-11-23T09:00:00+09:00",
        "data": {"shop_key": "demo", "product_no": "P-1", "reason": "manual"},
    }
    return {**base, **changes}


def poison() -> dict[str, tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]], str]]:
    """Name: key, value, headers, expected error class."""
    good = json.dumps(document())
    return {
        "broken json": (b"demo/P-1", b'{"specversion": "1.0", ', [], "NotJson"),
        "wrong shape": (b"demo/P-1", json.dumps(document(data={"shop_key": 7})).encode(), [], "WrongShape"),
        "tombstone": (b"demo/P-1", None, [], "EmptyValue"),
        "neither key nor value, but for a byte": (b"", None, [], "EmptyValue"),
        "null header": (b"demo/P-1", b"not json", [("a", None), ("b", b"1")], "NotJson"),
        "non-UTF-8 header": (b"demo/P-1", b"not json", [("a", b"\xff\xfe\x00")], "NotJson"),
        "900 KB": (b"demo/P-1", b"x" * 900_000, [], "NotJson"),
        "unknown type": (b"demo/P-1", json.dumps(document(type="jp.shopsync.nothing.v1")).encode(), [], "UnknownType"),
        "unknown major": (
            b"demo/P-1",
            json.dumps(document(type="jp.shopsync.push.requested.v9")).encode(),
            [],
            "UnknownType",
        ),
        "key twice": (b"demo/P-1", good.replace('"id"', '"id": "x", "id"', 1).encode(), [], "NotJson"),
        "NaN": (b"demo/P-1", good.replace('"manual"', "NaN").encode(), [], "NotJson"),
        "deep nesting": (b"demo/P-1", b"[" * 10_000 + b"]" * 10_000, [], "NotJson"),
        "key of another product": (b"demo/P-2", good.encode(), [], "KeyMismatch"),
        "non-UTF-8 value": (b"demo/P-1", b"\xff\xfe{}", [], "NotJson"),
        "dead before": (
            b"demo/P-1",
            b"again",
            [("x-error", b"old"), ("x-topic", b"elsewhere"), ("k", b"v")],
            "NotJson",
        ),
    }


@pytest.mark.reliability(16)
async def test_each_poison_is_one_dead_letter_with_its_bytes_and_the_good_ones_are_handled(
    common, topics, spec, make_event, producer, running, read_topic, committed
):
    runtime = Runtime("probe", common)
    handled: list[str] = []

    async def handle(delivery):
        handled.append(delivery.event.id)

    runtime.consume("commands", [spec], each(handle), max_records=100)
    topic = spec.full_name(common.topic_prefix)
    cases = list(poison().values())
    sent, every = {}, GOOD // len(cases)
    for number in range(GOOD):
        await producer.send(topic, make_event(number).to_bytes(), key=make_event(number).key(), partition=0)
        if number % every == every // 2 and len(sent) < len(cases):
            key, value, headers, error_type = cases[len(sent)]
            queued = await producer.send(topic, value, key=key, headers=headers, partition=0)
            sent[(await queued).offset] = (key, value, headers, error_type)
    await producer.flush()
    assert len(sent) == len(cases)

    async with running(runtime):
        await eventually(lambda: len(handled) >= GOOD)
        await eventually(lambda: not runtime.subscriptions[0].commits.pending)
        assert all(task.failure is None for task in runtime.tasks)

    assert handled == [f"e{number}" for number in range(GOOD)]
    letters = await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))
    assert len(letters) == len(cases)
    for letter in letters:
        own = {name: value.decode() for name, value in letter.headers if name.startswith("x-")}
        key, value, headers, error_type = sent[int(own["x-offset"])]
        assert (letter.key, letter.value) == (key, value)
        foreign = [header for header in letter.headers if not header[0].startswith("x-")]
        assert foreign == [header for header in headers if not header[0].startswith("x-")]
        assert own["x-error-type"] == error_type, own
        assert (own["x-topic"], own["x-partition"], own["x-service"]) == (topic, "0", "probe")
        assert own["x-error"]
        assert own["x-failed-at"].endswith("+00:00")
        names = [name for name, _ in letter.headers]
        assert len(names) == len(set(names)), "an x-header stands twice"
    group = consumer_group(common.topic_prefix, "probe", "commands")
    assert await committed(group) == {(topic, 0): GOOD + len(cases)}


@pytest.mark.reliability(16, 20)
async def test_good_messages_with_null_and_binary_headers_and_without_key_are_handled(
    common, topics, spec, make_event, producer, running
):
    runtime = Runtime("probe", common)
    handled: list[Any] = []

    async def handle(batch):
        handled.extend(batch)
        return []

    runtime.consume("commands", [spec], handle)
    topic = spec.full_name(common.topic_prefix)
    headers = [("nothing", None), ("binary", b"\xff\xfe")]
    await producer.send_and_wait(topic, make_event(1).to_bytes(), headers=headers, partition=0)
    async with running(runtime):
        await eventually(lambda: handled)
    assert handled[0].event.id == "e1"
    assert handled[0].key is None
    assert list(handled[0].headers) == headers


@pytest.mark.reliability(16)
async def test_a_bug_costs_only_the_message_that_triggers_it(
    common, topics, spec, make_event, producer, running, read_topic
):
    runtime = Runtime("probe", common)
    handled: set[str] = set()

    async def handle(batch):
        for delivery in batch:
            if delivery.event.id == "e7":
                raise KeyError("a member nobody thought of")
            handled.add(delivery.event.id)
        return []

    runtime.consume("commands", [spec], handle)
    topic = spec.full_name(common.topic_prefix)
    for number in range(20):
        await producer.send(topic, make_event(number).to_bytes(), key=make_event(number).key(), partition=0)
    await producer.flush()
    async with running(runtime):
        await eventually(lambda: len(handled) == 19)
    [letter] = await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))
    assert letter.value == make_event(7).to_bytes()
    headers = dict(letter.headers)
    assert headers["x-error-type"] == b"KeyError"
    assert b"a member nobody thought of" in headers["x-error"]


async def test_a_permanent_error_becomes_a_dead_letter(common, topics, spec, make_event, producer, running, read_topic):
    runtime = Runtime("probe", common)
    handled: list[str] = []

    async def handle(delivery):
        if delivery.event.id == "e1":
            raise PermanentError("the stamp is 6 minutes ahead of the broker's")
        handled.append(delivery.event.id)

    runtime.consume("commands", [spec], each(handle))
    topic = spec.full_name(common.topic_prefix)
    for number in range(3):
        await producer.send_and_wait(topic, make_event(number).to_bytes(), key=make_event(number).key(), partition=0)
    async with running(runtime):
        await eventually(lambda: handled == ["e0", "e2"])
    [letter] = await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))
    assert dict(letter.headers)["x-error"] == b"the stamp is 6 minutes ahead of the broker's"


@pytest.mark.reliability(17)
@pytest.mark.parametrize("poison_count", [20])
async def test_the_limit_stops_the_subscription_and_nothing_past_it_is_committed(
    common, topics, spec, make_event, producer, running, read_topic, committed, poison_count
):
    runtime = Runtime("probe", common.model_copy(update={"dead_letter_limit": 5}))
    handled: list[str] = []

    async def handle(delivery):
        handled.append(delivery.event.id)

    runtime.consume("commands", [spec], each(handle), max_records=7)
    topic = spec.full_name(common.topic_prefix)
    await producer.send_and_wait(topic, make_event(0).to_bytes(), key=make_event(0).key(), partition=0)
    for _ in range(poison_count):
        await producer.send_and_wait(topic, b"bad deploy", key=b"k", partition=0)
    await producer.send_and_wait(topic, make_event(1).to_bytes(), key=make_event(1).key(), partition=0)
    async with running(runtime):
        subscription = runtime.subscriptions[0]
        await eventually(lambda: subscription.halted)
        await producer.send_and_wait(topic, make_event(2).to_bytes(), key=make_event(2).key(), partition=1)
        report = await runtime.readyz()
        assert not report.ok
        assert "more than 5 dead letters in a row" in report.checks["subscription commands"]
        assert (await runtime.livez()).ok, "an operator is needed, not a restart"
        assert subscription.consumer.paused() == subscription.consumer.assignment()
        await asyncio.wait_for(subscription.tick(), 120)
    assert handled == ["e0"]
    assert len(await read_topic(DEAD_LETTERS.full_name(common.topic_prefix))) == 5
    group = consumer_group(common.topic_prefix, "probe", "commands")
    assert await committed(group) == {(topic, 0): 6}
