"""The months as lines of a table, for a terminal."""

import sys
from collections.abc import Sequence
from typing import TextIO

from shopsync_rehearsals.month.operations import Kind
from shopsync_rehearsals.month.run import NIGHTS, Tally

_COLUMNS: Sequence[tuple[str, int]] = (
    ("seed", 5),
    ("nights", 7),
    ("things", 7),
    ("imports", 8),
    ("syncs", 6),
    ("reviews", 8),
    ("deleted", 8),
    ("listings", 9),
    ("seconds", 8),
)


class Table:
    """One line per seed, rewritten while its month is running."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()

    def head(self) -> None:
        """Print the column names."""
        self._write("".join(name.rjust(width) for name, width in _COLUMNS) + "\n")

    def progress(self, tally: Tally) -> None:
        """Show the state after a night."""
        if self._live:
            self._write(f"\r{_cells(tally)}  night {tally.nights} of {NIGHTS}")

    def done(self, tally: Tally, wrong: object = None) -> None:
        """Print the final line. `wrong`: what was found, if anything."""
        start = "\r\033[K" if self._live else "\r"
        outcome = "as the rules say" if wrong is None else f"WRONG\n\n{wrong}\n"
        self._write(f"{start}{_cells(tally)}  {outcome}\n")

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _cells(tally: Tally) -> str:
    count = tally.operations
    things = count.total() - count[Kind.NIGHT]
    values = (
        tally.seed,
        tally.nights,
        things,
        count[Kind.IMPORT],
        count[Kind.SYNC],
        count[Kind.REVIEW],
        tally.deleted,
        tally.listings,
        f"{tally.seconds:.1f}",
    )
    return "".join(str(value).rjust(width) for value, (_, width) in zip(values, _COLUMNS, strict=True))
