"""A cluster as others have set it up: any compression, topics that get more partitions while we run."""

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shopsync_runtime import Runtime, consumer_group, each
from shopsync_testkit.polling import eventually


@pytest.fixture
async def admin(kafka_bootstrap):
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def service(common, spec):
    """A runtime whose handler records the ids."""
    runtime, handled = Runtime("probe", common), []

    async def handle(delivery):
        handled.append(delivery.event.id)

    runtime.consume("commands", [spec], each(handle))
    return runtime, handled


CODECS = ["gzip", "snappy", "lz4", "zstd"]


@pytest.mark.parametrize("of_topic", ["producer", "uncompressed", *CODECS])
@pytest.mark.parametrize("of_producer", [None, *CODECS])
async def test_messages_are_read_however_publisher_and_broker_compress(
    common, topics, spec, make_event, kafka_bootstrap, admin, running, service, of_producer, of_topic
):
    """zstd above all: a client that does not say it knows it is refused by the broker, and stands still."""
    runtime, handled = service
    topic = spec.full_name(common.topic_prefix)
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {"compression.type": of_topic})])
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, compression_type=of_producer) as other:
        for number in range(3):
            event = make_event(number)
            await other.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=0)
    async with running(runtime):
        await eventually(lambda: handled == ["e0", "e1", "e2"])


async def test_partitions_that_are_added_are_read_from_their_start(
    common, topics, spec, make_event, kafka_bootstrap, admin, running, service
):
    """Messages that came before the group knew of the partition are not skipped, and a barrier waits for them."""
    runtime, handled = service
    topic = spec.full_name(common.topic_prefix)
    async with running(runtime):
        await admin.create_partitions({topic: NewPartitions(spec.partitions + 1)})
        async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as other:

            async def sent_to_the_new_one():
                event = make_event(1)
                try:
                    await other.send_and_wait(topic, event.to_bytes(), key=event.key(), partition=spec.partitions)
                except AssertionError:  # not known to this client yet
                    await other.client.force_metadata_update()
                    return False
                return True

            await eventually(sent_to_the_new_one)
        barrier = await runtime.lag_barrier(consumer_group(common.topic_prefix, "probe", "commands"), [spec])
        assert not await barrier.passed()
        await runtime.subscriptions[0].consumer._client.force_metadata_update()  # every five minutes otherwise
        await eventually(lambda: handled == ["e1"])
        await eventually(barrier.passed)
