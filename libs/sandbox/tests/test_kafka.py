import asyncio
import uuid

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


async def test_round_trip(kafka_bootstrap, topic_prefix):
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
        record = await asyncio.wait_for(consumer.getone(), 15)
    assert (record.key, record.value.decode(), record.partition) == (b"demo/A-1", "商品", sent.partition)


async def test_database(mongo_client, mongo_database):
    items = mongo_client[mongo_database]["items"]
    await items.insert_one({"_id": 1})
    async with mongo_client.start_session() as session, await session.start_transaction():
        await items.insert_one({"_id": 2}, session=session)
    assert await items.count_documents({}) == 2
