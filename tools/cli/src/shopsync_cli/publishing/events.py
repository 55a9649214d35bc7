"""Publishing what an operator says: events of our own types, and lines as they are."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar
from uuid import uuid4

from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.publishing.outcomes import Sent
from shopsync_contracts import Event, ShopBody, TopicSpec, new_event, topic_of
from shopsync_runtime.events import EventPublisher
from shopsync_runtime.kafka.producer import Message, Producer

T = TypeVar("T")
SERVICE = "ops"
CHUNK = 500


def now() -> datetime:
    """The operator's clock, aware."""
    return datetime.now(UTC)


def event_of(body: ShopBody, *, time: datetime | None = None) -> Event[ShopBody]:
    """An event said by the command line, with an id of its own."""
    return new_event(body, source=f"/shopsync/{SERVICE}", id=str(uuid4()), time=time or now())


async def publish_events(cluster: Cluster, events: Sequence[Event[ShopBody]]) -> list[Sent]:
    """Publish each on the topic of its type, in order; returns when all are acknowledged, with the place of each."""
    specs: list[tuple[TopicSpec, Event[ShopBody]]] = [(topic_of(type(event.data)), event) for event in events]
    await cluster.partitions(cluster.name(spec) for spec, _ in specs)
    async with cluster.producer() as producer:
        publisher = EventPublisher(producer, service=SERVICE, prefix=cluster.prefix, clock=now)
        placed = await publisher.publish_all(specs)
    return [
        Sent(spec, (at.topic, at.partition, at.offset), event) for (spec, event), at in zip(specs, placed, strict=True)
    ]


async def send_in_chunks(producer: Producer, messages: Iterable[Message]) -> int:
    """Send in order, chunk by chunk, so that memory stays small. Returns how many were acknowledged."""
    sent = 0
    for chunk in batched(messages, CHUNK):
        await producer.send_all(chunk)
        sent += len(chunk)
    return sent


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` in order, the last one shorter: `itertools.batched` of Python 3.12."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
