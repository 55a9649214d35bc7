import time
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.lag import read_lag, require_topics
from shopsync_cli.moments import now
from shopsync_cli.views.lag import print_lag
from shopsync_cli.views.output import print_json
from shopsync_cli.views.stdout import reader_is_gone


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

    Groups without members are marked: nobody reads for them. A lag with ≤ counts offsets: there are at most as many
    messages.
    """
    cluster = cluster_of(ctx)
    run(require_topics(cluster))
    left = (rounds or 0) if watch else 1
    while True:
        _look(cluster, group, every=every, count_up_to=count_up_to, clears=watch, as_json=as_json)
        left -= 1
        if left == 0 or reader_is_gone():
            return
        time.sleep(interval)


def _look(cluster: Cluster, named: str | None, *, every: bool, count_up_to: int, clears: bool, as_json: bool) -> None:
    groups = [one for one in run(read_lag(cluster, count_up_to=count_up_to)) if named is None or named in one.group]
    if as_json:
        print_json({"at": now(), "groups": [one.document() for one in groups]})
        return
    print_lag(groups, now(), every=every, clears=clears)
