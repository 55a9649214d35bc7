import dataclasses
from datetime import timedelta

import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shopsync_contracts.access import Acl
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, TOPICS
from shopsync_runtime import Runtime, StartError, consumer_group
from shopsync_runtime.kafka.admin import admin_client, apply_topics
from shopsync_runtime.kafka.barrier import lag_barrier
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.permissions import Findings, inspect
from shopsync_testkit.polling import eventually


async def test_topics_are_created_as_declared_once(kafka_bootstrap, topic_prefix):
    report = await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    assert report.created == [spec.full_name(topic_prefix) for spec in TOPICS]
    again = await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    assert again.created == []
    assert again.checked == report.created
    assert again.differences == []


async def test_topics_and_rights_are_looked_for_and_nothing_is_created(kafka_bootstrap, topic_prefix):
    """Without access control everything is allowed, also to a group that nobody has ever joined."""
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, [DEAD_LETTERS])
    there, other = DEAD_LETTERS.full_name(topic_prefix), f"{topic_prefix}.other"
    wanted = [Acl("topic", name, "literal", operation) for name in (there, other) for operation in ("Write", "Read")]
    wanted += [Acl("group", f"{topic_prefix}.new", "literal", "Read")]

    async def found():
        try:
            async with admin_client(KafkaConnection(kafka_bootstrap)) as client:
                return await inspect(client, wanted)
        except GroupCoordinatorNotAvailableError:
            return None

    assert await eventually(found, what="a coordinator") == Findings([other], [])
    assert await found() == Findings([other], []), "looking for a topic creates it"


async def test_differences_are_told_and_nothing_is_changed(kafka_bootstrap, topic_prefix):
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, [DEAD_LETTERS])
    other = dataclasses.replace(DEAD_LETTERS, partitions=7, retention=timedelta(days=1))
    for _ in range(2):
        report = await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, [other])
        found = {difference.setting: (difference.declared, difference.found) for difference in report.differences}
        assert found == {"partitions": ("7", "3"), "retention.ms": ("86400000", "2592000000")}
    name = DEAD_LETTERS.full_name(topic_prefix)
    assert f"{name}: partitions is 3, declared 7" in [str(difference) for difference in report.differences]


async def test_events_arrive_in_order_with_key_and_content_type(common, topics, spec, make_event, read_topic):
    runtime = Runtime("probe", common)
    await runtime.producer.start()
    try:
        await runtime.events.publish_all([(spec, make_event(number)) for number in range(50)])
        await runtime.events.publish(spec, make_event(50), key=b"own")
    finally:
        await runtime.producer.stop()
    records = await read_topic(spec.full_name(common.topic_prefix))
    assert len(records) == 51
    by_partition = {}
    for record in records:
        by_partition.setdefault(record.partition, []).append(int(record.value.split(b'"id":"e')[1].split(b'"')[0]))
        assert dict(record.headers) == {"content-type": b"application/cloudevents+json; charset=UTF-8"}
    assert all(numbers == sorted(numbers) for numbers in by_partition.values())
    assert {record.key for record in records if b'"id":"e50"' in record.value} == {b"own"}


async def test_tombstones_are_null_values_and_only_where_declared(common, kafka_bootstrap, topics, spec, read_topic):
    await apply_topics(KafkaConnection(kafka_bootstrap), common.topic_prefix, [CATALOG_PRODUCTS])
    runtime = Runtime("probe", common)
    await runtime.producer.start()
    try:
        await runtime.events.send([runtime.events.null_message(CATALOG_PRODUCTS, b"demo/P-1")])
        with pytest.raises(ValueError, match="carries no tombstones"):
            runtime.events.null_message(spec, b"demo/P-1")
    finally:
        await runtime.producer.stop()
    [record] = await read_topic(CATALOG_PRODUCTS.full_name(common.topic_prefix))
    assert (record.key, record.value) == (b"demo/P-1", None)


async def test_the_barrier_passes_when_the_group_has_come_past_it(common, topics, spec, make_event, producer, running):
    runtime = Runtime("probe", common)
    handled = []

    async def handle(batch):
        handled.extend(batch)
        return []

    runtime.consume("commands", [spec], handle)
    topic = spec.full_name(common.topic_prefix)
    group = consumer_group(common.topic_prefix, "probe", "commands")
    empty = await runtime.lag_barrier(group, [spec])
    assert await empty.passed(), "an empty topic needs no commit"
    for number in range(5):
        await producer.send_and_wait(topic, make_event(number).to_bytes(), key=b"demo/P-%d" % number, partition=0)
    barrier = await runtime.lag_barrier(group, [spec])
    assert not await barrier.passed()
    assert sum((await barrier.behind()).values()) == 5
    async with running(runtime):
        await eventually(barrier.passed)
        assert len(handled) == 5
        await producer.send_and_wait(topic, make_event(9).to_bytes(), key=b"demo/P-9", partition=1)
        assert await barrier.passed(), "messages after the barrier do not count"


async def test_a_barrier_over_a_missing_topic_says_so(common, topics, spec):
    runtime = Runtime("probe", common)
    with pytest.raises(StartError, match="shopsync topics apply"):
        await runtime.lag_barrier("g", [dataclasses.replace(spec, name="nothing.v1")])


async def test_a_barrier_over_several_topics_asks_once_for_each_end(kafka_bootstrap, topic_prefix, monkeypatch):
    """Not once per unknown topic with a wait in between."""
    await apply_topics(KafkaConnection(kafka_bootstrap), topic_prefix, TOPICS)
    topics = [spec.full_name(topic_prefix) for spec in TOPICS]
    await lag_barrier(KafkaConnection(kafka_bootstrap), "g", topics)  # each partition has its leader
    asked, ask = [], Fetcher._proc_offset_requests

    async def counting(self, timestamps):
        asked.append(len(timestamps))
        return await ask(self, timestamps)

    monkeypatch.setattr(Fetcher, "_proc_offset_requests", counting)
    await lag_barrier(KafkaConnection(kafka_bootstrap), "g", topics)
    assert asked == [sum(spec.partitions for spec in TOPICS)] * 2, "the ends and the starts"
