from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from shopsync_contracts import CONTENT_TYPE, Event, PlainEvent, ShopBody, TopicSpec, new_event, topic_of
from shopsync_runtime.kafka.producer import OutgoingMessage, Placed, Producer
from shopsync_runtime.tracing import current_traceparent

B = TypeVar("B", bound=ShopBody)

_HEADERS = (("content-type", CONTENT_TYPE.encode()),)


class EventPublisher:
    """Creates events with the service as their source, and publishes them through its only producer.

    Every call waits for the acknowledgement of all in-sync replicas and raises KafkaError otherwise. That makes
    "produce, then commit" safe.
    """

    def __init__(self, producer: Producer, *, service: str, prefix: str, clock: Callable[[], datetime]) -> None:
        self._producer = producer
        self._source = f"/shopsync/{service}"
        self._prefix = prefix
        self._clock = clock
        self._service = service
        self.declared: dict[type[ShopBody], TopicSpec] = {}

    def declare(self, *types: type[ShopBody]) -> None:
        """Say which types are published. From then on a type that was not declared is refused."""
        self.declared |= {one: topic_of(one) for one in types}

    def event(
        self,
        body: B,
        id: str | None = None,  # noqa: A002 - CloudEvents' name
        time: datetime | None = None,
        traceparent: str | None = None,
    ) -> Event[B]:
        """Wrap a body. A fact that may be published twice needs an `id` derived from its cause; default is a UUID.

        `time` must be aware; default is now. The event continues the trace of the message that is being handled.
        """
        return new_event(
            body,
            source=self._source,
            id=id or str(uuid4()),
            time=time or self._clock(),
            traceparent=traceparent or current_traceparent(),
        )

    def plain_event(
        self,
        kind: type[ShopBody],
        data: Mapping[str, Any],
        *,
        subject: str,
        event_id: str,
        time: datetime,
        traceparent: str | None = None,
    ) -> PlainEvent:
        """Wrap a body that is given as plain values and is not validated, see `PlainEvent`."""
        return PlainEvent(kind, data, subject, event_id, self._source, time, traceparent or current_traceparent())

    async def publish(self, spec: TopicSpec, event: Event[Any], key: bytes | None = None) -> None:
        """Publish one event and wait for the acknowledgement."""
        await self.send([self.message(spec, event, key)])

    async def publish_all(self, events: Sequence[tuple[TopicSpec, Event[Any] | PlainEvent]]) -> list[Placed]:
        """Publish in the given order and wait for all acknowledgements. The order per topic and key is kept.

        Returns the position of each, in the given order. After an error some may have arrived: publish all again with
        the same ids.
        """
        return await self.send([self.message(spec, event) for spec, event in events])

    def message(self, spec: TopicSpec, event: Event[Any] | PlainEvent, key: bytes | None = None) -> OutgoingMessage:
        """The event as bytes, to be sent later.

        Raises ValueError when the topic does not carry its type, or the service has not declared it.
        """
        if event.body_type not in spec.types:
            raise ValueError(f"{event.body_type.wire_type()} does not belong on {spec.name}")
        if self.declared and event.body_type not in self.declared:
            raise ValueError(f"{self._service} does not declare that it publishes {event.body_type.wire_type()}")
        return OutgoingMessage(spec.full_name(self._prefix), event.to_bytes(), key or event.key(), _HEADERS)

    def null_message(self, spec: TopicSpec, key: bytes) -> OutgoingMessage:
        """A null value, which deletes the key, to be sent later. Raises ValueError where it means nothing."""
        if not spec.tombstones:
            raise ValueError(f"{spec.name} carries no tombstones")
        return OutgoingMessage(spec.full_name(self._prefix), None, key)

    async def send(self, messages: Sequence[OutgoingMessage]) -> list[Placed]:
        """Publish messages that were made before, like `publish_all`."""
        return await self._producer.send_all(messages)
