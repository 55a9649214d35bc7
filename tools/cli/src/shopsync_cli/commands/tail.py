import asyncio
from typing import Annotated

import typer

from shopsync_cli.commands.context import cluster_of, run
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.records import Record, seek_to_end, seek_to_start
from shopsync_cli.kafka.topic_names import spec_of
from shopsync_cli.views.messages import as_json_line, message_line
from shopsync_cli.views.output import out, say
from shopsync_cli.views.stdout import has_every_character, reader_is_gone

_POLL_MS = 300


def tail(
    ctx: typer.Context,
    *,
    topics: Annotated[list[str], typer.Argument(metavar="TOPIC...", help="Such as reports or listing-events.")],
    shop: Annotated[str | None, typer.Option(help="Only this shop.")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Begin with the oldest message.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many messages.")] = None,
    idle: Annotated[float | None, typer.Option(min=0.1, help="End after so many seconds without a message.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line, the message in it.")] = False,
) -> None:
    """Show messages as they come, one line each; ends with Ctrl-C. Disturbs no service."""
    cluster = cluster_of(ctx)
    names = [cluster.name(spec_of(topic, cluster.prefix)) for topic in topics]
    run(_follow(cluster, names, _Printer(shop, as_json=as_json, limit=limit), from_beginning=from_beginning, idle=idle))


class _Printer:
    """Prints the chosen messages. `done` when the limit is reached, or stdout is closed."""

    def __init__(self, shop: str | None, *, as_json: bool, limit: int | None) -> None:
        self._shop = shop
        self._as_json = as_json
        self._left = limit
        self._console = out()

    @property
    def done(self) -> bool:
        return self._left == 0 or reader_is_gone()

    def show(self, record: Record) -> None:
        line = message_line(record)
        if self.done or (self._shop is not None and line.shop_key != self._shop):
            return
        if self._as_json:
            say(as_json_line(record, ascii_only=not has_every_character()))
        else:
            self._console.print(line.text(), soft_wrap=True)
        if self._left is not None:
            self._left -= 1


async def _follow(
    cluster: Cluster, names: list[str], printer: _Printer, *, from_beginning: bool, idle: float | None
) -> None:
    partitions = [part for parts in (await cluster.partitions(names)).values() for part in parts]
    loop = asyncio.get_running_loop()
    async with cluster.consumer() as consumer:
        await (seek_to_start if from_beginning else seek_to_end)(consumer, partitions)
        last = loop.time()
        while not printer.done and (idle is None or loop.time() - last < idle):
            batches = await consumer.getmany(timeout_ms=_POLL_MS)
            for record in sorted((r for records in batches.values() for r in records), key=lambda r: r.timestamp):
                printer.show(record)
            last = loop.time() if batches else last
