import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shopsync_testkit import kafka
from shopsync_testkit.backends import Unavailable, UnknownChoice
from shopsync_testkit.children import StartFailed
from shopsync_testkit.nodes import NotOurs
from shopsync_testkit.ports import free_port


async def test_a_record_goes_round(kafka_bootstrap, topic_prefix):
    topic = f"{topic_prefix}.products"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(topic, 12, 1, topic_configs={"cleanup.policy": "compact"})])
        assert [error[1] for error in answer.topic_errors] == [0]
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True) as producer:
        sent = await producer.send_and_wait(topic, "商品".encode(), key=b"demo/A-1")
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=kafka_bootstrap, group_id=f"{topic_prefix}.readers", auto_offset_reset="earliest"
    ) as consumer:
        record = await asyncio.wait_for(consumer.getone(), 120)
    assert (record.key, record.value.decode(), record.partition) == (b"demo/A-1", "商品", sent.partition)


async def test_an_unknown_choice_names_the_allowed_ones():
    with pytest.raises(UnknownChoice, match="external, docker, apache, embedded, auto"):
        await kafka.start_broker("kraft")


@pytest.mark.needs_kafka("crash-durability", "restart")
async def test_a_test_that_needs_more_than_the_broker_has_is_skipped(kafka_broker):
    assert not {"crash-durability", "restart"} & kafka_broker.lacks


def test_tests_that_use_the_broker_are_marked(request):
    names = {item.name for item in request.session.items}
    if test_a_record_goes_round.__name__ not in names:
        pytest.skip("the test that uses it is deselected (-m or -k)")
    marked = {item.name for item in request.session.items if item.get_closest_marker("kafka")}
    assert test_a_record_goes_round.__name__ in marked
    assert request.node.name not in marked


async def test_external_is_used_and_left_alone(kafka_broker, monkeypatch):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", kafka_broker.bootstrap_servers)
    async with kafka.broker("external") as external:
        assert external.bootstrap_servers == kafka_broker.bootstrap_servers
        assert "restart" in external.lacks
        with pytest.raises(NotOurs):
            await external.kill()


async def test_auto_takes_a_given_address_first(kafka_broker, monkeypatch):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", kafka_broker.bootstrap_servers)
    async with kafka.broker("auto") as found:
        assert (found.backend, found.why) == ("external", "auto took external")


@pytest.mark.parametrize(
    ("address", "complaint"),
    [("", "is not set"), ("localhost", "is not host:port"), (None, "no Kafka broker answers at")],
)
async def test_external_says_what_is_wrong_with_the_address(monkeypatch, address, complaint):
    monkeypatch.setenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}" if address is None else address)
    with pytest.raises(Unavailable, match=complaint):
        await kafka.start_broker("external")


async def test_auto_explains_its_choice(monkeypatch, tmp_path):
    monkeypatch.delenv("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    monkeypatch.setenv("SHOPSYNC_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    async with kafka.broker("auto") as broker:
        assert broker.backend == "embedded"
        assert broker.why.startswith("auto took embedded; not external: SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS is not set;")
        assert "not docker: no container engine" in broker.why
        assert "not apache: there is no java" in broker.why


async def test_docker_without_an_engine_is_refused_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    with pytest.raises(Unavailable, match="no container engine"):
        await kafka.start_broker("docker")


async def test_a_taken_port_is_refused(kafka_broker):
    """It is not mistaken for the new broker only because something answers there."""
    taken = int(kafka_broker.bootstrap_servers.rpartition(":")[2])
    with pytest.raises(StartFailed, match=f"port {taken} on 127.0.0.1 is already in use"):
        await kafka.start_broker("embedded", port=taken)


async def test_each_apache_broker_is_a_cluster_of_its_own(kafka_broker):
    if kafka_broker.backend != "apache":
        pytest.skip(f"the session runs {kafka_broker.backend}")
    async with kafka.broker("apache") as other:
        assert await cluster_id(other.bootstrap_servers) != await cluster_id(kafka_broker.bootstrap_servers)


async def cluster_id(bootstrap):
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return (await admin.describe_cluster())["cluster_id"]
    finally:
        await admin.close()
