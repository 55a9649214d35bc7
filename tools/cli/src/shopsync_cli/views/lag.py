"""The lag of consumer groups as tables."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from shopsync_cli.kafka.lag import GroupLag, PartitionLag
from shopsync_cli.views.output import out, print_table, say, show
from shopsync_runtime.wording import counted

GROUP_COLUMNS = ("group", "state", "members", "lag", "")
PARTITION_COLUMNS = ("group", "partition", "committed", "end", "lag", "read by")


def print_lag(groups: Sequence[GroupLag], at: datetime, *, every: bool, clears: bool) -> None:
    """The groups, then the partitions that are behind, or with `every` all. `clears`: clear a terminal first."""
    console = out()
    if clears and console.is_terminal:
        console.clear()
    print_table(GROUP_COLUMNS, map(_group_row, groups), title=show(at), console=console)
    rows = [_partition_row(one, part) for one, part in _partitions(groups, every=every)]
    if rows:
        say("")
        print_table(PARTITION_COLUMNS, rows, console=console)


def _group_row(one: GroupLag) -> tuple[Any, ...]:
    remarks = []
    if not one.members:
        remarks.append("NO MEMBERS: nobody reads for it")
    if one.lost:
        remarks.append(f"{counted(one.lost, 'offset was', 'offsets were')} removed by retention before being read")
    if one.ahead:
        remarks.append(
            f"{counted(one.ahead, 'offset')} ahead of the end: was the topic made again? Then reset the group's offsets"
        )
    if one.unreadable:
        behind = counted(one.unreadable, "offset stands", "offsets stand")
        remarks.append(f"{behind} behind an open transaction, unreadable until it ends")
    if not one.expected:
        remarks.append("not a group of the services")
    return one.group, one.state, one.members, _count(one.lag, exact=one.exact), "; ".join(remarks)


def _partitions(groups: Sequence[GroupLag], *, every: bool) -> Iterator[tuple[GroupLag, PartitionLag]]:
    for one in groups:
        for part in one.partitions:
            if every or part.lag or part.lost or part.ahead or part.unreadable:
                yield one, part


def _partition_row(one: GroupLag, part: PartitionLag) -> tuple[Any, ...]:
    reached = "never" if part.committed is None else part.committed
    return (
        one.group,
        f"{part.topic}/{part.partition}",
        reached,
        part.end,
        _count(part.lag, exact=part.exact),
        part.member,
    )


def _count(lag: int, *, exact: bool) -> str:
    return str(lag) if exact else f"≤ {lag}"
