"""Offsets that hold no message: markers, aborted batches, compacted and removed records. Nobody waits for them."""

import contextlib
import dataclasses

import pytest
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client import REGISTRY

from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import Runtime, consumer_group
from shopsync_runtime.kafka.admin import apply_topics
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import reader
from shopsync_testkit.polling import eventually


class Transactional(AIOKafkaProducer):
    """Ends a transaction when its markers are written: Kafka answers before, and until then nobody reads past it."""

    def __init__(self, bootstrap_servers, transactional_id):
        super().__init__(bootstrap_servers=bootstrap_servers, transactional_id=transactional_id)
        self.bootstrap_servers, self.partition = bootstrap_servers, None

    async def commit_transaction(self):
        await super().commit_transaction()
        await self._written()

    async def abort_transaction(self):
        await super().abort_transaction()
        await self._written()

    async def _written(self):
        levels = ("read_committed", "read_uncommitted")
        one, other = (AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers, isolation_level=one) for one in levels)
        async with one, other:

            async def no_transaction_is_open():
                return await one.end_offsets([self.partition]) == await other.end_offsets([self.partition])

            await eventually(no_transaction_is_open)


class World:
    """One topic, one group, a publisher that writes in transactions."""

    def __init__(self, common, spec, make_event, running, transactional):
        self.common, self.spec, self.make_event, self._running = common, spec, make_event, running
        self.transactional = transactional
        self.topic = spec.full_name(common.topic_prefix)
        self.first = transactional.partition = TopicPartition(self.topic, 0)
        self.group = consumer_group(common.topic_prefix, "probe", "commands")
        self.handled = []
        self.runtime = self.subscription = None

    @contextlib.asynccontextmanager
    async def service(self, max_records=500):
        """A started service whose handler records the ids."""
        self.runtime = Runtime("probe", self.common)
        self.runtime.consume("commands", [self.spec], self._handle, max_records=max_records)
        self.subscription = self.runtime.subscriptions[0]
        async with self._running(self.runtime):
            yield

    async def _handle(self, batch):
        self.handled += [None if delivery.is_tombstone else delivery.event.id for delivery in batch]
        return []

    async def send(self, *numbers, value=True, to=None):
        """Publish messages on partition 0, in the open transaction if there is one."""
        for number in numbers:
            event = self.make_event(number)
            body = event.to_bytes() if value else None
            await (to or self.transactional).send_and_wait(self.topic, body, key=event.key(), partition=0)

    async def barrier(self):
        """For the group, over the topic."""
        return await Runtime("asker", self.common).lag_barrier(self.group, [self.spec])

    async def measured_lag(self):
        """The gauge, after housekeeping has run."""
        await self.subscription.tick()
        name = {"group": self.group, "topic": self.topic, "partition": "0"}
        return REGISTRY.get_sample_value("shopsync_consumer_lag", name)

    async def unreadable(self):
        """Offsets behind an open transaction, after housekeeping has run."""
        await self.subscription.tick()
        name = {"group": self.group, "topic": self.topic, "partition": "0"}
        return REGISTRY.get_sample_value("shopsync_unreadable_offsets", name)

    async def something_unreadable(self):
        """Two offsets stand behind an open transaction."""
        return await self.unreadable() == 2

    async def nothing_unreadable(self):
        """No transaction is open."""
        return await self.unreadable() == 0

    async def no_lag(self):
        """Whether the gauge is 0 again."""
        return await self.measured_lag() == 0


@pytest.fixture
async def transactional(kafka_bootstrap, topic_prefix):
    producer = Transactional(kafka_bootstrap, f"{topic_prefix}-other")
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
def world(common, topics, spec, make_event, running, transactional):
    return World(common, spec, make_event, running, transactional)


@pytest.fixture
async def admin(kafka_bootstrap):
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


async def marker_is_last(world, _producer):
    async with world.transactional.transaction():
        await world.send(1, 2)
    return ["e1", "e2"]


async def aborted_is_last(world, producer):
    await world.send(1, to=producer)
    await aborted(world, 2, 3)
    return ["e1"]


