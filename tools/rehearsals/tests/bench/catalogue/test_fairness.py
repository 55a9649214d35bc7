import json
from dataclasses import replace

from shopsync_rehearsals.bench.catalogue.delays.trips import Delays, Trip
from shopsync_rehearsals.bench.catalogue.fairness.plan import Measured, Plan, left, overtaken
from shopsync_rehearsals.bench.catalogue.fairness.verdict import as_json, judge
from shopsync_rehearsals.bench.lines import all_good

BACKLOG = [1.0, 2.0, 3.0, 4.0]


def edit(sent, arrived):
    return Trip(b"other/A", b"", b"", "edit", sent, arrived)


def test_what_came_between_an_edit_and_its_snapshot_is_counted():
    edits = [edit(0.5, 0.9), edit(0.5, 3.5), edit(2.5, 9.0), edit(2.5, None)]
    assert overtaken(edits, BACKLOG) == [0, 3, 2]
    assert left(edits, BACKLOG, 10) == [10, 10, 8]


def test_the_edits_are_judged_and_the_changes_are_not():
    quick = Delays(100, {50: 200.0, 95: 400.0, 99: 1999.0}, 2500.0)
    slow = Delays(100, {50: 200.0, 95: 400.0, 99: 2001.0}, 2500.0)
    good = Measured(Plan(), 2000.0, quick, slow, 0, [3, 1, 2], [9, 8, 7])
    assert all_good(judge(good))
    assert good.usual == 2
    assert json.loads(as_json(good, judge(good)))["edits"]["messages"] == 100
    for bad, what in (
        (replace(good, edits=slow), "the other shop's edits, p99"),
        (replace(good, lost=1), "snapshots that never came"),
    ):
        assert [line.what for line in judge(bad) if line.good is False] == [what]
    assert all_good(judge(replace(good, edits=None, overtaken=())))
