import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

import typer

from shopsync_contracts import TopicSpec
from shopsync_ops.cluster import Cluster, run
from shopsync_ops.console import say, warn
from shopsync_ops.context import cluster
from shopsync_ops.errors import CommandFailed, WrongCall
from shopsync_ops.lines import Line, check, read_lines
from shopsync_ops.publishing import send_in_chunks
from shopsync_ops.topic_names import spec_of

_IN_MEMORY = 16 * 1024 * 1024
_SHOWN = 20


def publish(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Such as product-changes; see `shopsync topics list`.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="CloudEvents, one JSON document a line; - is stdin.")],
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Send lines that break the contract, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
) -> None:
    """Publish events from a file. Every line is checked first; nothing is sent while a line is refused."""
    there = cluster(ctx)
    spec = spec_of(topic, there.prefix)
    with _opened(file) as lines:
        if not unchecked:
            _refuse_broken(lines, spec)
        if dry_run:
            say(f"{sum(1 for _ in _each(lines))} lines are fit for {there.name(spec)}; nothing was sent")
            return
        sent = run(_send(there, spec, _each(lines)))
    say(f"published {sent} messages to {there.name(spec)}")


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
