"""Events of the command line, and publishing them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.moments import now
from shopsync_cli.publishing.outcomes import Sent
from shopsync_contracts import Event, ShopBody, TopicSpec, new_event, topic_of
from shopsync_runtime.events import EventPublisher

SERVICE = "ops"


def event_of(body: ShopBody, *, time: datetime | None = None) -> Event[ShopBody]:
    """An event with an id of its own, whose source is the command line."""
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
