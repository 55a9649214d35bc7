"""Whether the database is older than Kafka, as after a restore that the publisher was not told of."""

from collections.abc import Sequence
from datetime import datetime

from aiokafka import TopicPartition

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, skipped, warn
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import committed
from shopsync_cli.kafka.records import Consumer
from shopsync_cli.mongo.database import connected
from shopsync_contracts import ContractError, parse
from shopsync_contracts.access import group_named
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_readmodel.restorations import (
    CommandPositions,
    Restoration,
    read_command_positions,
    read_gap,
    read_restorations,
)
from shopsync_readmodel.times import show_time
from shopsync_runtime.wording import counted

_LOOKED_AT = 200
_POLL_MS = 500
_STALL_POLLS = 6


async def check(patient: Patient) -> Sequence[Finding]:
    """Whether push commands were taken that the database does not know of."""
    cluster, settings = patient.cluster, patient.mongo
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    assert settings is not None  # noqa: S101 - the same
    async with connected(settings, may_be_empty=True) as database:
        known = await read_command_positions(database)
        restorations = await read_restorations(database)
        gap = await read_gap(database)
    if known is None:
        return [skipped("restored", "this user may not read command_positions", "shopsync mongo apply-users FILE")]
    unknown = await _unknown(cluster, known)
    if not unknown:
        return [ok("restored", _words(restorations)) if gap is None else _noticed(gap)]
    text = (
        f"in {counted(len(unknown), 'partition')} push commands were taken that the database does not know: it is older"
    )
    do = "stop the services, then `shopsync mongo restored --backup-of TIME`: docs/backup.md"
    return [fail("restored", text, do)]


def _words(restorations: Sequence[Restoration]) -> str:
    if not restorations:
        return "the database knows all push commands that were taken"
    newest = restorations[-1]
    of, at = show_time(newest.backup_of), show_time(newest.restored_at)
    return f"restored at {at} from a backup of {of}: TikTok is asked before anything is listed"


def _noticed(gap: datetime) -> Finding:
    text = (
        f"at {show_time(gap)} a publisher noticed push commands that the database does not know: TikTok is asked before"
        " anything is listed"
    )
    do = "if the database was restored: stop the services, then `shopsync mongo restored --backup-of TIME`; else"
    return warn("restored", text, f"{do} (a dead letter, a Kafka transaction) clear gap_at: docs/backup.md")


async def _unknown(cluster: Cluster, known: CommandPositions) -> list[TopicPartition]:
    """Partitions with a push command behind the known position and before the committed offset."""
    async with cluster.admin() as admin:
        taken = await committed(admin, group_named("publisher", "commands").full_name(cluster.prefix))
    name = cluster.name(PUSH_COMMANDS)
    spans = {
        part: (max(known.get((name, part.partition), -1) + 1, end - _LOOKED_AT), end)
        for part, end in taken.items()
        if part.topic == name and known.get((name, part.partition), -1) + 1 < end
    }
    if not spans:
        return []
    async with cluster.consumer() as consumer:
        return [part for part, (begin, end) in spans.items() if await _has_commands(consumer, part, begin, end)]


async def _has_commands(consumer: Consumer, part: TopicPartition, begin: int, end: int) -> bool:
    """Whether there is a push.requested between the offsets: pauses and dead letters leave no position."""
    consumer.assign([part])
    start = (await consumer.beginning_offsets([part]))[part]
    consumer.seek(part, max(begin, start))
    for _ in range(_STALL_POLLS):
        if await consumer.position(part) >= end:
            return False
        for record in (await consumer.getmany(part, timeout_ms=_POLL_MS)).get(part, []):
            if record.offset < end and _is_command(record.value):
                return True
    return False


def _is_command(value: bytes | None) -> bool:
    try:
        return isinstance(parse(value, topic=PUSH_COMMANDS).data, PushRequested)
    except ContractError:
        return False
