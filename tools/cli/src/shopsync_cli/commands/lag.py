import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from shopsync_cli.commands.context import cluster, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.lag import GroupLag, PartitionLag, read_lag
from shopsync_cli.moments import now
from shopsync_cli.views.output import out, print_json, print_table, say, show
from shopsync_cli.views.stdout import reader_is_gone
from shopsync_runtime.wording import counted

GROUP_COLUMNS = ("group", "state", "members", "lag", "")
PARTITION_COLUMNS = ("group", "partition", "committed", "end", "lag", "read by")


def lag(
    ctx: typer.Context,
    *,
    group: Annotated[str | None, typer.Option(help="Only groups with this in their name.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every partition, also those without lag.")] = False,
    count_up_to: Annotated[
        int, typer.Option(min=0, help="Count messages by reading where a partition is at most so many offsets behind.")
    ] = 500,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    interval: Annotated[float, typer.Option("--every", min=0.2, help="Seconds between two looks.")] = 5,
    rounds: Annotated[int | None, typer.Option(min=1, help="End --watch after so many looks.")] = None,
    as_json: AsJson = False,
) -> None:
    """How far the consumer groups of the services are behind, per partition.

    Groups without members are marked: nobody reads for them. A lag with ≤ counts offsets, which are at least as many
    as messages.
    """
    there = cluster(ctx)
    left = (rounds or 0) if watch else 1
    while True:
        _look(there, group, every=every, count_up_to=count_up_to, clears=watch, as_json=as_json)
        left -= 1
        if left == 0 or reader_is_gone():
            return
        time.sleep(interval)


def _look(there: Cluster, named: str | None, *, every: bool, count_up_to: int, clears: bool, as_json: bool) -> None:
    groups = [one for one in run(read_lag(there, count_up_to=count_up_to)) if named is None or named in one.group]
    if as_json:
        print_json({"at": now(), "groups": [one.document() for one in groups]})
        return
    console = out()
    if clears and console.is_terminal:
        console.clear()
    print_table(GROUP_COLUMNS, map(_group_row, groups), title=show(now()), console=console)
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


def _partitions(groups: list[GroupLag], *, every: bool) -> Iterator[tuple[GroupLag, PartitionLag]]:
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
