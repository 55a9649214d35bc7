import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

import typer

from shopsync_cli.commands.context import cluster_of, mongo_of, run
from shopsync_cli.commands.options import AsJson, Settle, Timeout
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.kafka.chunks import CHUNK, send_in_chunks
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.kafka.topic_names import spec_of
from shopsync_cli.publishing.files import Document, check, read_documents
from shopsync_cli.publishing.outcomes import Sent
from shopsync_cli.publishing.tracking import publish_and_track
from shopsync_cli.views.outcomes import print_outcomes
from shopsync_cli.views.output import say, warn
from shopsync_contracts import TopicSpec
from shopsync_runtime.chunks import batched
from shopsync_runtime.wording import counted

_IN_MEMORY = 16 * 1024 * 1024
_SHOWN = 20


def publish(
    ctx: typer.Context,
    *,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Such as product-changes; see `shopsync topics list`.")],
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="CloudEvents: documents, an array, JSON Lines; - is stdin.")
    ],
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Send what breaks the contract, too.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check.")] = False,
    wait: Settle = False,
    timeout: Timeout = 120,
    as_json: AsJson = False,
) -> None:
    """Publish events from a file: one JSON document, several, a JSON array, or JSON Lines.

    All are checked first. Nothing is sent if one is refused.

    With --wait the table names the messages that were not accepted; --json names all.
    """
    cluster = cluster_of(ctx)
    spec = spec_of(topic, cluster.prefix)
    mongo = mongo_of(ctx) if wait else None
    with _opened(file) as opened:
        if next(read_documents(opened), None) is None:
            raise WrongCall(f"{'stdin' if file == '-' else file} holds no message")
        if not unchecked:
            _refuse_broken(opened, spec)
        if dry_run:
            fit = counted(sum(1 for _ in read_documents(opened)), "message is", "messages are")
            say(f"{fit} fit for {cluster.name(spec)}; nothing was sent")
            return
        if not (wait or as_json):
            sent = run(_send(cluster, spec, read_documents(opened)))
            say(f"published {counted(sent, 'message')} to {cluster.name(spec)}")
            return
        publish_all = partial(_publish, cluster, spec, opened)
        outcomes = run(publish_and_track(cluster, publish_all, mongo=mongo, seconds=timeout))
    bad = [one for one in outcomes if not one.fate.is_good]
    print_outcomes(outcomes, as_json=as_json, shown=bad or outcomes[:_SHOWN])


def _opened(file: str) -> IO[bytes]:
    """A seekable file: it is read twice, to check and to send."""
    if file != "-":
        try:
            return Path(file).open("rb")
        except OSError as error:
            raise WrongCall(f"cannot read {file}: {error.strerror}") from None
    spooled = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    spooled.writelines(sys.stdin.buffer)
    return spooled


def _refuse_broken(file: IO[bytes], spec: TopicSpec) -> None:
    refused = 0
    for document in read_documents(file):
        if reason := check(document, spec):
            refused += 1
            if refused <= _SHOWN:
                warn(f"{document.place}: {reason}")
    if refused:
        more = f" ({_SHOWN} shown)" if refused > _SHOWN else ""
        broken = counted(refused, "message is", "messages are")
        raise CommandFailed(f"{broken} refused{more}; nothing was sent (--unchecked sends all the same)")


async def _send(cluster: Cluster, spec: TopicSpec, documents: Iterator[Document]) -> int:
    name = cluster.name(spec)
    await cluster.partitions([name])
    async with cluster.producer() as producer:
        return await send_in_chunks(producer, (document.message(name) for document in documents))


async def _publish(cluster: Cluster, spec: TopicSpec, file: IO[bytes]) -> list[Sent]:
    """Send all. Returns the place of each."""
    name = cluster.name(spec)
    await cluster.partitions([name])
    sent: list[Sent] = []
    async with cluster.producer() as producer:
        for chunk in batched(read_documents(file), CHUNK):
            placed = await producer.send_all([document.message(name) for document in chunk])
            places = [(at.topic, at.partition, at.offset) for at in placed]
            sent += [Sent(spec, place, document.event(spec)) for place, document in zip(places, chunk, strict=True)]
    return sent
