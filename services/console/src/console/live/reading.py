"""Reads what the services say, without a consumer group: every process reads all of it, and commits nothing.

Reports and dead letters are read from before the oldest open action, so that a process that starts misses nothing
about it; results of pushes from before the oldest sync that waits for any; snapshots from now on: they only tell open
pages to ask again. Syncs and refused events are also kept for 履歴: reports and dead letters are read from before the
newest of those that are kept.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from aiokafka import TopicPartition

from console.live.following import Follower
from console.live.hub import Hub
from console.live.knowledge import letter_of
from console.live.noting import refusal, sync_note
from console.live.rules import GIVEN_UP_AFTER
from console.model import Refusal, SyncNote
from console.store import Notes
from shopsync_contracts import ContractError, TopicSpec, parse
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, LISTING_EVENTS, REPORTS
from shopsync_runtime.kafka.admin import partitions_of
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import reader

log = structlog.get_logger(__name__)

READ: tuple[TopicSpec, ...] = (DEAD_LETTERS, REPORTS, LISTING_EVENTS, CATALOG_PRODUCTS)

_POLL_MS = 500
_MARGIN = timedelta(minutes=10)
"""Before the oldest open action: clocks differ."""


class Reader:
    """One per process."""

    def __init__(
        self,
        kafka: KafkaConnection,
        prefix: str,
        hub: Hub,
        follower: Follower,
        notes: Notes,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._specs = {spec.full_name(prefix): spec for spec in READ}
        self._known = follower.known
        self._hub = hub
        self._follower = follower
        self._notes = notes
        self._to_note: list[tuple[str, SyncNote | Refusal]] = []
        self._clock = clock
        self._consumer: Any = None

    async def start(self) -> None:
        """Stand at the place to read from, so that nothing that comes after this is missed."""
        consumer = reader(self._kafka, client_id="console-live")
        await consumer.start()
        try:
            await self._place(consumer)
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer

    async def run(self) -> None:
        """Until it is cancelled. After a failure it begins again from before the oldest open action."""
        if self._consumer is None:
            await self.start()
            self._hub.missed()
        try:
            await self._read(self._consumer)
        finally:
            consumer, self._consumer = self._consumer, None
            await consumer.stop()

    async def _read(self, consumer: Any) -> None:
        while True:
            for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                for record in records:
                    self._take(record)
                await asyncio.sleep(0)
            noted, self._to_note = self._to_note, []
            await self._notes.keep(noted)

    async def _place(self, consumer: Any) -> None:
        numbers = await partitions_of(self._kafka, list(self._specs))
        parts = [TopicPartition(name, number) for name, found in numbers.items() for number in found]
        consumer.assign(parts)
        # Actions are stored before they are published: what is sent after this question is read in any case.
        now = self._clock()
        since, pushes = (max(one, now - GIVEN_UP_AFTER) - _MARGIN for one in await self._follower.needs(now))
        ends = await consumer.end_offsets(parts)
        noted = max(await self._notes.until() or now - GIVEN_UP_AFTER, now - GIVEN_UP_AFTER) - _MARGIN
        froms = {DEAD_LETTERS: min(since, noted), REPORTS: min(since, noted), LISTING_EVENTS: pushes}
        moments = {part: froms[spec] for part in parts if (spec := self._specs[part.topic]) in froms}
        starts = await consumer.offsets_for_times({part: int(at.timestamp() * 1000) for part, at in moments.items()})
        for part in parts:
            start = starts.get(part)
            consumer.seek(part, ends[part] if start is None else start.offset)
        log.info("reading what the services say", since=since.isoformat(), partitions=len(parts))

    def _take(self, record: Any) -> None:
        spec = self._specs[record.topic]
        if spec is CATALOG_PRODUCTS:
            self._snapshot(record)
        elif spec is DEAD_LETTERS:
            self._letter(record)
        else:
            # A broken message answers nothing that was asked for here.
            with suppress(ContractError):
                self._event(parse(record.value, key=record.key, topic=spec))

    def _snapshot(self, record: Any) -> None:
        shop_key, _, product_no = (record.key or b"").decode(errors="replace").partition("/")
        self._hub.tell(shop_key, "product", product_no)
        self._hub.tell(shop_key, "counts")
        self._wake(shop_key)

    def _letter(self, record: Any) -> None:
        headers = {name.lower(): (value or b"").decode(errors="replace") for name, value in record.headers}
        shop_key = (record.key or b"").decode(errors="replace").partition("/")[0]
        found = letter_of(record.value, headers)
        if found is not None:
            self._known.take_letter(shop_key, *found)
            self._wake(shop_key)
        came_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        refused = refusal(shop_key, record.value, headers, came_at, self._prefix)
        if refused is not None:
            self._to_note.append((shop_key, refused))

    def _event(self, event: Any) -> None:
        now = asyncio.get_running_loop().time()
        self._known.take_push(event, now)
        if (note := sync_note(event.data)) is not None:
            self._to_note.append((event.data.shop_key, note))
        if self._known.take_report(event.data, now) is not None:
            self._hub.tell(event.data.shop_key, "run")
        self._wake(event.data.shop_key)

    def _wake(self, shop_key: str) -> None:
        if shop_key in self._follower.shops:
            self._follower.wake()
