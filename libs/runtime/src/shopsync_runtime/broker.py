import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Union

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from shopsync_contracts import Event
from shopsync_runtime.consuming.subscription import Subscription
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import ISOLATION, Consumer
from shopsync_runtime.settings import CommonSettings

_MAX_POLL_MS = 5 * 60 * 1000
_IDLE_POLL_MS = 100
_REQUEST_MS = 30_000
# `Subscription.drain` has already waited for the batch in flight when FastStream stops.
_GRACEFUL_SECONDS = 0.1


class _Broker(KafkaBroker):
    """Creates our own consumers, and starts its subscribers concurrently.

    A start waits for the group's assignment, which may wait for the session of a crashed member to expire. In sequence,
    five subscriptions would wait five times as long.
    """

    def __init__(self, connection: KafkaConnection, **options: Any) -> None:
        super().__init__(connection.bootstrap_servers.split(","), **options)
        self.connection = connection
        self.by_group: dict[str, Subscription] = {}

    async def start(self) -> None:
        aiokafkas: Any = await self.connect()
        self.config.broker_config.builder = partial(self._consumer, **aiokafkas.keywords)
        try:
            async with asyncio.TaskGroup() as group:
                for subscriber in self.subscribers:
                    group.create_task(subscriber.start())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        self.running = True

    def _consumer(self, *, group_id: str, **options: Any) -> Consumer:
        subscription = self.by_group[group_id]
        return Consumer(
            connection=self.connection,
            observer=subscription.polling,
            fencing_listener=subscription,
            urgent_topics=subscription.urgent_topics,
            group_id=group_id,
            **options,
        )


def create_app(common: CommonSettings, service: str, connection: KafkaConnection) -> FastStream:
    """A FastStream application with one broker that only consumes. `kafka.producer` publishes.

    `apply_types=False`: FastDepends must neither cast nor validate what our own decoder returns.
    """
    broker = _Broker(
        connection,
        # With the version: whoever looks at a group sees whether an update is finished.
        client_id=f"{common.topic_prefix}.{service}-{version('shopsync-runtime')}",
        request_timeout_ms=_REQUEST_MS,
        consumer_only=True,
        allow_auto_create_topics=False,
        graceful_timeout=_GRACEFUL_SECONDS,
        apply_types=False,
        logger=logging.getLogger("faststream.kafka"),
    )
    return FastStream(
        broker,
        logger=logging.getLogger("faststream"),
        specification=AsyncAPI(title=f"shopsync {service}", version="1"),
    )


@dataclass(frozen=True, slots=True)
class Fetching:
    """How much is read at once.

    At most `max_records` are handled together. The broker waits up to `max_wait_ms` for `min_bytes` of records: that
    saves both sides work, where nobody waits for them.
    """

    max_records: int = 500
    min_bytes: int = 1
    max_wait_ms: int = 500


def subscribe(app: FastStream, common: CommonSettings, subscription: Subscription, fetching: Fetching) -> None:
    """Register one batch subscriber with manual ack, our parser and decoder; a static member if `instance_id` is set.

    It starts at the earliest offset and reads committed messages only, see `kafka.consumer`.
    """
    broker = app.broker
    if not isinstance(broker, _Broker):
        raise TypeError("the application has no Kafka broker")
    broker.by_group[subscription.group] = subscription
    session = int(common.kafka_session_timeout.total_seconds() * 1000)
    subscriber: Any = broker.subscriber(
        *subscription.topics,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        group_id=subscription.group,
        group_instance_id=f"{common.instance_id}-{subscription.name}" if common.instance_id else None,
        auto_offset_reset="none",  # `kafka.consumer` starts at the earliest offset and logs it
        isolation_level=ISOLATION,
        session_timeout_ms=session,
        heartbeat_interval_ms=max(100, session // 10),
        rebalance_timeout_ms=int(common.kafka_rebalance_timeout.total_seconds() * 1000),
        max_poll_interval_ms=_MAX_POLL_MS,
        max_records=fetching.max_records,
        fetch_min_bytes=fetching.min_bytes,
        fetch_max_wait_ms=fetching.max_wait_ms,
        batch_timeout_ms=_IDLE_POLL_MS,
        parser=subscription.parse,
        decoder=subscription.decode,
        listener=subscription.listener,
        no_reply=True,
        title=subscription.name,
        description=subscription.description,
    )
    subscriber(_documented(subscription))
    subscription.bind(lambda: subscriber.consumer)


def _documented(subscription: Subscription) -> Callable[[Any], Awaitable[None]]:
    """The subscription's handler, annotated with its event types for AsyncAPI. The annotation has no other effect."""

    async def handle(items: Any) -> None:
        await subscription.handle(items)

    bodies = [body for spec in subscription.topics.values() for body in spec.types]
    events = [Event.__class_getitem__(body) for body in bodies]
    handle.__annotations__["items"] = list[Union[tuple(events)]] if events else list[Any]  # type: ignore[misc] # noqa: UP007 - built at run time
    return handle
