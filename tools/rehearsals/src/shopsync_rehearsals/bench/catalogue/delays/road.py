"""Publishes messages at a steady pace, and reads their snapshots with a consumer of its own."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shopsync_contracts import CONTENT_TYPE
from shopsync_contracts.topics import PRODUCT_PARTITIONS
from shopsync_rehearsals.bench.catalogue.delays.trips import Board, Trip

_HEADERS = [("content-type", CONTENT_TYPE.encode())]
_LINGER_MS = 5  # as the services' own producers; the way begins after it
_POLL_MS = 200
_LOOK_SECONDS = 0.02

Seen = Callable[[bytes, bytes, float], None]
"""Is told each snapshot's key and bytes, and when it was read."""


class Road:
    """From the topics that a contender reads to the reader of its snapshots."""

    def __init__(self, producer: AIOKafkaProducer, board: Board) -> None:
        self._producer = producer
        self._board = board

    async def send(self, topic: str, trips: Sequence[Trip], rate: float) -> None:
        """Publish in order, so many a second. Returns when the last one is acknowledged."""
        began = time.perf_counter()
        acknowledged = []
        for place, trip in enumerate(trips):
            if (early := began + place / rate - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            acknowledged.append(await self._send(topic, trip))
        await asyncio.gather(*acknowledged)

    async def _send(self, topic: str, trip: Trip) -> "asyncio.Future[Any]":
        def note(_: object) -> None:
            trip.sent = time.perf_counter()

        self._board.depart(trip)
        sent: asyncio.Future[Any] = await self._producer.send(topic, trip.value, key=trip.key, headers=_HEADERS)
        sent.add_done_callback(note)
        return sent

    async def empty(self, seconds: float) -> bool:
        """Wait until all that was sent has arrived. Returns whether it has, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while self._board.underway:  # noqa: ASYNC110 - looked at fifty times a second is exact enough
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            return False
        return True


@contextlib.asynccontextmanager
async def road(bootstrap: str, snapshots: str, seen: Seen = lambda *_: None) -> AsyncIterator[Road]:
    """A road whose reader begins at the present end of the topic `snapshots`."""
    board = Board()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        linger_ms=_LINGER_MS,
    )
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, isolation_level="read_committed")
    async with producer, consumer:
        partitions = [TopicPartition(snapshots, number) for number in range(PRODUCT_PARTITIONS)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        reading = asyncio.create_task(_read(consumer, board, seen), name="bench-reader")
        try:
            with _no_collector():
                yield Road(producer, board)
        finally:
            reading.cancel()
            await asyncio.wait([reading])


async def _read(consumer: AIOKafkaConsumer, board: Board, seen: Seen) -> None:
    while True:
        polled = await consumer.getmany(timeout_ms=_POLL_MS)
        now = time.perf_counter()
        for records in polled.values():
            for record in records:
                board.arrive(record.key, record.value or b"", now)
                seen(record.key, record.value or b"", now)


@contextlib.contextmanager
def _no_collector() -> Iterator[None]:
    """A pause of this process would be counted as a delay of the measured one."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
