"""The tables that the demo prints at its end."""

from collections import Counter
from collections.abc import Mapping

from rich.table import Table

from shopsync_rehearsals.demo.story import Outcome
from shopsync_rehearsals.tables import table

STATUS_NAMES = {
    "incomplete": "不足項目あり",
    "pending": "同期待ち",
    "warehouse_missing": "倉庫未設定",
    "sync_error": "連携エラー",
    "in_review": "審査中",
    "rejected": "審査NG",
    "synced": "連携成功",
}


def summary(outcome: Outcome) -> list[Table]:
    """Products per status, pushes, reviews, the sweep's verdicts, seconds per step."""
    statuses = table("products by status (状態)", "status", "products")
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
    rows = table("seconds", "step", "seconds")
    for name, spent in split.items():
        rows.add_row(name, f"{spent:.1f}")
    return rows


def _counts(title: str, counts: Mapping[str, int] | Counter[str]) -> Table:
    rows = table(title, "outcome", "count")
    for name, count in sorted(counts.items()):
        rows.add_row(name, str(count))
    return rows
