"""When a sale form changes by the clock: PR-13, Q8."""

from datetime import datetime, timedelta

import pytest

from ingestor.records.preorder import next_switch
from ingestor.records.source_map import SourceMap
from ingestor.records.values import Unreadable
from shopsync_contracts.times import JST

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=JST)
TABLE = SourceMap()


def preorder(start=None, end=None, enabled=True):
    return {"preorder": {"enabled": enabled, "periodStart": start, "periodEnd": end}}


@pytest.mark.parametrize(
    ("record", "switch"),
    [
        ({}, None),
        (preorder(), None),
        (preorder("2026-11-24T00:00:00", "2026-11-30T23:59:59"), datetime(2026, 11, 24, tzinfo=JST)),
        (preorder("2026-11-24T00:00:00", "2026-11-30T23:59:59", enabled=False), None),
        (preorder("2026-11-20T00:00:00", "2026-11-30T23:59:59"), datetime(2026, 12, 1, tzinfo=JST)),
        (preorder("2026-11-20T00:00:00"), None),
        (preorder("2026-10-01T00:00:00", "2026-11-01T23:59:59"), None),
        (preorder(None, "2026-11-23T11:59:59"), None),  # over at this very moment
        (preorder("2026-11-23T12:00:00"), None),  # began at this very moment
        (preorder(None, "2026-11-23T12:00:00"), NOW + timedelta(seconds=1)),
    ],
)
def test_the_next_edge_of_the_period(record, switch):
    assert next_switch(record, TABLE, after=NOW) == switch


def test_an_unreadable_edge_is_named():
    with pytest.raises(Unreadable, match=r"preorder\.periodEnd"):
        next_switch(preorder(None, "soon"), TABLE, after=NOW)
