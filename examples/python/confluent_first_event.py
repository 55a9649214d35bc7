"""Publishes one product and waits for what the catalogue makes of it. With confluent-kafka.

The address comes from SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS, the prefix of the topics from SHOPSYNC_TOPIC_PREFIX. With
SHOPSYNC_KAFKA_USERNAME it logs in (SHOPSYNC_KAFKA_PASSWORD, SHOPSYNC_KAFKA_CA_FILE).
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

from confluent_kafka import Consumer, Producer

SERVERS = os.environ.get("SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS", "localhost:9092")
PREFIX = os.environ.get("SHOPSYNC_TOPIC_PREFIX", "shopsync")
KEY = "demo/A-100"  # {shop_key}/{product_no}: the key, and the event's subject
PATIENCE = 60
LIMIT = {"message.timeout.ms": PATIENCE * 1000}  # without it a wrong address or password is tried for five minutes


def connection() -> dict:
    """Where Kafka is, and how to log in where it asks for it: TLS, name and password."""
    options = {"bootstrap.servers": SERVERS}
    if "SHOPSYNC_KAFKA_USERNAME" in os.environ:
        options |= {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": os.environ["SHOPSYNC_KAFKA_CA_FILE"],
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": os.environ["SHOPSYNC_KAFKA_USERNAME"],
            "sasl.password": os.environ["SHOPSYNC_KAFKA_PASSWORD"],
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


def publish(event: dict) -> None:
    """Send the event, and return when Kafka has it."""
    # librdkafka's own partitioner would put the product into another partition than everybody else does.
    producer = Producer({**connection(), "partitioner": "murmur2_random", "enable.idempotence": True, **LIMIT})
    failures = []
    producer.produce(
        f"{PREFIX}.product-changes.v1",
        key=KEY,
        value=json.dumps(event, ensure_ascii=False),
        headers={"content-type": "application/cloudevents+json; charset=UTF-8"},
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    producer.flush()
    if failures:
        sys.exit(f"not published: {failures[0]}")


def snapshot_since(moment: str) -> dict | None:
    """The first snapshot of the product that knows what the shop said at this moment."""
    consumer = Consumer(
        {
            **connection(),
            "group.id": f"{PREFIX}.other-systems.first-event",
            "auto.offset.reset": "earliest",  # the topic keeps the newest snapshot of every product
            "isolation.level": "read_committed",
        }
    )
    consumer.subscribe([f"{PREFIX}.catalog-products.v1"])
    deadline = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            record = consumer.poll(1)
            if record is None:
                continue
            if record.error():
                print(record.error(), file=sys.stderr)
                continue
            if record.key() != KEY.encode() or record.value() is None:  # a null value: the product was deleted
                continue
            event = json.loads(record.value())
            if event["type"] != "jp.shopsync.product.snapshot.v1":  # new types may come
                continue
            known = event["data"]["upstream_updated_at"]
            if known and datetime.fromisoformat(known) >= datetime.fromisoformat(moment):
                return event["data"]
    finally:
        consumer.close()
    return None


now = datetime.now(UTC).isoformat(timespec="milliseconds")  # the catalogue keeps milliseconds
publish(product_changed(now))
snapshot = snapshot_since(now)
if snapshot is None:
    sys.exit(f"no snapshot in {PATIENCE} s: look for a reason in {PREFIX}.dead-letters.v1")
print(json.dumps(snapshot, ensure_ascii=False))
