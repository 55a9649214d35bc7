"""How much each consumer group still has to read."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka import TopicPartition

from shopsync_cli.errors import CommandFailed
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.group_offsets import Members, committed, members
from shopsync_cli.kafka.records import Consumer
from shopsync_contracts import TOPICS
from shopsync_contracts.access import GROUPS

_POLL_MS = 500
_SILENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PartitionLag:
    """One partition of one group.

    `committed` None: the group has never committed here, and would start at the oldest message. `lag` counts messages
    when `exact`, else offsets. Those are no fewer: transaction markers and compacted messages have offsets too. `lost`:
    offsets that retention removed before the group read them. `ahead`: how far the committed offset is beyond the end,
    as happens when a topic is created again. `unreadable`: offsets after the start of an open transaction. Nobody can
    read them, and `end` leaves them out.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    lag: int
    exact: bool
    lost: int
    member: str | None
    ahead: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class GroupLag:
    """One group. `expected`: a service of shopsync should be in it; `state`: Kafka's name for it."""

    group: str
    expected: bool
    state: str
    members: int
    partitions: tuple[PartitionLag, ...]

    @property
    def lag(self) -> int:
        """Over all partitions."""
        return sum(one.lag for one in self.partitions)

    @property
    def exact(self) -> bool:
        """Whether `lag` counts messages."""
        return all(one.exact for one in self.partitions)

    @property
    def lost(self) -> int:
        """Over all partitions."""
        return sum(one.lost for one in self.partitions)

    @property
    def ahead(self) -> int:
        """The largest of all partitions."""
        return max((one.ahead for one in self.partitions), default=0)

    @property
    def unreadable(self) -> int:
        """Over all partitions."""
        return sum(one.unreadable for one in self.partitions)

    def document(self) -> dict[str, Any]:
        """For JSON."""
        sums = ("lag", "exact", "lost", "ahead", "unreadable")
        return {**asdict(self), **{name: getattr(self, name) for name in sums}}


async def require_topics(cluster: Cluster) -> None:
    """Raises CommandFailed where no topic of the prefix is seen, as where the prefix is misspelt."""
    if (await cluster.topics()).isdisjoint(map(cluster.name, TOPICS)):
        raise CommandFailed(
            f"no topic of the prefix {cluster.prefix!r} at {cluster.bootstrap_servers}: each is {cluster.not_there}"
        )


async def read_lag(cluster: Cluster, *, count_up_to: int) -> list[GroupLag]:
    """Every group of the services, and others with the same prefix.

    Messages are counted by reading them where a partition is at most `count_up_to` offsets behind.
    """
    existing = await cluster.topics()
    async with cluster.admin() as admin, cluster.consumer() as consumer:
        own = {one.full_name(cluster.prefix): [cluster.name(spec) for spec in one.topics] for one in GROUPS}
        listed = {group for group, _ in await admin.list_consumer_groups() if group.startswith(f"{cluster.prefix}.")}
        groups = [*own, *sorted(listed - own.keys())]
        offsets = {group: await committed(admin, group) for group in groups}
        described = {group: await members(admin, group) for group in groups}
        topics = {part.topic for found in offsets.values() for part in found}
        topics |= {topic for names in own.values() for topic in names}
        partitions = await cluster.partitions(sorted(topics & existing))
        bounds = await _bounds(consumer, [part for parts in partitions.values() for part in parts])
        open_ends = await _behind_open_transactions(consumer, {part: end for part, (_, end) in bounds.items()})
        found = []
        for group in groups:
            read = set(own[group]) if group in own else {part.topic for part in offsets[group]}
            parts = [part for topic in sorted(read) for part in partitions.get(topic, ())]
            lags = [_lag(part, offsets[group], described[group], bounds, open_ends) for part in parts]
            counted = await _counted(consumer, lags, count_up_to)
            state = described[group].state
            found.append(GroupLag(group, group in own, state, described[group].count, tuple(counted)))
        return found


async def _bounds(consumer: Consumer, parts: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    if not parts:
        return {}
    starts, ends = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
    return {part: (starts[part], ends[part]) for part in parts}


async def _behind_open_transactions(
    consumer: Consumer, ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Offsets from the last stable one to the end of the log, as the broker reports them with a fetch."""
    if not ends:
        return {}
    consumer.assign(list(ends))
    for part, end in ends.items():
        consumer.seek(part, end)
    loop = asyncio.get_running_loop()
    until = loop.time() + _SILENCE_SECONDS
    while loop.time() < until and any(consumer.highwater(part) is None for part in ends):
        await consumer.getmany(timeout_ms=_POLL_MS)
    logs = {part: consumer.highwater(part) for part in ends}
    stable = {part: consumer.last_stable_offset(part) for part in ends}
    return {part: max(0, (logs[part] or 0) - max(stable[part] or 0, end)) for part, end in ends.items()}


def _lag(
    part: TopicPartition,
    offsets: Mapping[TopicPartition, int],
    described: Members,
    bounds: Mapping[TopicPartition, tuple[int, int]],
    open_ends: Mapping[TopicPartition, int],
) -> PartitionLag:
    start, end = bounds[part]
    reached = offsets.get(part)
    begin = start if reached is None else max(start, reached)
    lost = 0 if reached is None else max(0, start - reached)
    lag, holder = max(0, end - begin), described.holders.get(part)
    ahead = 0 if reached is None else max(0, reached - end)
    unreadable = open_ends.get(part, 0)
    return PartitionLag(part.topic, part.partition, reached, end, lag, lag == 0, lost, holder, ahead, unreadable)


async def _counted(consumer: Consumer, lags: Sequence[PartitionLag], most: int) -> list[PartitionLag]:
    """The same, with messages counted instead of offsets where at most `most` have to be read."""
    spans = {
        TopicPartition(one.topic, one.partition): (one.end - one.lag, one.end) for one in lags if 0 < one.lag <= most
    }
    counts = await count_messages(consumer, spans) if spans else {}
    counted = []
    for one in lags:
        count = counts.get(TopicPartition(one.topic, one.partition))
        changes = {} if count is None else {"lag": count, "exact": True}
        counted.append(PartitionLag(**{**asdict(one), **changes}))
    return counted


async def count_messages(
    consumer: Consumer, spans: Mapping[TopicPartition, tuple[int, int]]
) -> dict[TopicPartition, int]:
    """How many messages are between two offsets of each partition; a partition that does not answer is left out."""
    counts = dict.fromkeys(spans, 0)
    consumer.assign(list(spans))
    for part, (begin, _) in spans.items():
        consumer.seek(part, begin)
    loop = asyncio.get_running_loop()
    last_records = loop.time()
    left = set(spans)
    while left and loop.time() - last_records < _SILENCE_SECONDS:
        batches = await consumer.getmany(*left, timeout_ms=_POLL_MS)
        last_records = loop.time() if batches else last_records
        for part, records in batches.items():
            counts[part] += sum(record.offset < spans[part][1] for record in records)
        done = {part for part in left if await consumer.position(part) >= spans[part][1]}
        if done:
            consumer.pause(*done)
            left -= done
    return {part: count for part, count in counts.items() if part not in left}
