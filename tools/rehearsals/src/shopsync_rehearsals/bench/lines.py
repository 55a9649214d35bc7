"""A benchmark's report: lines that are judged, as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from shopsync_rehearsals.tables import table

_VERDICTS = {True: "[green]good[/green]", False: "[red]FAILED[/red]", None: "[dim]-[/dim]"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the report.

    `good` None: shown, not judged. `is_speed`: a busy machine may miss it. `because`: why it failed, where known.
    """

    what: str
    measured: str
    wanted: str = ""
    good: bool | None = None
    is_speed: bool = False
    because: str = ""


def all_good(lines: Iterable[Line]) -> bool:
    """Whether no line failed."""
    return all(line.good is not False for line in lines)


def report(lines: Sequence[Line], title: str) -> Table:
    """One row per line, with its verdict."""
    rows = table(title, "what", "measured", "wanted", "verdict")
    for line in lines:
        reason = f": {line.because}" if line.because else ""
        rows.add_row(line.what, line.measured, line.wanted, _VERDICTS[line.good] + reason)
    return rows
