"""The ordinary FastStream service: one message, its pydantic model, one write, one publish, one acknowledgement.

Run as a program: `python -m shopsync_rehearsals.bench.catalogue.contenders.one_by_one PLACES`.
"""

import json
import logging
import sys
from datetime import datetime
from typing import Any

import uvloop
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage
from pydantic import BaseModel
from pymongo import AsyncMongoClient

from shopsync_rehearsals.bench.catalogue.contenders.places import COLLECTION, Places


class Sku(BaseModel):
    """One variation."""

    vertical_no: str
    horizontal_no: str
    vertical_name: str
    horizontal_name: str
    jan_code: str
    price: int | None
    stock: int | None
    preorder_stock: int | None


class Tax(BaseModel):
    """How the prices are registered."""

    included: bool | None
    rate_percent: int | None
    rounding: str | None


class Product(BaseModel):
    """One product of futureshop."""

    updated_at: datetime
    created_at: datetime | None
    name: str
    description: str
    images: list[str]
    visible: bool
    sale_form: str
    regular_price: int | None
    preorder_price: int | None
    tax: Tax | None
    stock_managed: bool
    axes: dict[str, str | None] | None
    skus: list[Sku]


class Change(BaseModel):
    """The message's body."""

    shop_key: str
    product_no: str
    mode: str
    observed_at: datetime
    import_id: str | None
    product: Product


class Message(BaseModel):
    """The message with its envelope."""

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Change


async def decode(message: KafkaMessage) -> Any:
    """FastStream decodes `application/json` by itself, and leaves CloudEvents' media type alone."""
    return json.loads(message.body)


def application(places: Places, client: AsyncMongoClient[dict[str, Any]]) -> FastStream:
    """The service with its one subscriber."""
    # Quiet: by default FastStream logs two lines per message.
    logging.basicConfig(level=logging.WARNING)
    broker = KafkaBroker(
        places.kafka_bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="zstd",
        logger=logging.getLogger(__name__),
    )
    products = client[places.database][COLLECTION]

    # Acknowledged by hand after the work is done, which is what AckPolicy.ACK would do: one commit per message.
    @broker.subscriber(
        places.source,
        group_id=places.group,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        ack_policy=AckPolicy.MANUAL,
        decoder=decode,
    )
    async def take(message: Message, delivery: KafkaMessage) -> None:
        document = {"_id": message.subject, **message.data.model_dump()}
        await products.replace_one({"_id": message.subject}, document, upsert=True)
        snapshot = message.model_copy(update={"source": "/bench/one-by-one", "type": "product.snapshot"})
        await broker.publish(snapshot, str(places.snapshots), key=message.subject.encode())
        await delivery.ack()

    return FastStream(broker)


async def work(places: Places) -> None:
    """Work until SIGTERM."""
    async with AsyncMongoClient[dict[str, Any]](places.mongo_uri, w="majority", tz_aware=True) as client:
        await application(places, client).run()


if __name__ == "__main__":
    uvloop.run(work(Places.from_json(sys.argv[1])))
