"""Puts Kafka's offsets and a database that was restored from a backup together again.

Kafka has gone on since the backup. What the catalogue had read since is read again: a message that is repeated changes
nothing. Deletions are not repeated: a product may be ON since, and the edit that says so is read again beside them; the
next sweep proves again what is gone.

What was sent to TikTok Shop since is not sent again: the publisher is told that the database was restored, and asks
TikTok first. Push commands that were taken count as taken; of the jobs in the backup those that were carried out since
are removed. Repeating all of this changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo import DeleteOne, UpdateOne

from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster, kafka_errors
from shopsync_cli.kafka.group_offsets import committed, members
from shopsync_cli.kafka.records import Consumer
from shopsync_cli.moments import now
from shopsync_contracts import ContractError, parse
from shopsync_contracts.access import GROUPS, group_named
from shopsync_contracts.events import PushSkipped, PushSucceeded
from shopsync_contracts.topics import DELETE_COMMANDS, LISTING_EVENTS, PUSH_COMMANDS
from shopsync_readmodel.restorations import COLLECTION
from shopsync_runtime.chunks import batched
from shopsync_runtime.kafka.consumer import ISOLATION
from shopsync_runtime.mongo import Database

MARGIN = timedelta(minutes=10)
"""How far before the backup is read again: for clocks that differ, and batches that were under way."""
_TO_THE_BACKUP = (("catalog", "products"), ("catalog", "settings"), ("publisher", "commands"))
_TO_THE_START = (("catalog", "snapshot-check"),)
"""Every snapshot on the topic is compared with the restored products."""
_POLL_MS = 500
_STOP_POLL_SECONDS = 1.0
_STALL_POLLS = 20
_PAGE = 500
_LAST_RECORDS = 100

Offsets = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Reset:
    """A group and where it goes on. `back`: how many offsets are read again."""

    group: str
    offsets: Offsets
    back: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done. `taken`: push commands up to these offsets, with the broker's time, count as carried out.

    `answered`: products whose pushes TikTok has answered since the backup, and when last.
    """

    backup_of: datetime
    resets: tuple[Reset, ...]
    taken: Mapping[TopicPartition, tuple[int, datetime]]
    answered: Mapping[str, datetime]


async def waiting_jobs(database: Database) -> list[str]:
    """The products with a push to be done in the backup."""
    return [str(one["_id"]) async for one in database["push_jobs"].find({}, {"_id": 1})]


async def wait_until_stopped(cluster: Cluster, seconds: float) -> None:
    """Raises CommandFailed while a service runs: Kafka resets no group that has members."""
    deadline = asyncio.get_running_loop().time() + seconds
    async with cluster.admin() as admin:
        while True:
            names = [one.full_name(cluster.prefix) for one in GROUPS]
            running = [group for group in names if (await members(admin, group)).count]
            if not running:
                return
            if asyncio.get_running_loop().time() > deadline:
                raise CommandFailed(
                    f"stop every replica of the services first: {', '.join(running)} still has members; a replica with"
                    " a SHOPSYNC_INSTANCE_ID stays one for SHOPSYNC_KAFKA_SESSION_TIMEOUT after it was stopped (--wait)"
                )
            await asyncio.sleep(_STOP_POLL_SECONDS)


async def make_plan(cluster: Cluster, backup_of: datetime, waiting: Collection[str]) -> Plan:
    """`waiting`: products with a push to be done."""
    since = backup_of - MARGIN
    async with cluster.admin() as admin, cluster.consumer() as consumer:
        reached = {
            group: await committed(admin, group)
            for group in (group_named(*one).full_name(cluster.prefix) for one in (*_TO_THE_BACKUP, *_TO_THE_START))
        }
        deletions = {cluster.name(DELETE_COMMANDS)}
        resets = [
            await _reset(consumer, group, reached[group], since, but_not=deletions)
            for group in (group_named(*one).full_name(cluster.prefix) for one in _TO_THE_BACKUP)
        ]
        resets += [
            await _reset(consumer, group, reached[group], None)
            for group in (group_named(*one).full_name(cluster.prefix) for one in _TO_THE_START)
        ]
        name = cluster.name(PUSH_COMMANDS)
        commands = reached[group_named("publisher", "commands").full_name(cluster.prefix)]
        taken = {
            part: (end - 1, await _stamp(consumer, part, end))
            for part, end in commands.items()
            if part.topic == name and end > 0
        }
        answered = await _answered(cluster, consumer, since, frozenset(waiting)) if waiting else {}
        return Plan(backup_of, tuple(resets), taken, answered)


