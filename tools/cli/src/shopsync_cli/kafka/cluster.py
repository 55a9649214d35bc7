"""Connections to Kafka that name the address when it does not answer."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
)

from shopsync_cli.errors import CommandFailed, MayNot, Unreachable
from shopsync_cli.settings import KafkaSettings
from shopsync_contracts import TopicSpec
from shopsync_runtime.errors import RuntimeFailure
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.consumer import reader
from shopsync_runtime.kafka.diagnosis import why_not
from shopsync_runtime.kafka.identity import who
from shopsync_runtime.kafka.producer import Producer
from shopsync_runtime.kafka.refusals import is_refusal
from shopsync_runtime.wording import error_text

CLIENT_ID = "shopsync-ops"
CONNECT_SECONDS = 10.0
_REQUEST_MS = 15_000
_CHECK = "check SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS (or --kafka)"
_CLOSE_SECONDS = 5.0
_GRANT = "an administrator grants what is declared with `shopsync topics apply --acls`"
_MAX_FETCH = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cluster:
    """One Kafka cluster and the prefix of this environment's topics."""

    connection: KafkaConnection
    prefix: str

    @classmethod
    def of(cls, settings: KafkaSettings) -> "Cluster":
        """The cluster that the settings name."""
        return cls(settings.connection(), settings.topic_prefix)

    @property
    def bootstrap_servers(self) -> str:
        """Its addresses."""
        return self.connection.bootstrap_servers

    @property
    def hides(self) -> bool:
        """Whether it may have topics that it does not show to us: Kafka hides those that a user may not describe."""
        return self.connection.security_protocol != "PLAINTEXT"

    @property
    def not_there(self) -> str:
        """Of topics that the cluster does not show, and what helps."""
        if not self.hides:
            return "missing; `shopsync topics apply` creates what is declared"
        return (
            f"missing, or {who(self.connection)} may not see it; `shopsync topics apply` creates what is declared,"
            " with --acls it grants the rights"
        )

    def name(self, spec: TopicSpec) -> str:
        """Full name of a topic."""
        return spec.full_name(self.prefix)

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[Producer]:
        """acks=all, idempotent, the Java client's murmur2 partitioner. Raises Unreachable."""
        producer = Producer(self.connection, client_id=CLIENT_ID)
        with kafka_errors(self):
            await self._started(producer.start())
        try:
            with kafka_errors(self):
                yield producer
        finally:
            await _closed(producer.stop())

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator["AIOKafkaConsumer[bytes | None, bytes | None]"]:
        """A consumer without a group: it commits nothing and disturbs no service."""
        consumer = reader(
            self.connection,
            client_id=CLIENT_ID,
            auto_offset_reset="earliest",
            request_timeout_ms=_REQUEST_MS,
            max_partition_fetch_bytes=_MAX_FETCH,
        )
        try:
            with kafka_errors(self):
                await self._started(consumer.start())
                yield consumer
        finally:
            await _closed(consumer.stop())

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """The admin client. Raises Unreachable."""
        admin = AIOKafkaAdminClient(**self.connection.options(), client_id=CLIENT_ID, request_timeout_ms=_REQUEST_MS)
        try:
            with kafka_errors(self):
                await self._started(admin.start())
                yield admin
        finally:
            await _closed(admin.close())

    async def _started(self, start: Coroutine[Any, Any, None]) -> None:
        """Raises Unreachable that says what is wrong with which setting, where that can be found out."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await start
        except (KafkaError, OSError):
            found = await why_not(self.connection)
            if found is None:
                raise
            raise Unreachable(f"Kafka at {self.bootstrap_servers} {found}") from None

    async def topics(self) -> frozenset[str]:
        """Full names of all topics on the cluster."""
        async with self.admin() as admin:
            return frozenset(await admin.list_topics())

    async def partitions(self, names: Iterable[str]) -> dict[str, list[TopicPartition]]:
        """Partitions of each topic. Raises CommandFailed that names the topics which do not exist."""
        async with self.admin() as admin:
            # Asks for all topics: a request for a missing one by name may create it.
            described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        wanted = list(dict.fromkeys(names))
        if missing := [name for name in wanted if name not in described]:
            raise CommandFailed(f"no such topic at {self.bootstrap_servers}: {', '.join(missing)} is {self.not_there}")
        return {
            name: sorted(TopicPartition(name, entry["partition"]) for entry in described[name]["partitions"])
            for name in wanted
        }


async def _closed(closing: Coroutine[Any, Any, None]) -> None:
    """Close a client: for some seconds at most, and without its errors.

    What matters was acknowledged or read before. With the broker away, aiokafka's `stop` may wait long, or raise the
    CancelledError of a task of its own, which would hide why the command failed.
    """
    task = asyncio.ensure_future(closing)
    await asyncio.wait({task}, timeout=_CLOSE_SECONDS)
    if not task.done():
        task.cancel()
    elif not task.cancelled():
        task.exception()


@contextmanager
def kafka_errors(cluster: Cluster) -> Iterator[None]:
    """Turns errors of Kafka and the runtime into Unreachable, MayNot or CommandFailed with the address."""
    address = cluster.bootstrap_servers
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError, TimeoutError) as error:
        raise Unreachable(f"Kafka is not reachable at {address}: {error_text(error)}; {_CHECK}") from error
    except (KafkaError, RuntimeFailure) as error:
        cause = error.__cause__ if isinstance(error, RuntimeFailure) else error
        if isinstance(cause, ClusterAuthorizationFailedError) or (cause is not None and is_refusal(cause)):
            raise MayNot(
                f"Kafka at {address} does not let {who(cluster.connection)} {_right(cause)}", _GRANT
            ) from error
        raise CommandFailed(f"Kafka at {address} refused: {error_text(error)}") from error


def _right(refusal: BaseException) -> str:
    """What was refused, as far as the error tells."""
    if isinstance(refusal, GroupAuthorizationFailedError):
        return f"Describe on group {refusal.args[0] if refusal.args else 'of the services'}"
    return f"do this: {error_text(refusal)}"
