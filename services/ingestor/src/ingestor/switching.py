from datetime import datetime, timedelta

from ingestor.mapping import Record, SourceMap
from ingestor.readers import flag, stamp


def next_switch(record: Record, table: SourceMap, *, after: datetime) -> datetime | None:
    """When the product's sale form changes by the clock, as its 予約販売期間 begins or is over; None when it does not.

    更新日 need not move then (PR-13), so that no update window would show it. Raises Unreadable.
    """
    if not flag(*table.value(record, "preorder.enabled")):
        return None
    start, end = (stamp(*table.value(record, name)) for name in ("preorder.start", "preorder.end"))
    # The last second counts: 23:59:59 means until midnight.
    edges = (start, end + timedelta(seconds=1) if end else None)
    return min((edge for edge in edges if edge is not None and edge > after), default=None)
