import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

import typer

from shopsync_contracts import TopicSpec
from shopsync_ops.cluster import Cluster, run
from shopsync_ops.console import say, warn
from shopsync_ops.context import AsJson, EditTimeout, Settle, cluster, mongo
from shopsync_ops.errors import CommandFailed, WrongCall
from shopsync_ops.lines import Line, check, read_lines
from shopsync_ops.outcomes import Sent
from shopsync_ops.publishing import CHUNK, batched, send_in_chunks
from shopsync_ops.settling import publish_and_settle, tell
from shopsync_ops.topic_names import spec_of

_IN_MEMORY = 16 * 1024 * 1024
_SHOWN = 20


def publish(
    ctx: typer.Context,
    *,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Such as product-changes; see `shopsync topics list`.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON document a line; - is stdin.")],
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Send lines that break the contract, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    wait: Settle = False,
    timeout: EditTimeout = 120,
    as_json: AsJson = False,
) -> None:
    """Publish events from a file. Every line is checked first; nothing is sent while a line is refused.

    With --wait the table names the messages that were not accepted; --json names all.
    """
    there = cluster(ctx)
    spec = spec_of(topic, there.prefix)
    where = mongo(ctx) if wait else None
    with _opened(file) as lines:
        if not unchecked:
            _refuse_broken(lines, spec)
        if dry_run:
            say(f"{sum(1 for _ in _each(lines))} lines are fit for {there.name(spec)}; nothing was sent")
            return
        if not (wait or as_json):
            say(f"published {run(_send(there, spec, _each(lines)))} messages to {there.name(spec)}")
            return
        place = partial(_place, there, spec, lines)
        outcomes = run(publish_and_settle(there, place, mongo=where, seconds=timeout))
    bad = [one for one in outcomes if not one.fate.is_good]
    tell(outcomes, as_json=as_json, shown=bad or outcomes[:_SHOWN])


def _opened(file: str) -> IO[bytes]:
    """The lines as a seekable file: they are read twice, first to check, then to send."""
    if file != "-":
        try:
            return Path(file).open("rb")
        except OSError as error:
            raise WrongCall(f"cannot read {file}: {error.strerror}") from None
    spooled = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    spooled.writelines(sys.stdin.buffer)
    return spooled


def _each(lines: IO[bytes]) -> Iterator[Line]:
    lines.seek(0)
    yield from read_lines(lines)


def _refuse_broken(lines: IO[bytes], spec: TopicSpec) -> None:
    refused = 0
    for line in _each(lines):
        if reason := check(line, spec):
            refused += 1
            if refused <= _SHOWN:
                warn(f"line {line.number}: {reason}")
    if refused:
        more = f" ({_SHOWN} shown)" if refused > _SHOWN else ""
        raise CommandFailed(f"{refused} lines are refused{more}; nothing was sent (--unchecked sends them anyway)")


async def _send(there: Cluster, spec: TopicSpec, lines: Iterator[Line]) -> int:
    name = there.name(spec)
    await there.partitions([name])
    async with there.producer() as producer:
        return await send_in_chunks(producer, (line.message(name) for line in lines))


async def _place(there: Cluster, spec: TopicSpec, lines: IO[bytes]) -> list[Sent]:
    """Send all, and tell where each stands."""
    name = there.name(spec)
    await there.partitions([name])
    sent: list[Sent] = []
    async with there.producer() as producer:
        for chunk in batched(_each(lines), CHUNK):
            placed = await producer.send_all([line.message(name) for line in chunk])
            places = [(at.topic, at.partition, at.offset) for at in placed]
            sent += [Sent(spec, place, line.event(spec)) for place, line in zip(places, chunk, strict=True)]
    return sent
