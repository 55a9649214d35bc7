"""Clocks: this machine's against those of Kafka, MongoDB, futureshop and TikTok Shop."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import read_record
from shopsync_cli.letters.states import X_CLOCK_PROBE
from shopsync_cli.moments import now
from shopsync_cli.mongo.database import connected
from shopsync_contracts import TOPICS
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime.kafka.messages import OutgoingMessage

NOTICED = timedelta(seconds=5)
"""Beyond this a person should set the clock, long before anything is refused."""
REFUSED = timedelta(seconds=30)
"""TikTok Shop takes calls stamped at most so far ahead; the catalog refuses stamps 5 minutes ahead of the broker's."""
_POLL_MS = 2000
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
    newest = await _newest(cluster)
    do = "--write-probe writes one empty record to the dead letters, which every reader passes over"
    if newest is None:
        return [skipped("Kafka", "there is no record whose time could be compared", do)]
    ahead = newest - now()
    if ahead > NOTICED:
        return [_off("Kafka", ahead)]
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


async def _newest(cluster: Cluster) -> datetime | None:
    """The latest broker's stamp on the last record of each partition."""
    existing = await cluster.topics()
    names = [cluster.name(spec) for spec in TOPICS if cluster.name(spec) in existing]
    parts = [part for found in (await cluster.partitions(names)).values() for part in found]
    async with cluster.consumer() as consumer:
        ends = await consumer.end_offsets(parts)
        filled = [part for part, end in ends.items() if end > 0]
        if not filled:
            return None
        consumer.assign(filled)
        for part in filled:
            consumer.seek(part, ends[part] - 1)
        records = await consumer.getmany(timeout_ms=_POLL_MS)
    stamps = [record.timestamp for some in records.values() for record in some]
    return datetime.fromtimestamp(max(stamps) / 1000, UTC) if stamps else None


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
