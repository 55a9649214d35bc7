from datetime import datetime

from ingestor.records.mapping import Record, SourceMap, preorder_edges
from ingestor.records.values import LATEST, flag


def next_switch(record: Record, table: SourceMap, *, after: datetime) -> datetime | None:
    """When the product's sale form changes by the clock, as its 予約販売期間 begins or is over; None when it does not.

    更新日 need not move then (PR-13), so that no update window would show it. Raises Unreadable.
    """
    if not flag(*table.value(record, "preorder.enabled")):
        return None
    edges = preorder_edges(record, table)
    return min((edge for edge in edges if edge is not None and after < edge < LATEST), default=None)
