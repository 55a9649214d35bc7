import logging
from dataclasses import dataclass
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shopsync_runtime.consuming.subscription import Subscription
from shopsync_runtime.settings import CommonSettings

_MAX_POLL_MS = 5 * 60 * 1000
_REQUEST_MS = 30_000


@dataclass(frozen=True, slots=True)
class ConsumeOptions:
    """Size and patience of one fetch. `batch_timeout` in seconds: how long an idle poll waits."""

    max_records: int
    batch_timeout: float


def create_app(common: CommonSettings, service: str) -> FastStream:
    """A FastStream application with one broker that only consumes; publishing is `kafka.producer`'s business.

    `apply_types=False`: FastDepends must neither cast nor validate what our own decoder made of the bytes.
    """
    broker = KafkaBroker(
        common.kafka_bootstrap_servers.split(","),
        client_id=f"{common.topic_prefix}.{service}",
        request_timeout_ms=_REQUEST_MS,
        consumer_only=True,
        allow_auto_create_topics=False,
        graceful_timeout=common.shutdown_grace.total_seconds(),
        apply_types=False,
        serializer=None,
        logger=logging.getLogger("faststream.kafka"),
    )
    return FastStream(
        broker,
        logger=logging.getLogger("faststream"),
        serializer=None,
        specification=AsyncAPI(title=f"shopsync {service}", version="1"),
    )


def subscribe(app: FastStream, common: CommonSettings, subscription: Subscription, options: ConsumeOptions) -> None:
    """Register one batch subscriber: manual ack, own parser and decoder, earliest offsets, static member if named."""
    broker = app.broker
    if not isinstance(broker, KafkaBroker):
        raise TypeError("the application has no Kafka broker")
    session = int(common.kafka_session_timeout.total_seconds() * 1000)
    subscriber: Any = broker.subscriber(
        *subscription.topics,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        group_id=subscription.group,
        group_instance_id=f"{common.instance_id}-{subscription.name}" if common.instance_id else None,
        auto_offset_reset="earliest",
        session_timeout_ms=session,
        heartbeat_interval_ms=max(100, session // 10),
        rebalance_timeout_ms=int(common.kafka_rebalance_timeout.total_seconds() * 1000),
        max_poll_interval_ms=_MAX_POLL_MS,
        max_records=options.max_records,
        batch_timeout_ms=int(options.batch_timeout * 1000),
        parser=subscription.parse,
        decoder=subscription.decode,
        listener=subscription.listener,
        no_reply=True,
        title=subscription.name,
    )
    subscriber(subscription.handle)
    subscription.bind(lambda: subscriber.consumer)
