"""予約販売期間, the pre-order period: which sale form is in force, and when the clock changes it (Q6, Q8, PR-13)."""

from datetime import datetime, time, timedelta

from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import LATEST, flag, in_reach, stamp
from shopsync_contracts.events import SaleForm

_LAST_SECOND = time(23, 59, 59)


def sale_form(record: Record, table: SourceMap, now: datetime) -> SaleForm:
    """予約販売 while it is switched on and its period is in force; an open end has no limit. Raises Unreadable."""
    if not _is_on(record, table):
        return "regular"
    begins, ends = _period(record, table)
    began = begins is None or begins <= now
    return "preorder" if began and (ends is None or now < ends) else "regular"


def next_switch(record: Record, table: SourceMap, *, after: datetime) -> datetime | None:
    """When the sale form changes by the clock, as the period begins or is over; None when it does not.

    更新日 need not move then (PR-13), so that no update window would show it. Raises Unreadable.
    """
    if not _is_on(record, table):
        return None
    edges = _period(record, table)
    return min((edge for edge in edges if edge is not None and after < edge < LATEST), default=None)


def _is_on(record: Record, table: SourceMap) -> bool | None:
    return flag(*table.value(record, "preorder.enabled"))


def _period(record: Record, table: SourceMap) -> tuple[datetime | None, datetime | None]:
    """When the period begins, and the first moment after it; None is an open edge.

    A start that is far ahead never comes: it is LATEST, not open.
    """
    begins = stamp(*table.value(record, "preorder.start"))
    last = in_reach(stamp(*table.value(record, "preorder.end"), time_of_day=_LAST_SECOND))
    # The last second counts: 23:59:59 means until midnight.
    return begins, last + timedelta(seconds=1) if last is not None else None
