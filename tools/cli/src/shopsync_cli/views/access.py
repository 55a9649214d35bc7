"""Who may do what on Kafka: tables and what other tools take."""

from collections.abc import Iterable

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
