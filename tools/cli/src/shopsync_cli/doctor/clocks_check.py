"""Clocks: this machine's against those of Kafka, MongoDB, futureshop and TikTok Shop."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import Consumer, read_record
from shopsync_cli.letters.states import X_CLOCK_PROBE
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_contracts import TOPICS
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime.kafka.messages import OutgoingMessage
from shopsync_runtime.wording import counted

NOTICED = timedelta(seconds=5)
"""Beyond this a person should set the clock, long before anything is refused."""
REFUSED = timedelta(seconds=30)
"""TikTok Shop takes calls stamped at most so far ahead; the catalog refuses stamps 5 minutes ahead of the broker's."""
_POLL_MS = 500
_READ_SECONDS = 10.0
_PROBE = b"clock-probe"
_DO = "set the clock of the machine that is wrong (chronyc tracking)"


async def check_mongo(patient: Patient) -> Sequence[Finding]:
    """MongoDB tells its time with `hello`."""
    settings = patient.mongo
    assert settings is not None  # noqa: S101 - the runner skips the check otherwise
    async with connected(settings, may_be_empty=True) as database:
        await database.client.admin.command("ping")  # the connection is there before time is taken
        asked = now()
        hello = await database.client.admin.command("hello")
        answered = now()
    # Answers of commands are in UTC without saying so.
    return [judge("MongoDB", hello["localTime"].replace(tzinfo=UTC), asked, answered)]


async def check_kafka(patient: Patient) -> Sequence[Finding]:
    """The broker's time of an empty record, if one may be written; else that of the newest record."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    if patient.writes:
        return [await _written(cluster)]
    newest, unread = await _newest(cluster)
    do = "--write-probe writes one empty record to the dead letters, which every reader passes over"
    if newest is not None and (ahead := newest - now()) > NOTICED:
        return [_off("Kafka", ahead)]
    if unread:
        return [skipped("Kafka", f"the last records of {counted(unread, 'partition')} did not come in time", do)]
    if newest is None:
        return [skipped("Kafka", "there is no record whose time could be compared", do)]
    return [ok("Kafka", "no record is from the future; how far the broker is behind only --write-probe can tell")]


async def _written(cluster: Cluster) -> Finding:
    async with cluster.producer() as producer:
        message = OutgoingMessage(
            topic=cluster.name(DEAD_LETTERS), key=_PROBE, value=None, headers=((X_CLOCK_PROBE, b""),)
        )
        asked = now()
        [placed] = await producer.send_all([message])
        answered = now()
    async with cluster.consumer() as consumer:
        record = await read_record(consumer, TopicPartition(message.topic, placed.partition), placed.offset)
    return judge("Kafka", datetime.fromtimestamp(record.timestamp / 1000, UTC), asked, answered)


async def _newest(cluster: Cluster) -> tuple[datetime | None, int]:
    """The latest of the broker's stamps on the last record of each partition; how many partitions were not read."""
    existing = await cluster.topics()
    names = [cluster.name(spec) for spec in TOPICS if cluster.name(spec) in existing]
    parts = [part for found in (await cluster.partitions(names)).values() for part in found]
    async with cluster.consumer() as consumer:
        stamps, unread = await last_stamps(consumer, parts)
    return datetime.fromtimestamp(max(stamps) / 1000, UTC) if stamps else None, len(unread)


async def last_stamps(consumer: Consumer, parts: Sequence[TopicPartition]) -> tuple[list[int], set[TopicPartition]]:
    """The stamps of the last records, and the partitions whose record did not come in time.

    A partition that ends with the mark of a transaction has none to tell.
    """
    starts, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
    unread = {part for part in parts if starts[part] < ends[part]}
    consumer.assign(unread)
    for part in unread:
        consumer.seek(part, ends[part] - 1)
    stamps: list[int] = []
    until = asyncio.get_running_loop().time() + _READ_SECONDS
    while unread and asyncio.get_running_loop().time() < until:
        # Each call gives what has come so far, which is not of all partitions.
        for some in (await consumer.getmany(*unread, timeout_ms=_POLL_MS)).values():
            stamps += [record.timestamp for record in some]
        unread = {part for part in unread if await consumer.position(part) < ends[part]}
    return stamps, unread


def judge(whose: str, told: datetime, asked: datetime, answered: datetime) -> Finding:
    """A time that was told between two moments of this machine. What may be the way of the answer is no error."""
    if told > answered and told - answered > NOTICED:
        return _off(whose, told - answered)
    if told < asked and asked - told > NOTICED:
        return _off(whose, told - asked)
    return ok(whose, f"within {NOTICED.total_seconds():g} s of this machine")


def _off(whose: str, ahead: timedelta) -> Finding:
    seconds = ahead.total_seconds()
    text = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} this machine"
    return fail(whose, text, _DO) if abs(ahead) > REFUSED else warn(whose, text, _DO)
