"""Output: tables and JSON on stdout, progress and warnings on stderr."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_JAPAN = ZoneInfo("Asia/Tokyo")
_PIPE_WIDTH = 400
"""Into a pipe nothing is wrapped: grep wants whole lines."""


def out() -> Console:
    """The console for results. Made at each call, because stdout may have been redirected since."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def err() -> Console:
    """The console for progress, warnings and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> Table:
    """A table of plain text: what comes from messages is never read as markup."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(show(cell)) for cell in row))
    return made


def show(value: Any) -> str:
    """A value as an operator reads it; times in Japan's zone."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(_JAPAN).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def print_json(value: Any) -> None:
    """Indented JSON with readable Japanese; times as RFC 3339."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def warn(text: str) -> None:
    """One line on stderr."""
    err().print(Text(text, style="yellow"))


def say(text: str) -> None:
    """One line on stdout, as it is."""
    typer.echo(text)
