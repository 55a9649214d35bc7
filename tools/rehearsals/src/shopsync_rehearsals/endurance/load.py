"""Publishes a steady mixture of messages, and remembers what the brokers have acknowledged."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shopsync_contracts import CONTENT_TYPE, Event, topic_of
from shopsync_contracts.topics import PRODUCT_CHANGES, TOOL_EDITS
from shopsync_rehearsals.endurance.messages import Lives

POISON_HEADER = "endurance-poison"
_HEADERS = [("content-type", CONTENT_TYPE.encode())]
_TICK = 0.05
_REMEMBERED = 500
_FIRST_AT_ONCE = 100
# Brokers may be away for long: what is published waits in the producer meanwhile.
_REQUEST_MS = 180_000


@dataclass(frozen=True, slots=True)
class Mixture:
    """`rate`: messages a second. One of so many is repeated as it was, one of so many is poison; 0: none."""

    products: int = 200
    rate: float = 200.0
    repeat_one_in: int = 40
    poison_one_in: int = 150
    seed: int = 7


@dataclass(slots=True)
class Sent:
    """What was handed to Kafka. `acknowledged`: ids of events; `poison`: its records as topic, partition, offset."""

    acknowledged: set[str] = field(default_factory=set)
    poison: set[tuple[str, int, int]] = field(default_factory=set)
    messages: int = 0
    unknown: int = 0


class Load:
    """`async with Load(…) as load`: all products are there once it is entered, and messages flow until it is left.

    Its own connection to Kafka should not be the one that is disturbed.
    """

    def __init__(self, bootstrap_servers: str, prefix: str, shop: str, mixture: Mixture) -> None:
        self._prefix = prefix
        self._mixture = mixture
        self._lives = Lives(shop, mixture.products, mixture.seed)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=10,
            request_timeout_ms=_REQUEST_MS,
        )
        self._recent: deque[Event[Any]] = deque(maxlen=_REMEMBERED)
        self._waiting: set[asyncio.Task[None]] = set()
        self._flow: asyncio.Task[None] | None = None
        self.sent = Sent()
        self.shop = shop

    async def __aenter__(self) -> Self:
        await self._producer.start()
        for number, event in enumerate(self._lives.first(), 1):
            await self._publish(event)
            if number % _FIRST_AT_ONCE == 0:
                await self.settled()
        await self.settled()
        self._flow = asyncio.create_task(self._publish_steadily(), name="load")
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop()
        finally:
            await self._producer.stop()

    async def stop(self) -> None:
        """Publish nothing more, and wait until everything is acknowledged or has failed.

        Raises what the flow has ended with, if it has ended by itself: less was sent than was planned.
        """
        if self._flow is not None:
            flow, self._flow = self._flow, None
            flow.cancel()
            [ended] = await asyncio.gather(flow, return_exceptions=True)
            if isinstance(ended, Exception):
                raise ended
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is on its way to the brokers."""
        while self._waiting:
            await asyncio.wait(set(self._waiting))

    async def _publish_steadily(self) -> None:
        began, before = time.monotonic(), self.sent.messages
        while True:
            await asyncio.sleep(_TICK)
            due = int((time.monotonic() - began) * self._mixture.rate) - (self.sent.messages - before)
            for _ in range(due):
                await self._publish_one()

    async def _publish_one(self) -> None:
        mixture, number = self._mixture, self.sent.messages + 1
        if mixture.poison_one_in and number % mixture.poison_one_in == 0:
            await self._poison()
        elif mixture.repeat_one_in and number % mixture.repeat_one_in == 0 and self._recent:
            await self._publish(self._recent[0])
        else:
            event = self._lives.next()
            self._recent.append(event)
            await self._publish(event)

    async def _publish(self, event: Event[Any]) -> None:
        topic = topic_of(type(event.data)).full_name(self._prefix)
        acknowledgement = await self._send(topic, event.to_bytes(), event.key(), _HEADERS)
        self._await(self._noted(acknowledgement, event.id))

    async def _poison(self) -> None:
        spec = PRODUCT_CHANGES if self.sent.messages % 2 else TOOL_EDITS
        key, value = self._lives.poison()
        acknowledgement = await self._send(spec.full_name(self._prefix), value, key, [(POISON_HEADER, b"1")])
        self._await(self._noted(acknowledgement, None))

    async def _send(self, topic: str, value: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> Any:
        self.sent.messages += 1
        return await self._producer.send(topic, value, key=key, headers=headers)

    def _await(self, noting: Any) -> None:
        task = asyncio.ensure_future(noting)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _noted(self, acknowledgement: Any, event_id: str | None) -> None:
        try:
            record = await acknowledgement
        except KafkaError:  # it may be in the log all the same: the log says what there is
            self.sent.unknown += 1
            return
        if event_id is None:
            self.sent.poison.add((record.topic, record.partition, record.offset))
        else:
            self.sent.acknowledged.add(event_id)
