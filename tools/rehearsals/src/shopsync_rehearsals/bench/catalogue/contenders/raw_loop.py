"""The raw loop: what any consumer has to do that merges messages into MongoDB and publishes the result, and no rules.

A batch costs one read of the stored products, one bulk write, one send of all snapshots, one commit. A product that is
stored already is neither written nor published. It takes the same client libraries, event loop, durability and batch
size as the service does.

Run as a program: `python -m shopsync_rehearsals.bench.catalogue.contenders.raw_loop PLACES`.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection

from shopsync_rehearsals.bench.catalogue.contenders.places import COLLECTION, MAX_RECORDS, Places

_IDLE_POLL_MS = 100
_LINGER_MS = 5
_MAX_BATCH = 64 * 1024


class Loop:
    """Reads, writes and publishes batches until it is stopped."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        producer: AIOKafkaProducer,
        products: AsyncCollection[dict[str, Any]],
        snapshots: str,
    ) -> None:
        self._consumer = consumer
        self._producer = producer
        self._products = products
        self._snapshots = snapshots
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stopping` is set."""
        while not self.stopping.is_set():
            polled = await self._consumer.getmany(timeout_ms=_IDLE_POLL_MS, max_records=MAX_RECORDS)
            if polled:
                await self._batch([record for records in polled.values() for record in records])
                await self._consumer.commit({tp: records[-1].offset + 1 for tp, records in polled.items()})

    async def _batch(self, records: Sequence["ConsumerRecord[bytes, bytes]"]) -> None:
        events = [json.loads(record.value) for record in records]
        stored = await self._stored({event["subject"] for event in events})
        changed = [
            (event, record.offset)
            for event, record in zip(events, records, strict=True)
            if stored.get(event["subject"]) != event["data"]["product"]
        ]
        if not changed:
            return
        # Of several messages of a product the last one stands.
        documents = {
            event["subject"]: {"_id": event["subject"], **event["data"], "offset": offset} for event, offset in changed
        }
        await self._products.bulk_write(
            [ReplaceOne({"_id": one}, document, upsert=True) for one, document in documents.items()], ordered=False
        )
        await self._publish([event for event, _ in changed])

    async def _stored(self, subjects: set[str]) -> dict[str, dict[str, Any]]:
        """The products as they are stored."""
        found = self._products.find({"_id": {"$in": list(subjects)}}, batch_size=len(subjects) + 1)
        return {document["_id"]: document["product"] async for document in found}

    async def _publish(self, events: Sequence[dict[str, Any]]) -> None:
        """One snapshot per message, all acknowledged when it returns."""
        acknowledgements = []
        for event in events:
            envelope = {**event, "source": "/bench/raw-loop", "type": "product.snapshot"}
            value = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
            key = event["subject"].encode()
            acknowledgements.append(await self._producer.send(self._snapshots, value, key=key))
        await asyncio.gather(*acknowledgements)


async def work(places: Places) -> None:
    """Work until SIGTERM."""
    consumer = AIOKafkaConsumer(
        places.source,
        bootstrap_servers=places.kafka_bootstrap,
        group_id=places.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=places.kafka_bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=_LINGER_MS,
        compression_type="zstd",
        max_batch_size=_MAX_BATCH,
    )
    async with (
        AsyncMongoClient[dict[str, Any]](places.mongo_uri, w="majority", tz_aware=True) as client,
        producer,
        consumer,
    ):
        loop = Loop(consumer, producer, client[places.database][COLLECTION], str(places.snapshots))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, loop.stopping.set)
        await loop.run()


if __name__ == "__main__":
    uvloop.run(work(Places.from_json(sys.argv[1])))
