"""When an import has surely taken every change: the checkpoint never runs ahead of that."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestor.model import Failure, ImportRun
from ingestor.windows import Interval

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WINDOW = Interval(NOW - timedelta(hours=2), NOW)


def ended(**changes):
    members = {"mode": "changed_only", "proven": True, "started_at": NOW, "ended_at": NOW, "listed_at": NOW, **changes}
    return ImportRun(id="i1", shop_key="demo", then_sync=False, request_id="r1", requested_at=NOW, **members)


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, True),
        ({"mode": "overwrite_all"}, True),
        ({"interval": WINDOW, "proven": False}, True),
        ({"mode": "enumerate"}, False),  # reads no contents
        ({"proven": False}, False),  # held back: what is missing may have changed
        ({"doubts": ["page 2: …"]}, False),
        ({"interval": WINDOW, "doubts": ["page 2: …"]}, False),
        ({"failure": Failure("futureshop_refused", "no")}, False),
        ({"interval": WINDOW, "failure": Failure("futureshop_refused", "no")}, False),
        ({"unlisted": 1}, False),  # the listing lacked a product that is there: it may lack others
    ],
)
def test_what_moves_the_checkpoint(changes, taken):
    assert ended(**changes).took_every_change() is taken


def test_update_windows_are_no_enumeration_whatever_is_set():
    run = ended(interval=WINDOW, proven=True)
    assert run.enumeration() is None
    assert run.report().enumeration is None
    assert run.expected is None


def test_a_product_may_come_in_two_windows_of_one_import():
    run = ended(interval=WINDOW)
    first = run.reading_id
    run.position.window = 1
    assert run.reading_id != first
    assert ended().reading_id == "i1"


def test_the_report_answers_the_request_it_is_made_for():
    run = ended()
    assert (run.report().request_id, run.report("r2").request_id) == ("r1", "r2")
    assert run.report("r2").import_id == run.report().import_id == "i1"
