import json

import pytest

from shopsync_rehearsals.bench.lines import all_good
from shopsync_rehearsals.bench.start.plan import SUBSCRIPTIONS, Plan
from shopsync_rehearsals.bench.start.report import as_json, judge, phases_table
from shopsync_rehearsals.bench.start.run import Start

PLAN = Plan(wanted_seconds=3.0)


def start(service, number, first_message, imports=0.4):
    return Start(service, number, {"imports": imports, "build": 0.1}, 0.7, first_message, 0.6)


@pytest.fixture
def starts():
    return [start(service, number, 0.8, imports=0.1 * (number + 1)) for number in range(4) for service in SUBSCRIPTIONS]


def test_the_slowest_start_of_a_service_decides(starts):
    assert all_good(judge(PLAN, starts))
    starts.append(start("publisher", 4, 3.01))
    lines = judge(PLAN, starts)
    assert [line.what for line in lines if line.good is False] == ["publisher: first message, slowest"]
    assert all(line.is_speed for line in lines)


def test_the_very_first_start_and_the_later_ones_are_apart(starts):
    table = phases_table(starts)
    assert [column.header for column in table.columns][:3] == ["phase", "ingestor, first", "ingestor, later"]
    first, later = (next(iter(column.cells)) for column in table.columns[1:3])
    assert (first, later) == ("0.10", "0.30"), "the median of the second to the fourth"
    assert len(phases_table(starts[:4]).columns) == 5, "one round has no later starts"


def test_json_holds_every_start(starts):
    document = json.loads(as_json(starts, judge(PLAN, starts)))
    assert document["good"] is True
    assert len(document["starts"]) == 16
    assert document["starts"][0]["phases"] == {"imports": 0.1, "build": 0.1}
