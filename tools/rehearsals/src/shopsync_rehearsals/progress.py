"""Progress on the terminal: messages, and one bar per step."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]
"""Name of the step, how much is done, of how much."""


class Screen:
    """Draws the bars while its block runs."""

    def __init__(self, console: Console, *, refresh_per_second: float = 10.0) -> None:
        self.console = console
        self._bars = Bars(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            refresh_per_second=refresh_per_second,
        )
        self._steps: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def report(self, text: str) -> None:
        self.console.print(f"[dim]{text}[/dim]")

    def progress(self, step: str, done: int, total: int) -> None:
        if step not in self._steps:
            if not self.console.is_terminal:  # there the bars are drawn only at the end
                self.report(f"{step} …")
            self._steps[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._steps[step], completed=done, total=total)
        if done >= total:
            self._bars.stop_task(self._steps[step])