async def nothing_but_aborted(world, _producer):
    for _ in range(3):
        await aborted(world, 1, 2)
    return []


async def aborted_between_committed(world, _producer):
    async with world.transactional.transaction():
        await world.send(1)
    await aborted(world, 2)
    async with world.transactional.transaction():
        await world.send(3)
    return ["e1", "e3"]


async def aborted(world, *numbers):
    await world.transactional.begin_transaction()
    await world.send(*numbers)
    await world.transactional.abort_transaction()


@pytest.mark.parametrize("story", [marker_is_last, aborted_is_last, nothing_but_aborted, aborted_between_committed])
@pytest.mark.parametrize("max_records", [1, 500])
async def test_offsets_without_a_message_are_passed_and_aborted_ones_never_handled(
    world, producer, committed, story, max_records
):
    expected = await story(world, producer)
    barrier = await world.barrier()
    assert not await barrier.passed(), "the group has not even started"
    async with world.service(max_records):
        await eventually(barrier.passed)
        assert world.handled == expected
        await eventually(world.no_lag)
    [end] = barrier.ends.values()
    assert (await committed(world.group))[world.topic, 0] == end, "others measure the lag from committed offsets too"
    async with world.service(max_records):
        await eventually(world.no_lag)
    assert world.handled == expected, "nothing comes again"


async def test_a_quiet_partition_is_passed_while_another_is_never_quiet(world, producer, make_event):
    """No poll is ever empty, so nothing may wait for an empty one."""
    async with world.transactional.transaction():
        await world.send(1)
    barrier = await world.barrier()
    number = 100

    async def one_more():
        nonlocal number
        number += 1
        event = make_event(number)
        await producer.send_and_wait(world.topic, event.to_bytes(), key=event.key(), partition=1)

    async with world.service():
        world.subscription.polling.idle = _never

        async def passed():
            await one_more()
            return await barrier.passed()

        await eventually(passed)


async def _never(_consumer):
    """As if a poll were never empty."""


async def test_an_open_transaction_belongs_to_what_comes_later(world, producer):
    await world.send(1, to=producer)
    await world.transactional.begin_transaction()
    await world.send(2)
    await world.send(3, to=producer)  # behind the open one: not readable before that has ended
    barrier = await world.barrier()
    assert list(barrier.ends.values()) == [1]
    async with world.service():
        await eventually(barrier.passed)
        assert world.handled == ["e1"]
        await eventually(world.no_lag)
        await eventually(world.something_unreadable)
        await world.transactional.commit_transaction()
        later = await world.barrier()
        await eventually(later.passed)
        assert world.handled == ["e1", "e2", "e3"]
        await eventually(world.nothing_unreadable)


async def test_positions_are_not_committed_past_a_batch_that_waits(world, producer, committed):
    refusing = True

    async def away(batch):
        if refusing:
            raise ConnectionError("away")
        world.handled += [delivery.event.id for delivery in batch]
        return []

    world._handle = away
    async with world.transactional.transaction():
        await world.send(1)
    barrier = await world.barrier()
    async with world.service():
        await eventually(lambda: world.subscription.partitions.waiting)
        await world.subscription.tick()
        assert (world.topic, 0) not in await committed(world.group)
        assert not await barrier.passed()
        refusing = False
        await eventually(barrier.passed)
    assert world.handled == ["e1"]


async def test_a_batch_that_never_reached_its_handler_is_read_again(world, producer, monkeypatch):
    async with world.service():
        handle, swallowed = world.subscription.handle, []

        async def losing(items):
            if swallowed:
                await handle(items)
            else:
                swallowed.append(items)

        monkeypatch.setattr(world.subscription, "handle", losing)
        await world.send(1, 2, to=producer)
        await eventually(lambda: world.handled[-1:] == ["e2"])
        await eventually(world.no_lag)
    assert world.handled == ["e1", "e2"]
    assert swallowed


