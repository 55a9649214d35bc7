"""Topics: there, set as declared, with enough copies that are in sync."""

from collections.abc import Mapping, Sequence
from typing import Any

from shopsync_cli.doctor.model import Finding, Patient, fail, ok, warn
from shopsync_cli.kafka.cluster import Cluster, kafka_errors
from shopsync_contracts import TOPICS
from shopsync_runtime.kafka.admin import Difference, compare_topics
from shopsync_runtime.wording import counted

_USUAL_COPIES = 3
_MIN_INSYNC = "min.insync.replicas"
_SHOWN = 3


async def check(patient: Patient) -> Sequence[Finding]:
    """Each topic that differs; one line for all that are as declared."""
    cluster = patient.cluster
    assert cluster is not None  # noqa: S101 - the runner skips the check otherwise
    async with cluster.admin() as admin:
        brokers = len((await admin.describe_cluster())["brokers"])
        there = {topic["topic"]: topic for topic in await admin.describe_topics()}
    wanted = {cluster.name(spec): spec for spec in TOPICS}
    missing = [name for name in wanted if name not in there]
    copies = patient.replication or min(_USUAL_COPIES, brokers)
    found = [_missing(missing, copies, hides=cluster.hides)] if missing else []
    present = [spec for name, spec in wanted.items() if name in there]
    report = await _compared(cluster, present, copies)
    found += [_differs(one) for one in report]
    insync = {one.topic: int(one.found or 1) for one in report if one.setting == _MIN_INSYNC}
    for name in wanted:
        if name in there:
            found += _copies(name, there[name], copies, insync.get(name, max(1, copies - 1)))
    if not found:
        return [ok("topics", f"{counted(len(wanted), 'topic is', 'topics are')} as declared, {_words(copies)}")]
    return found


async def _compared(cluster: Cluster, specs: Sequence[Any], copies: int) -> list[Difference]:
    with kafka_errors(cluster):
        return await compare_topics(cluster.connection, cluster.prefix, specs, replication_factor=copies)


def _missing(names: Sequence[str], copies: int, *, hides: bool) -> Finding:
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    text = f"{counted(len(names), 'topic is', 'topics are')} missing, or this user may not see them: {shown}"
    return fail("topics", text, f"shopsync topics apply --replication {copies}{' --acls' if hides else ''}")


def _differs(one: Difference) -> Finding:
    text = f"{one.setting} is {one.found or 'unset'}, declared {one.declared}"
    if one.setting == "partitions":
        # Keys would move to other partitions: nobody should do that in passing.
        return warn(one.topic, text, "a decision: more partitions move keys and break the order of products in flight")
    if one.setting == "max.message.bytes" and int(one.found or 0) < int(one.declared):
        return fail(one.topic, text, "shopsync topics apply")
    change = f"--entity-name {one.topic} --add-config {one.setting}={one.declared}"
    return warn(one.topic, text, f"kafka-configs.sh --alter --entity-type topics {change}")


def _copies(name: str, topic: Mapping[str, Any], wanted: int, needed: int) -> list[Finding]:
    """Copies of a topic's partitions: none may have fewer in sync than a write needs."""
    parts = topic["partitions"]
    without = [part["partition"] for part in parts if part["leader"] < 0]
    short = [part["partition"] for part in parts if len(part["isr"]) < needed]
    behind = [part["partition"] for part in parts if len(part["isr"]) < len(part["replicas"])]
    few = min((len(part["replicas"]) for part in parts), default=0)
    if without:
        return [
            fail(name, f"{_of(without, parts)} without a leader: nobody reads or writes there", "start the brokers")
        ]
    if short:
        text = f"{_of(short, parts)} with fewer copies in sync than {_MIN_INSYNC} {needed}: writes are refused"
        return [fail(name, text, "start the broker that is away")]
    if behind:
        return [warn(name, f"{_of(behind, parts)} with a copy that is not in sync", "start the broker that is away")]
    if few < wanted:
        return [warn(name, f"{_words(few)}, {wanted} wanted", "kafka-reassign-partitions.sh adds copies")]
    return []


def _of(numbers: Sequence[int], parts: Sequence[Any]) -> str:
    return f"{len(numbers)} of {counted(len(parts), 'partition')}"


def _words(copies: int) -> str:
    return "one copy of each partition" if copies == 1 else f"{copies} copies of each partition"
