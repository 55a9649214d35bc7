"""Who may do what on Kafka: tables and what other tools take."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from shopsync_cli.kafka.acls import Binding
from shopsync_contracts import TopicSpec
from shopsync_contracts.access import PRINCIPALS, Principal

_COLUMNS = ("user", "what it is", "writes", "reads", "only asks for", "groups")


def access_markdown(prefix: str) -> str:
    """The declared users as a Markdown table."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(_row(one, prefix) for one in PRINCIPALS)]
    return "\n".join("| " + " | ".join(cell or "–" for cell in row) + " |" for row in rows)


def _row(one: Principal, prefix: str) -> tuple[str, ...]:
    own = one.group_prefix(prefix)
    groups = [f"is in `{own}…`"] if own else []
    groups += [f"looks at `{group.full_name(prefix)}`" for group in one.watches]
    groups += [f"looks at `{prefix}.…`"] if one.watches_all else []
    return (
        f"`{one.name}`",
        one.purpose,
        _short(one.writes),
        _short(one.reads),
        _short(one.describes),
        ", ".join(groups),
    )


def _short(specs: Iterable[TopicSpec]) -> str:
    return ", ".join(spec.name.rpartition(".")[0] for spec in specs)


def acls_json(bindings: Sequence[Binding]) -> list[dict[str, Any]]:
    """One object per permission."""
    return [asdict(one) for one in bindings]


def acls_properties(bindings: Sequence[Binding]) -> str:
    """One numbered property per permission, for tools that read Java's properties files."""
    return "\n".join(
        f"acl.{number}={one.principal};{one.permission.upper()};{one.operation};{one.resource.upper()};"
        f"{one.pattern.upper()};{one.name};{one.host}"
        for number, one in enumerate(bindings, 1)
    )


def acls_script(bindings: Sequence[Binding]) -> str:
    """A shell script of calls of Apache Kafka's own tool: one per user, kind of resource and operation."""
    lines = [
        "#!/bin/sh",
        "# Grants the permissions of shopsync. KAFKA: host:port; ADMIN: a properties file with the login.",
        "set -e",
    ]
    by = sorted(bindings, key=_call)
    for (principal, operation, resource, pattern), some in groupby(by, key=_call):
        names = " ".join(f"--{resource} {shlex.quote(one.name)}" for one in some)
        lines.append(
            'kafka-acls.sh --bootstrap-server "$KAFKA" --command-config "$ADMIN" --add --force'
            f" --allow-principal {shlex.quote(principal)} --operation {operation}"
            f" --resource-pattern-type {pattern} {names}"
        )
    return "\n".join(lines)


def _call(one: Binding) -> tuple[str, str, str, str]:
    return one.principal, one.operation, one.resource, one.pattern
