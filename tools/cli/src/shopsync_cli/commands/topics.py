import asyncio
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from shopsync_cli.commands.acls import (
    Acls,
    Format,
    Principals,
    Prune,
    Without,
    applied,
    compared,
    print_acls,
    tell_acls,
    users_of,
)
from shopsync_cli.commands.context import cluster_of, global_options, run
from shopsync_cli.commands.options import AsJson
from shopsync_cli.errors import Unreachable, WrongCall
from shopsync_cli.kafka.acls import AclsReport, Users
from shopsync_cli.kafka.cluster import Cluster, kafka_errors
from shopsync_cli.views.output import print_json, print_table, say, say_lines, warn
from shopsync_contracts import TOPICS, TopicSpec
from shopsync_runtime.kafka.admin import TopicsReport, apply_topics, compare_topics
from shopsync_runtime.wording import counted

app = typer.Typer(no_args_is_help=True, help="Declared topics and who may use them: create, grant, check, list.")

_RETRY_SECONDS = 1.0
Replication = Annotated[int, typer.Option(min=1, help="Copies of each partition; 3 on a real cluster.")]


@app.command("apply")
def apply(
    ctx: typer.Context,
    *,
    replication: Replication = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be created.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for Kafka to answer.")] = 0,
    acls: Acls = False,
    prune_acls: Prune = False,
    principal: Principals = None,
    without: Without = None,
    as_json: AsJson = False,
) -> None:
    """Create the missing topics and compare the others with their declaration.

    Of an existing topic only a message size limit that is too low is changed. Exit code 1 when a topic differs.

    With --acls every declared user is granted what it needs, and what it has beyond that is told. Nothing is taken away
    without --prune-acls. An administrator of the cluster has to run it.
    """
    users = _users(principal, without, acls=acls or prune_acls)
    cluster = cluster_of(ctx)
    report, missing = run(_apply(cluster, replication, dry_run=dry_run, wait=wait))
    access: AclsReport | None = None
    if acls or prune_acls:
        access = run(compared(cluster, users) if dry_run else applied(cluster, users, prune=prune_acls))
    if as_json:
        print_json({**asdict(report), "missing": missing, **_acls_json(access)})
    else:
        for name in missing:
            say(f"would create {name}")
        for name in report.created:
            say(f"created {name}")
        _tell(report)
        say(f"{len(report.created)} created, {len(missing)} to create, {len(report.checked)} there already")
        if access is not None:
            tell_acls(access)
    if report.differences:
        raise typer.Exit(1)


@app.command("check")
def check(
    ctx: typer.Context,
    replication: Replication = 1,
    acls: Acls = False,
    principal: Principals = None,
    without: Without = None,
    as_json: AsJson = False,
) -> None:
    """Compare the cluster with the declaration. Exit code 1 when a topic is missing or differs.

    With --acls also when a declared user may not do all of what it needs, or may do more, and when a user that is not
    declared may use a topic or group of this environment.
    """
    users = _users(principal, without, acls=acls)
    cluster = cluster_of(ctx)
    report, missing = run(_apply(cluster, replication, dry_run=True, wait=0))
    access = run(compared(cluster, users)) if acls else None
    if as_json:
        print_json({**asdict(report), "missing": missing, **_acls_json(access)})
    else:
        for name in missing:
            warn(f"{name} is {cluster.not_there}")
        _tell(report)
        if access is not None:
            tell_acls(access)
    if missing or report.differences or not (access is None or access.is_exact):
        raise typer.Exit(1)
    if not as_json:
        say(f"{counted(len(report.checked), 'topic is', 'topics are')} as declared")


@app.command("list")
def list_topics(
    ctx: typer.Context,
    as_json: AsJson = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table of docs/wire-format.md.")] = False,
) -> None:
    """The declared topics. Needs no broker."""
    prefix = "shopsync" if markdown else global_options(ctx).prefix()
    if as_json:
        print_json([_as_json(spec, prefix) for spec in TOPICS])
    elif markdown:
        say_lines(as_markdown(prefix))
    else:
        print_table(_COLUMNS, ([*_row(spec, prefix)] for spec in TOPICS))


