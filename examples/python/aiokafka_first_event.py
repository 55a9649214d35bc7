"""Publishes one product and waits for what the catalogue makes of it. With aiokafka.

The address comes from SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS, the prefix of the topics from SHOPSYNC_TOPIC_PREFIX. With
SHOPSYNC_KAFKA_USERNAME it logs in (SHOPSYNC_KAFKA_PASSWORD, SHOPSYNC_KAFKA_CA_FILE).
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

SERVERS = os.environ.get("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
PREFIX = os.environ.get("SHOPSYNC_TOPIC_PREFIX", "shopsync")
KEY = "demo/A-100"  # {shop_key}/{product_no}: the key, and the event's subject
PATIENCE = 60


def connection() -> dict:
    """Where Kafka is, and how to log in where it asks for it: TLS, name and password."""
    options = {"bootstrap_servers": SERVERS}
    if "SHOPSYNC_KAFKA_USERNAME" in os.environ:
        options |= {
            "security_protocol": "SASL_SSL",
            "ssl_context": create_ssl_context(cafile=os.environ["SHOPSYNC_KAFKA_CA_FILE"]),
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": os.environ["SHOPSYNC_KAFKA_USERNAME"],
            "sasl_plain_password": os.environ["SHOPSYNC_KAFKA_PASSWORD"],
        }
    return options


def product_changed(now: str) -> dict:
    """What the shop says about the product at this moment, in its CloudEvents envelope."""
    shop_key, product_no = KEY.split("/")
    return {
        "specversion": "1.0",
        "id": f"erp/{KEY}/{now}",  # the same fact sent again has the same id
        "source": "/erp",
        "type": "jp.shopsync.product.changed.v1",
        "subject": KEY,
        "time": now,
        "datacontenttype": "application/json",
        "data": {
            "shop_key": shop_key,
            "product_no": product_no,
            "mode": "changed_only",
            "observed_at": now,
            "product": {
                "updated_at": now,
                "name": "リネンシャツ",
                "images": ["https://img.example.jp/a-100.jpg"],
                "sale_form": "regular",
                "regular_price": 3500,
                "tax": {"included": False, "rate_percent": 10, "rounding": "down"},
                "stock_managed": True,
                "skus": [{"stock": 10}],
            },
        },
    }


async def publish(event: dict) -> None:
    """Send the event, and return when Kafka has it."""
    producer = AIOKafkaProducer(**connection(), enable_idempotence=True)
    try:
        await producer.start()
        await producer.send_and_wait(
            f"{PREFIX}.product-changes.v1",
            key=KEY.encode(),
            value=json.dumps(event, ensure_ascii=False).encode(),
            headers=[("content-type", b"application/cloudevents+json; charset=UTF-8")],
        )
    finally:
        await producer.stop()  # also when it could not be started


async def snapshot_since(moment: str) -> dict:
    """The first snapshot of the product that knows what the shop said at this moment."""
    consumer = AIOKafkaConsumer(
        f"{PREFIX}.catalog-products.v1",
        **connection(),
        group_id=f"{PREFIX}.other-systems.first-event",
        auto_offset_reset="earliest",  # the topic keeps the newest snapshot of every product
        isolation_level="read_committed",
    )
    async with consumer:
        async for record in consumer:
            if record.key != KEY.encode() or record.value is None:  # a null value: the product was deleted
                continue
            event = json.loads(record.value)
            if event["type"] != "jp.shopsync.product.snapshot.v1":  # new types may come
                continue
            known = event["data"]["upstream_updated_at"]
            if known and datetime.fromisoformat(known) >= datetime.fromisoformat(moment):
                return event["data"]
    raise RuntimeError("the consumer was stopped")


async def main() -> None:
    """Publish, then read."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")  # the catalogue keeps milliseconds
    try:
        await publish(product_changed(now))
    except KafkaError as error:  # the lines above say why: a wrong address, name, password or right
        sys.exit(f"not published: {error}")
    try:
        snapshot = await asyncio.wait_for(snapshot_since(now), PATIENCE)
    except TimeoutError:
        sys.exit(f"no snapshot in {PATIENCE} s: look for a reason in {PREFIX}.dead-letters.v1")
    print(json.dumps(snapshot, ensure_ascii=False))


asyncio.run(main())
