"""Permissions: the options that name the cluster's users, and what `topics` prints about them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from shopsync_cli.commands.context import global_options
from shopsync_cli.errors import WrongCall
from shopsync_cli.kafka.acls import (
    NAMED_ALIKE,
    AclsReport,
    Binding,
    Users,
    compare,
    create_acls,
    declared,
    delete_acls,
    read_acls,
)
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.views.access import acls_json, acls_properties, acls_script
from shopsync_cli.views.output import print_json, print_table, say, say_lines, warn
from shopsync_runtime.wording import counted

_PRINCIPAL = re.compile(r"(?P<name>[a-z-]+)=(?P<principal>[A-Za-z]+:.+)")

Principals = Annotated[
    list[str] | None,
    typer.Option(
        "--principal",
        metavar="NAME=TYPE:NAME",
        help="What the cluster calls a user, such as catalog=User:svc-catalog; repeat for more. Without: User:NAME.",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="NAME", help="Grant nothing to this user, such as tool; repeat for more."),
]
Acls = Annotated[bool, typer.Option("--acls", help="Permissions as well: on a cluster with access control.")]
Prune = Annotated[
    bool, typer.Option("--prune-acls", help="Also take away what declared users have beyond their declaration.")
]


class Format(StrEnum):
    """How `topics acls` prints."""

    TABLE = "table"
    PROPERTIES = "properties"
    JSON = "json"
    SCRIPT = "kafka-acls.sh"


def users_of(principals: Sequence[str] | None, without: Sequence[str] | None) -> Users:
    """The cluster's names of the declared users. Raises WrongCall that names what cannot be understood."""
    given: dict[str, list[str]] = {}
    for text in principals or ():
        found = _PRINCIPAL.fullmatch(text)
        if found is None:
            raise WrongCall(f"--principal {text!r}: write NAME=User:PRINCIPAL, such as catalog=User:svc-catalog")
        given.setdefault(found["name"], []).append(found["principal"])
    left_out = set(without or ())
    if unknown := sorted((given.keys() | left_out) - NAMED_ALIKE.keys()):
        raise WrongCall(f"no such user: {', '.join(unknown)}; known: {', '.join(NAMED_ALIKE)}")
    return {name: some for name, some in {**NAMED_ALIKE, **given}.items() if name not in left_out}


async def compared(cluster: Cluster, users: Users) -> AclsReport:
    """The cluster's permissions against the declared ones."""
    async with cluster.admin() as admin:
        return compare(await read_acls(admin), cluster.prefix, users)


async def applied(cluster: Cluster, users: Users, *, prune: bool) -> AclsReport:
    """Grant what is missing and, with `prune`, take away what is more. Returns how it stands after that."""
    async with cluster.admin() as admin:
        found = compare(await read_acls(admin), cluster.prefix, users)
        for principal in sorted({one.principal for one in found.missing}):
            await create_acls(admin, [one for one in found.missing if one.principal == principal])
        now = replace(found, missing=[], granted=found.missing, there=found.there + len(found.missing))
        if not prune:
            return now
        await delete_acls(admin, found.more)
        return replace(now, more=[], taken_away=found.more)


def tell_acls(report: AclsReport) -> None:
    """Print what was granted and taken away, what is missing, and what is more than declared."""
    for principal, count in Counter(one.principal for one in report.granted).items():
        say(f"granted {principal} {counted(count, 'permission')}")
    for one in report.taken_away:
        say(f"taken away: {one}")
    for one in report.missing:
        warn(f"missing: {one}")
    for one in report.more:
        warn(f"more than declared: {one}")
    for one in report.wider:
        warn(f"more than this environment: {one}")
    for one in report.denied:
        warn(f"takes a declared right away: {one}")
    for one in report.others:
        warn(f"no declared user: {one}")
    say(
        f"{counted(report.there, 'permission')} as declared ({len(report.granted)} granted now),"
        f" {len(report.missing)} missing, {len(report.more)} more than declared"
    )


def print_acls(ctx: typer.Context, *, form: Format, users: Users) -> None:
    """The declared permissions, for operators who grant them by other means."""
    prefix = global_options(ctx).prefix()
    wanted = declared(prefix, users)
    if form is Format.JSON:
        print_json(acls_json(wanted))
    elif form is Format.PROPERTIES:
        say_lines(acls_properties(wanted))
    elif form is Format.SCRIPT:
        say_lines(acls_script(wanted))
    else:
        print_table(_COLUMNS, [_row(one) for one in wanted])


_COLUMNS = ("principal", "operation", "resource", "name", "pattern")


def _row(one: Binding) -> tuple[str, ...]:
    return one.principal, one.operation, one.resource, one.name, one.pattern
