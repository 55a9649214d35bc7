"""Publishing a command and waiting for the report that answers it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shopsync_cli.bounded import bounded
from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import Consumer, read_to_end, seek_to_end
from shopsync_cli.publishing.events import publish_events
from shopsync_contracts import ContractError, Event, ShopBody, parse
from shopsync_contracts.events import ImportProgress
from shopsync_contracts.topics import REPORTS, SHOP_SETTINGS

_POLL_MS = 300
_LOOK_SECONDS = 5.0

Progress = Callable[[ImportProgress | None], None]
"""Called a few times a second, with the newest that is known about how far the request is."""


@dataclass(slots=True)
class Answer:
    """The report of one request, page by page (only sweeps have more than one)."""

    request_id: str
    pages: dict[int, Event[ShopBody]] = field(default_factory=dict)
    progress: ImportProgress | None = None

    def take(self, event: Event[ShopBody]) -> None:
        """Keep the event if it answers the request; a repeated page counts once. Progress is no answer."""
        if getattr(event.data, "request_id", None) != self.request_id:
            return
        if isinstance(event.data, ImportProgress):
            self.progress = event.data
        else:
            self.pages[getattr(event.data, "page", 1)] = event

    @property
    def complete(self) -> bool:
        """All pages have come."""
        first = next(iter(self.pages.values()), None)
        return first is not None and len(self.pages) >= getattr(first.data, "pages", 1)

    @property
    def events(self) -> list[Event[ShopBody]]:
        """The pages in order."""
        return [self.pages[number] for number in sorted(self.pages)]


class ShopReports:
    """The reports about one shop since this reader was started."""

    def __init__(self, consumer: Consumer, shop_key: str) -> None:
        self._consumer = consumer
        self._shop_key = shop_key
        self._seen: list[Event[ShopBody]] = []

    async def answer(self, request_id: str, *, until: float, progress: Progress) -> Answer:
        """The report of the request, also when it came before this call.

        Raises CommandFailed at `until`, a time of the loop's clock.
        """
        answer, taken = Answer(request_id), 0
        while True:
            for event in self._seen[taken:]:
                answer.take(event)
            taken = len(self._seen)
            if answer.complete:
                return answer
            if asyncio.get_running_loop().time() > until:
                raise CommandFailed(
                    f"no report for request {request_id} in time; the command is published and may still run"
                    " (watch: shopsync tail reports)"
                )
            await self._take_some()
            progress(answer.progress)

    async def _take_some(self) -> None:
        for records in (await self._consumer.getmany(timeout_ms=_POLL_MS)).values():
            for record in records:
                # A broken message on the reports topic cannot answer this request.
                with contextlib.suppress(ContractError):
                    event = parse(record.value, key=record.key, topic=REPORTS)
                    if event.data.shop_key == self._shop_key:
                        self._seen.append(event)


async def _has_settings(cluster: Cluster, shop_key: str) -> bool:
    """By the topic that keeps the newest settings of each shop."""
    name, known = cluster.name(SHOP_SETTINGS), False
    partitions = (await cluster.partitions([name]))[name]
    async with cluster.consumer() as consumer:
        async for record in read_to_end(consumer, partitions):
            if record.key == shop_key.encode():
                known = record.value is not None
    return known


@asynccontextmanager
async def read_reports(cluster: Cluster, shop_key: str) -> AsyncIterator[ShopReports]:
    """Reports from now on. Enter it before publishing, or an early report is missed."""
    partitions = (await cluster.partitions([cluster.name(REPORTS)]))[cluster.name(REPORTS)]
    async with cluster.consumer() as consumer:
        await seek_to_end(consumer, partitions)
        yield ShopReports(consumer, shop_key)


async def publish_and_wait(
    cluster: Cluster,
    request: Event[ShopBody],
    *,
    seconds: float,
    progress: Progress,
    on_no_settings: Callable[[], None],
) -> list[Answer]:
    """Publish the command and return its report, and that of the sync which follows an import with `then_sync`.

    `on_no_settings` is called at once when the shop has none: services wait some seconds for them, then they refuse.
    Raises CommandFailed after `seconds`; the command stays published and may still be carried out.
    """
    async with read_reports(cluster, request.data.shop_key) as reports:
        await publish_events(cluster, [request])
        until = asyncio.get_running_loop().time() + seconds
        with contextlib.suppress(CommandFailed):  # who may not read the settings cannot say that there are none
            if not await bounded(_has_settings(cluster, request.data.shop_key), min(seconds, _LOOK_SECONDS)):
                on_no_settings()
        answers = [await reports.answer(request.id, until=until, progress=progress)]
        followed_by = getattr(answers[0].events[0].data, "sync_request_id", None)
        if getattr(request.data, "then_sync", False) and followed_by is not None:
            answers.append(await reports.answer(followed_by, until=until, progress=progress))
    return answers
