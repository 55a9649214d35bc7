"""予約販売期間, the pre-order period: which sale form is active, and when it changes (Q6, Q8, PR-13)."""

from datetime import datetime, time, timedelta

from ingestor.records.source_map import Record, SourceMap
from ingestor.records.values import LATEST, flag, in_reach, stamp
from shopsync_contracts.events import SaleForm

_LAST_SECOND = time(23, 59, 59)


def sale_form(record: Record, table: SourceMap, now: datetime) -> SaleForm:
    """予約販売 while it is switched on and its period is active, which may be open-ended. Raises Unreadable."""
    if not _is_on(record, table):
        return "regular"
    begins, ends = _period(record, table)
    began = begins is None or begins <= now
    return "preorder" if began and (ends is None or now < ends) else "regular"


def next_switch(record: Record, table: SourceMap, *, after: datetime) -> datetime | None:
    """When the sale form changes because the period begins or ends; None if it does not.

    更新日 may stay the same (PR-13), so no update window would show the change. Raises Unreadable.
    """
    if not _is_on(record, table):
        return None
    edges = _period(record, table)
    return min((edge for edge in edges if edge is not None and after < edge < LATEST), default=None)


def _is_on(record: Record, table: SourceMap) -> bool | None:
    return flag(*table.value(record, "preorder.enabled"))


def _period(record: Record, table: SourceMap) -> tuple[datetime | None, datetime | None]:
    """Start of the period and the first time after it; None where it is open.

    A start in the far future never comes: it is LATEST, not open.
    """
    begins = stamp(*table.value(record, "preorder.start"))
    last = in_reach(stamp(*table.value(record, "preorder.end"), time_of_day=_LAST_SECOND))
    # The last second is included: 23:59:59 means until midnight.
    return begins, last + timedelta(seconds=1) if last is not None else None