@app.command("acls")
def list_acls(
    ctx: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="For people, or for what grants them.")] = Format.TABLE,
    principal: Principals = None,
    without: Without = None,
    as_json: AsJson = False,
) -> None:
    """The permissions that every user needs, for those who grant them by other means. Needs no broker."""
    print_acls(ctx, form=Format.JSON if as_json else form, users=users_of(principal, without))


def _users(principal: list[str] | None, without: list[str] | None, *, acls: bool) -> Users:
    if (principal or without) and not acls:
        raise WrongCall("--principal and --without say who is granted what: add --acls")
    return users_of(principal, without)


def _acls_json(access: AclsReport | None) -> dict[str, Any]:
    return {} if access is None else {"acls": {**asdict(access), "exact": access.is_exact}}


async def _apply(cluster: Cluster, replication: int, *, dry_run: bool, wait: float) -> tuple[TopicsReport, list[str]]:
    existing = await _existing(cluster, wait)
    with kafka_errors(cluster):
        if not dry_run:
            return await apply_topics(cluster.connection, cluster.prefix, TOPICS, replication_factor=replication), []
        there = [spec for spec in TOPICS if cluster.name(spec) in existing]
        found = await compare_topics(cluster.connection, cluster.prefix, there, replication_factor=replication)
    missing = [cluster.name(spec) for spec in TOPICS if spec not in there]
    return TopicsReport(created=[], checked=[cluster.name(spec) for spec in there], differences=found), missing


async def _existing(cluster: Cluster, wait: float) -> frozenset[str]:
    deadline = time.monotonic() + wait
    while True:
        try:
            return await cluster.topics()
        except Unreachable:
            if time.monotonic() >= deadline:
                raise
        await asyncio.sleep(_RETRY_SECONDS)


def _tell(report: TopicsReport) -> None:
    for raised in report.raised:
        say(f"raised {raised.setting} of {raised.topic} from {raised.found} to {raised.declared}")
    for difference in report.differences:
        warn(f"differs: {difference}")


_COLUMNS = ("topic", "key", "types", "partitions", "cleanup", "retention", "written by", "read by")


def _row(spec: TopicSpec, prefix: str) -> tuple[str, ...]:
    return (
        spec.full_name(prefix),
        spec.key,
        ", ".join(body.TYPE for body in spec.types) + (", tombstones" if spec.tombstones else ""),
        str(spec.partitions),
        spec.cleanup,
        retention(spec),
        _parties(spec.written_by),
        _parties(reader.partition(".")[0] for reader in spec.read_by),
    )


def _parties(names: Iterable[str]) -> str:
    return ", ".join(name.replace("-", " ") for name in names)


def retention(spec: TopicSpec) -> str:
    """How long a message is kept, in words."""
    if spec.cleanup == "compact":
        return "newest per key"
    if spec.retention is None:
        return "indefinitely"
    return f"{spec.retention // timedelta(days=1)} d"


def as_markdown(prefix: str) -> str:
    """The topics as a Markdown table."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS)]
    rows += [(f"`{name}`", *rest) for name, *rest in (_row(spec, prefix) for spec in TOPICS)]
    return "\n".join("| " + " | ".join(cell or "any" for cell in row) + " |" for row in rows)


def _as_json(spec: TopicSpec, prefix: str) -> dict[str, Any]:
    return {
        "topic": spec.full_name(prefix),
        "key": spec.key,
        "types": [body.wire_type() for body in spec.types],
        "partitions": spec.partitions,
        "config": spec.config(),
        "tombstones": spec.tombstones,
        "written_by": spec.written_by,
        "read_by": spec.read_by,
    }
