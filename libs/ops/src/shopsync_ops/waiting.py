"""Publishing a command and following the reports until the one that answers it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from shopsync_contracts import ContractError, Event, ShopBody, parse
from shopsync_contracts.events import ImportFailed, SweepCompleted, SyncCompleted
from shopsync_contracts.topics import REPORTS
from shopsync_ops.cluster import Cluster
from shopsync_ops.errors import CommandFailed
from shopsync_ops.publishing import publish_events
from shopsync_ops.reading import Consumer, from_now

_POLL_MS = 300


@dataclass(slots=True)
class Answer:
    """The report of one request, page by page (only sweeps have more than one)."""

    request_id: str
    pages: dict[int, Event[ShopBody]] = field(default_factory=dict)

    def take(self, event: Event[ShopBody]) -> None:
        """Keep the event if it answers the request; a repeated page counts once."""
        if getattr(event.data, "request_id", None) == self.request_id:
            self.pages[getattr(event.data, "page", 1)] = event

    @property
    def complete(self) -> bool:
        """All pages are there."""
        first = next(iter(self.pages.values()), None)
        return first is not None and len(self.pages) >= getattr(first.data, "pages", 1)

    @property
    def events(self) -> list[Event[ShopBody]]:
        """The pages in order."""
        return [self.pages[number] for number in sorted(self.pages)]


def refusal_of(report: ShopBody) -> str | None:
    """Why the request was not done, or None when it was."""
    if isinstance(report, ImportFailed):
        return f"{report.code}: {report.message}"
    if isinstance(report, SyncCompleted | SweepCompleted):
        return report.refused_because
    return None


async def publish_and_wait(
    cluster: Cluster, request: Event[ShopBody], *, seconds: float, progress: Callable[[], None]
) -> Answer:
    """Publish the command and return its report. Calls `progress` a few times a second.

    Raises CommandFailed after `seconds`; the command stays published and may still be carried out.
    """
    partitions = (await cluster.partitions([cluster.name(REPORTS)]))[cluster.name(REPORTS)]
    answer = Answer(request.id)
    async with cluster.consumer() as consumer:
        # Before publishing: a report that comes at once must not be missed.
        await from_now(consumer, partitions)
        await publish_events(cluster, [request])
        deadline = asyncio.get_running_loop().time() + seconds
        while not answer.complete:
            if asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(
                    f"no report for request {request.id} within {seconds:g} s; the command is published and may"
                    " still run (watch: shopsync tail reports)"
                )
            await _take_some(consumer, answer)
            progress()
    return answer


async def _take_some(consumer: Consumer, answer: Answer) -> None:
    for records in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
        for record in records:
            # A broken message on the reports topic is somebody else's problem, not this request's.
            with contextlib.suppress(ContractError):
                answer.take(parse(record.value, key=record.key, topic=REPORTS))
