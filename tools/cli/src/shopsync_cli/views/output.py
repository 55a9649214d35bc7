"""Output: tables and JSON on stdout, progress and warnings on stderr."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shopsync_cli.views.stdout import has_every_character
from shopsync_readmodel.times import show_time
from shopsync_runtime.wording import written_out

_GAP = 2
_PIPE_WIDTH = 400
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d")
_LONGEST_KEY = 64
"""Cells: keys and ids up to this width are never broken, so that they can be copied; longer words may be."""
_LONGEST_NUMBER = 24
"""The same for words in Japanese: a product number has at most 32 bytes."""
_NOTHING = "–"


def out() -> Console:
    """The console for results. A new one each time, because stdout may have been redirected."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPE_WIDTH)


def err() -> Console:
    """The console for progress, warnings and errors."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None, console: Console | None = None
) -> None:
    """A table on stdout, in which no key, number or time is broken.

    On a terminal long text wraps between words. A table that does not fit is printed row by row, one line per column.
    Into a pipe every row is one line, however long, for grep.
    """
    console = console or out()
    columns = [show(column) for column in columns]
    texts = [[show(cell) for cell in row] for row in rows]
    spans = [_span(column, [row[number] for row in texts]) for number, column in enumerate(columns)]
    if not console.is_terminal:
        _print_wide(console, columns, texts, [most for _, most in spans], title=title)
    elif _whole([least for least, _ in spans]) <= console.width:
        _print_wide(console, columns, texts, share_out(spans, console.width), title=title)
    else:
        _print_rows(console, columns, texts, title=title)


def share_out(spans: Sequence[tuple[int, int]], width: int) -> list[int]:
    """Widths between least and most of each column, together at most `width`; small differences are granted first."""
    widths = [least for least, _ in spans]
    room = width - _whole(widths)
    wishes = sorted(range(len(spans)), key=lambda number: spans[number][1] - spans[number][0])
    for place, number in enumerate(wishes):
        least, most = spans[number]
        more = min(most - least, max(0, room) // (len(wishes) - place))
        widths[number] += more
        room -= more
    return widths


def _whole(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _span(column: str, texts: Sequence[str]) -> tuple[int, int]:
    """The least width that breaks nothing, and the width that wraps nothing."""
    cells = [column, *texts]
    least = max((width for cell in cells for width in _unbreakable(cell)), default=0)
    return max(1, least), max(1, least, *map(cell_len, cells))


def _print_rows(console: Console, columns: Sequence[str], rows: list[list[str]], *, title: str | None) -> None:
    if title is not None:
        console.print(Text(title, style="italic"))
    name = max(1, *map(cell_len, columns))
    for row in rows:
        pairs = [[column, cell] for column, cell in zip(columns, row, strict=True) if cell not in {"", _NOTHING}]
        least, most = _span("", [cell for _, cell in pairs])
        widths = share_out([(name, name), (least, most)], max(console.width, _whole([name, least])))
        _print_wide(console, ("", ""), pairs, widths, title=None)
        console.print()


def _print_wide(
    console: Console, columns: Sequence[str], rows: list[list[str]], widths: Sequence[int], *, title: str | None
) -> None:
    """Plain text: what comes from messages is never read as markup.

    Wider than the terminal, lines are wrapped by the terminal itself, which keeps them whole for copying.
    """
    made = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, _GAP, 0, 0),
        show_header=any(columns),
    )
    for column, width in zip(columns, widths, strict=True):
        made.add_column(Text(column), overflow="fold", width=width)
    for row in rows:
        made.add_row(*map(Text, row))
    narrow, console.width = console.width, max(_whole(widths), console.width, cell_len(title or ""))
    console.print(made)
    console.width = narrow


def _unbreakable(text: str) -> Iterator[int]:
    """Widths of what must not be broken: times with their blank, and words. In Japanese text only short ones."""
    yield from map(len, _TIME.findall(text))
    for word in _TIME.sub(" ", text).split():
        width = cell_len(word)
        if width <= (_LONGEST_KEY if word.isascii() else _LONGEST_NUMBER):
            yield width


def visible(text: str, *, in_one_line: bool = False) -> str:
    r"""The text with control and invisible characters written as in JSON: `\u001b`.

    Line ends and tabs stay, unless the text is `in_one_line`: else a product number could forge a line.
    """
    text = written_out(text.replace("\r\n", "\n"))
    return text.replace("\n", "\\n").replace("\t", "\\t") if in_one_line else text


def show(value: Any) -> str:
    """A value for people, in one line; times in Asia/Tokyo with the offset, as `--since` takes them."""
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return show_time(value)
    if isinstance(value, float):
        return f"{value:g}"
    return visible(str(value), in_one_line=True)


def print_json(value: Any) -> None:
    """Indented JSON, with readable Japanese where the encoding allows it; times as RFC 3339."""
    typer.echo(visible(json.dumps(value, ensure_ascii=not has_every_character(), indent=2, default=_plain)))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def warn(text: str) -> None:
    """One line on stderr."""
    err().print(Text(visible(text, in_one_line=True), style="yellow"))


def complain(error: Exception) -> None:
    """The error that ends the command: one line on stderr."""
    err().print(Text(visible(f"shopsync: {error}", in_one_line=True)))


def say(text: str) -> None:
    """One line on stdout."""
    typer.echo(visible(text, in_one_line=True))


def say_lines(text: str) -> None:
    """Several lines on stdout, of our own making."""
    typer.echo(visible(text))
