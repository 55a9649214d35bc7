import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from faststream import FastStream
from pymongo import AsyncMongoClient
from starlette.routing import BaseRoute

from shopsync_contracts import ShopBody, TopicSpec
from shopsync_contracts.access import consumer_group
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime.background import BackgroundTask
from shopsync_runtime.broker import Fetching, create_app, subscribe
from shopsync_runtime.consuming.commits import PendingRecords
from shopsync_runtime.consuming.subscription import Subscription, SubscriptionOptions
from shopsync_runtime.consuming.traced import traced
from shopsync_runtime.deadletters import DeadLetter, messages_of
from shopsync_runtime.delivery import Handler
from shopsync_runtime.events import EventPublisher
from shopsync_runtime.health import Dependencies, Report, liveness, readiness
from shopsync_runtime.kafka.barrier import Barrier, lag_barrier
from shopsync_runtime.kafka.connection import KafkaConnection
from shopsync_runtime.kafka.diagnosis import why_not
from shopsync_runtime.kafka.producer import Producer
from shopsync_runtime.leases import Leases
from shopsync_runtime.mongo import Database, Document, ping_error
from shopsync_runtime.outage import Outage
from shopsync_runtime.phases import Phases
from shopsync_runtime.settings import CommonSettings
from shopsync_runtime.shutdown import Shutdown

Hook = Callable[[], Awaitable[None]]

_MONGO_PING_SECONDS = 2.0
_TICK_SECONDS = 5.0
# A handler gets two thirds of the rebalance timeout to finish; the rest is for committing and joining again.
_REVOKE_SHARE = 2 / 3