async def carry_out(cluster: Cluster, database: Database, plan: Plan) -> int:
    """Do it, the database first. Returns how many jobs were removed. Raises OperationFailure without the rights."""
    # The mark comes first: without it nothing may be sent, whatever ends this process.
    mark = {"$setOnInsert": {"restored_at": now()}}
    await database[COLLECTION].update_one({"_id": plan.backup_of}, mark, upsert=True)
    if plan.taken:
        await database["command_positions"].bulk_write(
            [
                UpdateOne(
                    {"_id": f"{part.topic}/{part.partition}"},
                    # The mark says more than a gap that a publisher noticed by itself.
                    {"$max": {"offset": offset, "timestamp": stamp}, "$unset": {"gap_at": ""}},
                    upsert=True,
                )
                for part, (offset, stamp) in plan.taken.items()
            ]
        )
    removed = 0
    for some in batched(plan.answered.items(), _PAGE):
        jobs = [DeleteOne({"_id": subject, "requested_at": {"$lte": at}}) for subject, at in some]
        removed += (await database["push_jobs"].bulk_write(jobs, ordered=False)).deleted_count
    for reset in plan.resets:
        if reset.offsets:
            async with _member(cluster, reset.group) as consumer:
                consumer.assign(list(reset.offsets))
                await consumer.commit(reset.offsets)
    return removed


async def _reset(
    consumer: Consumer, group: str, reached: Offsets, since: datetime | None, but_not: Collection[str] = ()
) -> Reset:
    """Back to a moment, or to the start; never forward. Partitions that were never read begin at the start anyway."""
    parts = [part for part in reached if part.topic not in but_not]
    if not parts:
        return Reset(group, {}, 0)
    starts = await consumer.beginning_offsets(parts)
    if since is None:
        wanted = dict(starts)
    else:
        moment = int(since.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(parts, moment))
        wanted = {part: reached[part] if one is None else one.offset for part, one in found.items()}
    offsets = {part: max(starts[part], min(wanted[part], reached[part])) for part in parts}
    return Reset(group, offsets, sum(reached[part] - offsets[part] for part in parts))


async def _stamp(consumer: Consumer, part: TopicPartition, end: int) -> datetime:
    """The broker's time of the last record before an offset; that of now when there is none left."""
    start = (await consumer.beginning_offsets([part]))[part]
    stamps = [
        datetime.fromtimestamp(record.timestamp / 1000, UTC)
        async for record in _between(consumer, {part: (max(start, end - _LAST_RECORDS), end)})
    ]
    return max(stamps, default=now())


async def _answered(
    cluster: Cluster, consumer: Consumer, since: datetime, waiting: frozenset[str]
) -> dict[str, datetime]:
    """From what the publisher told: which of these products' pushes succeeded or were left out, and when last."""
    name = cluster.name(LISTING_EVENTS)
    parts = (await cluster.partitions([name]))[name]
    moment = int(since.timestamp() * 1000)
    begins = await consumer.offsets_for_times(dict.fromkeys(parts, moment))
    ends = await consumer.end_offsets(parts)
    spans = {part: (one.offset, ends[part]) for part, one in begins.items() if one is not None}
    answered: dict[str, datetime] = {}
    async for record in _between(consumer, spans):
        try:
            event = parse(record.value, topic=LISTING_EVENTS)
        except ContractError:
            continue
        if event.subject in waiting and isinstance(event.data, PushSucceeded | PushSkipped):
            answered[event.subject] = max(event.time, answered.get(event.subject, event.time))
    return answered


async def _between(consumer: Consumer, spans: Mapping[TopicPartition, tuple[int, int]]) -> AsyncIterator[Any]:
    """Every record between two offsets of each partition. Raises CommandFailed when nothing comes any more."""
    left = {part: end for part, (begin, end) in spans.items() if begin < end}
    consumer.assign(list(left))
    for part in left:
        consumer.seek(part, spans[part][0])
    silent = 0
    while left:
        batches = await consumer.getmany(*left, timeout_ms=_POLL_MS)
        for part, records in batches.items():
            for record in records:
                if record.offset < left[part]:
                    yield record
        done = [part for part, end in left.items() if await consumer.position(part) >= end]
        for part in done:
            consumer.pause(part)
            del left[part]
        silent = 0 if batches or done else silent + 1
        if silent > _STALL_POLLS:
            raise CommandFailed(f"no records come from {', '.join(f'{p.topic}/{p.partition}' for p in left)}")


@asynccontextmanager
async def _member(cluster: Cluster, group: str) -> AsyncIterator[Consumer]:
    """A consumer that commits for a group without being a member of it."""
    consumer: Consumer = AIOKafkaConsumer(
        **cluster.connection.options(), group_id=group, enable_auto_commit=False, isolation_level=ISOLATION
    )
    with kafka_errors(cluster):
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()
