"""The other services, as far as the console sees them: MongoDB is written by the catalog's own code."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tool_database import ToolDatabase

from catalog.store.held_messages import message_of
from shopsync_contracts import Event, TopicSpec, topic_of
from shopsync_contracts.events import (
    BulkEditCompleted,
    EditVerdict,
    ImportCompleted,
    ImportCounts,
    ImportFailed,
    ImportProgress,
    PushFailed,
    PushSkipped,
    PushSucceeded,
    SyncCompleted,
    SyncCounts,
    SyncSettings,
    TaxDefaults,
)
from shopsync_contracts.events.listing import SkipReason
from shopsync_contracts.topics import DEAD_LETTERS, LISTING_EVENTS, REPORTS
from shopsync_runtime import Delivery
from shopsync_runtime.deadletters import DeadLetter, messages_of


class PlayedServices(ToolDatabase):
    """`world` is that of the console's tests."""

    world: Any
    results: dict[str, tuple[Any, str]]

    @classmethod
    async def of(cls, world: Any) -> "PlayedServices":
        """Of the shops "demo" and "other", with the settings of a new shop."""
        new = {"tax": TaxDefaults().model_dump(), "sync": SyncSettings().model_dump()}
        await world.database["shops"].update_many({}, {"$set": new})
        played = cls(world.database)
        played.world = world
        played.results = {}
        return played

    # The catalog ----------------------------------------------------------------------------------------------

    def _as_read(self, event: Event[Any]) -> Delivery:
        spec = topic_of(type(event.data))
        self.offsets[spec.name] += 1
        return Delivery(
            topic=spec.full_name(self.world.common.topic_prefix),
            partition=0,
            offset=self.offsets[spec.name],
            timestamp=datetime(2026, 12, 31, tzinfo=UTC),
            key=event.key(),
            value=event.to_bytes(),
            headers=(),
            spec=spec,
            parsed=event,
        )

    async def apply(self, event: Event[Any]) -> None:
        """The catalog takes an event that the console sent."""
        self.now = max(self.now, event.time)
        applied = await self.updater.apply([message_of(self._as_read(event))])
        assert not applied.refused
        assert not applied.waiting

    async def hold_back(self, event: Event[Any]) -> None:
        """It waits for its product."""
        await self.held.hold([self._as_read(event)], self.world.now)

    async def refuse(self, event: Event[Any], why: str, *, shop_key: str | None = None) -> None:
        """It becomes a dead letter."""
        read = self._as_read(event)
        key = read.key if shop_key is None else f"{shop_key}/{event.data.product_no}".encode()
        letter = DeadLetter(read.topic, read.partition, read.offset, key, read.value, (), ValueError(why))
        topic = DEAD_LETTERS.full_name(self.world.common.topic_prefix)
        for message in messages_of([letter], topic=topic, service="catalog", failed_at=self.world.now):
            await self.world.producer.send_and_wait(
                message.topic, message.value, key=message.key, headers=list(message.headers)
            )

    async def report_bulk(
        self, request_id: str, verdicts: Sequence[tuple[str, str]], *, page: int = 1, pages: int = 1
    ) -> None:
        """Numbers with their reasons; an empty reason is an acceptance."""
        body = BulkEditCompleted(
            shop_key="demo",
            request_id=request_id,
            completed_at=self.world.now,
            page=page,
            pages=pages,
            verdicts=tuple(
                EditVerdict(product_no=number, verdict="refused" if why else "accepted", reason=why)
                for number, why in verdicts
            ),
        )
        await self._say(REPORTS, body)

    async def report_sync(self, request_id: str, *, refused_because: str | None = None, **counts: int) -> None:
        await self._say(
            REPORTS,
            SyncCompleted(
                shop_key="demo",
                sync_id=request_id,
                request_id=request_id,
                reason="manual",
                started_at=self.world.now,
                completed_at=self.world.now,
                duration_seconds=0.1,
                counts=SyncCounts(**counts),
                refused_because=refused_because,
            ),
        )

    # The ingestor ---------------------------------------------------------------------------------------------

    async def report_progress(self, request_id: str, *, read: int, expected: int | None) -> None:
        body = ImportProgress(
            shop_key="demo",
            import_id="I1",
            mode="changed_only",
            request_id=request_id,
            at=self.world.now,
            page=1,
            read=read,
            expected=expected,
        )
        await self._say(REPORTS, body)

    async def report_import(self, request_id: str, **counts: int) -> None:
        body = ImportCompleted(
            shop_key="demo",
            import_id="I1",
            mode="changed_only",
            request_id=request_id,
            started_at=self.world.now,
            completed_at=self.world.now,
            duration_seconds=1.0,
            counts=ImportCounts(**counts),
        )
        await self._say(REPORTS, body)

    async def report_failed_import(self, request_id: str, message: str) -> None:
        body = ImportFailed(
            shop_key="demo",
            import_id="I1",
            mode="changed_only",
            request_id=request_id,
            started_at=self.world.now,
            failed_at=self.world.now,
            code="unavailable",
            message=message,
        )
        await self._say(REPORTS, body)

    # The publisher --------------------------------------------------------------------------------------------

    def delivery(self, body: Any, minute: float = 0) -> Delivery:
        """Of a result of a push: it can be said afterwards."""
        made = super().delivery(body, minute)
        if isinstance(body, PushSucceeded | PushFailed):
            self.results[body.product_no] = (body, made.parsed.id if made.parsed else "")
        return made

    async def say_result(self, product_no: str) -> None:
        """The console reads the result of the product's push that the catalog took last."""
        await self._say(LISTING_EVENTS, *self.results[product_no])

    async def say_pushed(self, product_no: str, **members: Any) -> Event[Any]:
        """The console reads it before the catalog: until `apply` the product is as it was."""
        known = {"content_version": (await self.document(product_no))["content_version"], "action": "edited"}
        body = {"shop_key": "demo", "product_no": product_no, "tiktok_product_id": "T1", "review": "in_review"}
        return await self._say(LISTING_EVENTS, PushSucceeded.model_validate({**body, **known, **members}, strict=False))

    async def say_skipped(self, product_no: str, why: SkipReason = "sync_disabled") -> Event[Any]:
        return await self._say(LISTING_EVENTS, PushSkipped(shop_key="demo", product_no=product_no, why=why))

    async def _say(self, spec: TopicSpec, body: Any, event_id: str | None = None) -> Event[Any]:
        self._said = getattr(self, "_said", 0) + 1
        said: Event[Any] = await self.world.say(spec, body, event_id or f"said-{self._said}", time=self.world.now)
        return said