async def test_compacted_offsets_are_passed(
    common, kafka_bootstrap, make_event, running, transactional, producer, admin
):
    """Real compaction: it removes the end of the log except the last record, and tombstones at the end of a segment."""
    spec = dataclasses.replace(CATALOG_PRODUCTS, partitions=1, types=())
    name = spec.full_name(common.topic_prefix)
    await apply_topics(KafkaConnection(kafka_bootstrap), common.topic_prefix, [spec])
    await compact_eagerly(admin, name)
    world = World(common, spec, make_event, running, transactional)
    for _ in range(20):
        await world.send(1, 2, value=False, to=producer)
    async with world.transactional.transaction():
        await world.send(1, 2, value=False)

    async def holes():
        async with reader(KafkaConnection(kafka_bootstrap), auto_offset_reset="earliest") as consumer:
            consumer.assign([world.first])
            found = (await consumer.getmany(timeout_ms=1000)).get(world.first, [])
            await producer.send_and_wait(name, None, key=b"demo/other", partition=0)  # rolls a segment
            return bool(found) and found[0].offset > 0

    await eventually(holes, timeout=240)
    async with world.transactional.transaction():
        await world.send(3, value=False)
    barrier = await world.barrier()
    async with world.service():
        await eventually(barrier.passed)
        await eventually(world.no_lag)


async def compact_eagerly(admin, topic):
    eager = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "100",
        "delete.retention.ms": "100",
    }
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, eager)])


async def test_removed_records_are_counted_and_told_and_nobody_waits_for_them(world, producer, admin):
    """Retention passes a group that is behind, once before it starts and once while it runs."""
    async with world.service():
        await world.send(1, 2, to=producer)
        await eventually(lambda: len(world.handled) == 2)
        await eventually(world.no_lag)
    await world.send(3, 4, 5, to=producer)
    await admin.delete_records({world.first: RecordsToDelete(4)})
    barrier = await world.barrier()
    before = lost(world)
    with structlog.testing.capture_logs() as logs:
        async with world.service():
            await eventually(barrier.passed)
            assert world.handled == ["e1", "e2", "e5"]
            assert lost(world) - before == 2
            world.subscription.consumer.pause(world.first)
            await world.send(6, 7, 8, to=producer)
            later = await world.barrier()
            await admin.delete_records({world.first: RecordsToDelete(8)})
            world.subscription.consumer.seek(world.first, 5)  # nothing of what was removed is in memory
            world.subscription.consumer.resume(world.first)
            await eventually(lambda: lost(world) - before == 5)
            await eventually(later.passed)
            await eventually(world.no_lag)
            await world.send(9, to=producer)
            await eventually(lambda: world.handled[-1] == "e9")
    told = [line for line in logs if "removed before they were handled" in line["event"]]
    assert [(line["log_level"], line["partition"], line["wanted"], line["offsets_lost"]) for line in told] == [
        ("error", 0, 2, 2),
        ("error", 0, 5, 3),
    ]


async def test_retention_behind_the_group_is_no_loss(world, producer, admin):
    async with world.service():
        await world.send(1, 2, to=producer)
        await eventually(lambda: len(world.handled) == 2)
        await eventually(world.no_lag)
    await admin.delete_records({world.first: RecordsToDelete(2)})
    before = lost(world)
    async with world.service():
        await world.send(3, to=producer)
        await eventually(lambda: world.handled == ["e1", "e2", "e3"])
    assert lost(world) == before


async def test_a_log_that_is_shorter_than_the_group_is_read_from_its_start_aloud(world, producer, kafka_bootstrap):
    """The cluster lost records: the group's offset is beyond the end."""
    await world.send(1, 2, to=producer)
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, group_id=world.group, enable_auto_commit=False
    ) as consumer:
        consumer.assign([world.first])
        await consumer.commit({world.first: 50})
    before = lost(world)
    with structlog.testing.capture_logs() as logs:
        async with world.service():
            await eventually(lambda: world.handled == ["e1", "e2"])
    assert any("shorter than what the group has read" in line["event"] for line in logs)
    assert lost(world) == before


def lost(world):
    labels = {"group": world.group, "topic": world.topic, "partition": "0"}
    return REGISTRY.get_sample_value("shopsync_offsets_lost_total", labels) or 0