class Runtime:
    """Everything that a service's composition root needs. Created once per process by `service.run_service`."""

    def __init__(
        self,
        name: str,
        common: CommonSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        phases: Phases | None = None,
    ) -> None:
        self.name = name
        self.common = common
        self.clock = clock
        self.phases = phases or Phases()
        self.kafka = KafkaConnection.of(common)
        self.app: FastStream = create_app(common, name, self.kafka)
        self.state = "starting"
        self.shutdown = Shutdown()
        self.producer = Producer(self.kafka, client_id=f"{common.topic_prefix}.{name}")
        self.events = EventPublisher(self.producer, service=name, prefix=common.topic_prefix, clock=clock)
        self.kafka_outage = Outage("Kafka", common.kafka_bootstrap_servers)
        self.subscriptions: list[Subscription] = []
        self.tasks: list[BackgroundTask] = []
        self.routes: list[BaseRoute] = []
        self.notes: dict[str, Callable[[], str]] = {}
        self.checks: dict[str, Callable[[], str | None]] = {}
        self.start_hooks: list[Hook] = []
        self.stop_hooks: list[Hook] = []

    # For composition roots ---------------------------------------------------------------------------------

    def consume(
        self, name: str, specs: Sequence[TopicSpec], handler: Handler, *, max_records: int = 500
    ) -> Subscription:
        """Consume these topics as group `{prefix}.{service}.{name}`, at least once, in order per partition.

        The handler gets 1…`max_records` deliveries, in order per partition, and returns those that become dead
        letters. It must be idempotent. Offsets are committed after it returned and the dead letters are stored. On
        RetryableError and infrastructure errors the batch is retried with back-off.
        """
        return self._consume(name, specs, handler, self._options(), Fetching(max_records))

    def consume_unparsed(
        self,
        name: str,
        specs: Sequence[TopicSpec],
        handler: Handler,
        *,
        fetching: Fetching,
        pending_records: PendingRecords,
    ) -> Subscription:
        """Like `consume`, but the handler gets the records unparsed.

        Those that it still works on after it returned are named by `pending_records`; offsets are only committed below
        them.
        """
        options = replace(self._options(), parse=False, pending_records=pending_records)
        return self._consume(name, specs, handler, options, fetching)

    def _options(self) -> SubscriptionOptions:
        return SubscriptionOptions(
            dead_letter_limit=self.common.dead_letter_limit,
            commit_timeout=self.common.kafka_commit_timeout.total_seconds(),
            revoke_timeout=self.common.kafka_rebalance_timeout.total_seconds() * _REVOKE_SHARE,
        )

    def _consume(
        self, name: str, specs: Sequence[TopicSpec], handler: Handler, options: SubscriptionOptions, fetching: Fetching
    ) -> Subscription:
        if any(existing.name == name for existing in self.subscriptions):
            raise ValueError(f"subscription {name!r} is declared twice")
        prefix = self.common.topic_prefix
        group = consumer_group(prefix, self.name, name)
        subscription = Subscription(
            name,
            group=group,
            topics={spec.full_name(prefix): spec for spec in specs},
            # Who reads bytes only compares them; their trace ended where they were written.
            handler=traced(handler, group) if options.parse else handler,
            publish_letters=self.publish_dead_letters,
            options=options,
        )
        subscribe(self.app, self.common, subscription, fetching)
        self.subscriptions.append(subscription)
        return subscription

    def publishes(self, *types: type[ShopBody]) -> EventPublisher:
        """Declare what the service publishes: from then on nothing else can be. Its AsyncAPI document names them.

        Every service also publishes dead letters. Returns the publisher.
        """
        self.events.declare(*types)
        return self.events

    def background(self, name: str, run: Hook) -> None:
        """Run a coroutine beside the subscriptions. It is restarted with back-off and cancelled at shutdown."""
        if any(existing.name == name for existing in self.tasks):
            raise ValueError(f"background task {name!r} is declared twice")
        self.tasks.append(BackgroundTask(name, run))

    def add_routes(self, routes: Sequence[BaseRoute]) -> None:
        """Serve these routes on the service's HTTP port. They answer 503 until the service has started."""
        self.routes += routes

    def note(self, name: str, say: Callable[[], str]) -> None:
        """Show what `say` returns under this name in /readyz. It does not affect whether the service is ready."""
        self.notes[name] = say

    def check(self, name: str, problem: Callable[[], str | None]) -> None:
        """Report the service as not ready while `problem` returns a text."""
        self.checks[name] = problem

    def on_start(self, hook: Hook) -> None:
        """Await this when MongoDB and Kafka answer, before the first message, in order of registration.

        It may be called again, when a broker or a primary is lost meanwhile.
        """
        self.start_hooks.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """Await this after the last message, in reverse order of registration."""
        self.stop_hooks.append(hook)

    async def publish_dead_letters(self, letters: Sequence[DeadLetter]) -> None:
        """Publish dead letters and wait until all are acknowledged."""
        topic = DEAD_LETTERS.full_name(self.common.topic_prefix)
        await self.producer.send_all(messages_of(letters, topic=topic, service=self.name, failed_at=self.clock()))

    async def lag_barrier(self, group: str, specs: Sequence[TopicSpec]) -> Barrier:
        """A barrier at the present ends of these topics: `passed()` tells whether the group has handled all before."""
        prefix = self.common.topic_prefix
        return await lag_barrier(self.kafka, group, [spec.full_name(prefix) for spec in specs])

    @cached_property
    def mongo(self) -> AsyncMongoClient[Document]:
        """The MongoDB client (w=majority, retryWrites, aware datetimes)."""
        return self.common.mongo_access.client(app_name=self.name)

    @cached_property
    def database(self) -> Database:
        """The service's database."""
        return self.mongo[self.common.mongo_database]

    @cached_property
    def leases(self) -> Leases:
        """Slots and leases across replicas, in the collection `{service}_leases`. Whoever asks for it makes its index.

        That is done when the service starts, since a lease or a pace may be the first that is written there.
        """
        leases = Leases(self.database, self.name)
        self.on_start(leases.ensure_indexes)
        return leases

    # For `service.run_service` -----------------------------------------------------------------------------

    async def close_mongo(self) -> None:
        """Close the client of MongoDB if it was made: that it cannot be made may be why the service stops."""
        if "mongo" in vars(self):
            await self.mongo.close()

    async def readyz(self) -> Report:
        """Whether the service does its work."""
        return readiness(
            state=self.state,
            dependencies=Dependencies(
                mongo_error=await ping_error(self.mongo, _MONGO_PING_SECONDS),
                kafka_error=self.kafka_outage.reason,
                producer_error=self.producer.fault or self.producer.refusal.text,
            ),
            subscriptions=self.subscriptions,
            background=self.tasks,
            notes={name: say() for name, say in self.notes.items()},
            own={name: problem() for name, problem in self.checks.items()},
        )

    async def livez(self) -> Report:
        """Whether the process is alive. If not, a restart may help."""
        return liveness(subscriptions=self.subscriptions, stall_after=self.common.stall_timeout.total_seconds())

    async def housekeeping(self) -> None:
        """Repeat failed commits, measure the lag and check that Kafka answers, indefinitely."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            answers = await asyncio.gather(*(subscription.tick() for subscription in self.subscriptions))
            if any(answers):
                self.kafka_outage.note_result(True)
            elif False in answers:
                self.kafka_outage.note_result(False, await why_not(self.kafka))
