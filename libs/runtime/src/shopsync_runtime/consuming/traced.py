"""Spans around a handler, where traces are switched on."""

from collections.abc import Sequence

from shopsync_runtime.delivery import Delivery, Handler, RefusedDelivery
from shopsync_runtime.tracing import Attributes, TracedMessage, Tracer, continuing, handling, tracer


def traced(handler: Handler, group: str) -> Handler:
    """The handler with spans for its batches and messages; the handler itself when traces are off."""
    spans = tracer()
    return handler if spans is None else _traced(handler, group, spans)


def _traced(handler: Handler, group: str, spans: Tracer) -> Handler:
    async def handle(batch: Sequence[Delivery]) -> Sequence[RefusedDelivery]:
        with spans.batch(group, [_message(one) for one in batch]) as made, handling(made.contexts):
            with continuing(batch[0].traceparent if len(batch) == 1 else None):
                refused = await handler(batch)
            for one in refused:
                made.fail(_place(one.delivery), type(one.error).__name__)
            return refused

    handle.__name__ = getattr(handler, "__name__", "handle")
    handle.__doc__ = handler.__doc__
    return handle


def _place(delivery: Delivery) -> tuple[str, int, int]:
    return delivery.topic, delivery.partition, delivery.offset


def _message(delivery: Delivery) -> TracedMessage:
    return TracedMessage(_place(delivery), delivery.traceparent, lambda: _attributes(delivery))


def _attributes(delivery: Delivery) -> Attributes:
    """OpenTelemetry's names for messages in Kafka and for CloudEvents."""
    event = delivery.parsed
    attributes: dict[str, str | int | float | bool | None] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": delivery.topic,
        "messaging.destination.partition.id": str(delivery.partition),
        "messaging.kafka.offset": delivery.offset,
    }
    if event is not None:
        attributes |= {
            "messaging.kafka.message.key": event.subject,
            "cloudevents.event_id": event.id,
            "cloudevents.event_source": event.source,
            "cloudevents.event_type": event.type,
            "shopsync.shop_key": event.data.shop_key,
            "shopsync.product_no": getattr(event.data, "product_no", None),
        }
    return attributes
