"""What the demo shows: progress bars while it runs, tables at the end."""

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from shopsync_rehearsals.demo.story import Outcome

STATUS_NAMES = {
    "incomplete": "不足項目あり",
    "pending": "同期待ち",
    "warehouse_missing": "倉庫未設定",
    "sync_error": "連携エラー",
    "in_review": "審査中",
    "rejected": "審査NG",
    "synced": "連携成功",
}


class Screen:
    """One bar per step."""

    def __init__(self, console: Console, *, refresh_per_second: float = 10.0) -> None:
        self.console = console
        self._bars = Progress(
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

    def tell(self, text: str) -> None:
        self.console.print(f"[dim]{text}[/dim]")

    def progress(self, step: str, done: int, total: int) -> None:
        if step not in self._steps:
            if not self.console.is_terminal:  # bars are drawn at the end there
                self.tell(f"{step} …")
            self._steps[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._steps[step], completed=done, total=total)
        if done >= total:
            self._bars.stop_task(self._steps[step])


def summary(outcome: Outcome) -> list[Table]:
    """Products per status, pushes, reviews, the sweep's verdicts, seconds per step."""
    statuses = _table("products by status (状態)", "status", "products")
    for status, name in STATUS_NAMES.items():
        if outcome.statuses[status]:
            statuses.add_row(f"{status} {name}", str(outcome.statuses[status]))
    statuses.add_row("removed by the sweep", str(outcome.removed))
    verdicts = outcome.sweep.counts.model_dump() if outcome.sweep is not None else {}
    return [
        statuses,
        _counts("pushes", outcome.pushes),
        *([_counts("why pushes failed: as a merchant would read it", outcome.failures)] if outcome.failures else []),
        _counts("reviews", outcome.reviews),
        _counts("nightly sweep", {name: count for name, count in verdicts.items() if count}),
    ]


def seconds(split: Mapping[str, float]) -> Table:
    """Wall-clock seconds, in the order they were spent."""
    table = _table("seconds", "step", "seconds")
    for name, spent in split.items():
        table.add_row(name, f"{spent:.1f}")
    return table


def _counts(title: str, counts: Mapping[str, int] | Counter[str]) -> Table:
    table = _table(title, "outcome", "count")
    for name, count in sorted(counts.items()):
        table.add_row(name, str(count))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
