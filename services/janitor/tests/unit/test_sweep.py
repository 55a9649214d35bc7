"""The rules of removal, by number: DL-1 to DL-14, NV-5, NV-9, scenarios 61, 62, 65, 66, 71, 72."""

from datetime import UTC, datetime, timedelta

import pytest

from janitor.sweep import Found, Removed, Sweep, after, before
from shopsync_contracts.events import Enumeration, ImportCompleted, ImportCounts, ImportFailed

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)


def sweep(**changes):
    members = {
        "id": "s1",
        "shop_key": "demo",
        "request_id": "r1",
        "requested_at": NOW,
        "enumeration_request_id": "q1",
        **changes,
    }
    return Sweep(**members)


def completed(**changes):
    proof = Enumeration(id="e1", started_at=NOW, completed_at=LATER, product_count=5)
    members = {
        "shop_key": "demo",
        "import_id": "e1",
        "mode": "enumerate",
        "request_id": "q1",
        "started_at": NOW,
        "completed_at": LATER,
        "duration_seconds": 180.0,
        "counts": ImportCounts(read=5),
        "enumeration": proof,
        **changes,
    }
    return ImportCompleted(**members)


def proven(**changes):
    return sweep(state="proven", enumeration_id="e1", enumeration_completed_at=LATER, **changes)


def removed(number, *, on=False, by="e1"):
    return Removed(product_no=number, sync_enabled=on, enumeration_id=by)


def test_removed_and_off_is_a_candidate():
    """Scenario 61, DL-1. 状態 is not even looked at (DL-2)."""
    assert before(removed("A"), "e1") is None


def test_removed_and_on_is_kept():
    """Scenario 62, DL-4, NV-5."""
    assert before(removed("A", on=True), "e1") == "kept_sync_enabled"


def test_only_the_fresh_enumeration_proves():
    """DL-9, NV-9: a proof of another night is none."""
    assert before(removed("A", by="e0"), "e1") == "kept_unproven"
    assert before(removed("A"), None) == "kept_unproven"


def test_a_proof_moves_the_sweep_on():
    one = sweep(state="enumerating")
    one.hear(completed(), LATER)
    assert (one.state, one.enumeration_id, one.refused_because) == ("proven", "e1", None)
    assert one.proof().completed_at == LATER


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (
            ImportFailed(
                shop_key="demo",
                mode="enumerate",
                started_at=NOW,
                failed_at=LATER,
                code="futureshop_unavailable",
                message="HTTP 503",
            ),
            "the enumeration failed: futureshop_unavailable: HTTP 503",
        ),
        (completed(enumeration=None, removals_held_back=True), "held back"),
        (completed(enumeration=None), "no proof"),
        (completed(removals_held_back=True), "held back"),
    ],
)
def test_without_a_proof_nothing_is_removed(report, words):
    """Scenario 66, DL-9, DL-10."""
    one = sweep(state="enumerating")
    one.hear(report, LATER)
    assert one.state == "refused"
    assert words in one.refused_because
    assert one.candidates == []
    [page] = one.reports()
    assert (page.refused_because, page.verdicts, page.counts.deleted) == (one.refused_because, (), 0)
    with pytest.raises(ValueError, match="no proof"):
        one.proof()


def test_choosing_sorts_every_removed_product():
    one = proven()
    one.choose([removed("A"), removed("B", on=True), removed("C", by="e0"), removed("D")], limit=10)
    assert (one.state, one.candidates) == ("commanded", ["A", "D"])
    assert one.verdicts == {"B": "kept_sync_enabled", "C": "kept_unproven"}


def test_more_than_the_limit_waits_for_the_next_night():
    one = proven()
    one.choose([removed(str(n)) for n in range(5)], limit=3)
    assert (one.candidates, one.left_over) == (["0", "1", "2"], 2)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Found(exists=False, deleted_by="s1"), "deleted"),
        (Found(exists=False), "deleted"),  # another run was first, DL-12
        (Found(exists=True, removed_upstream=False), "kept_present"),  # seen again meanwhile, DL-8, DL-11
        (Found(exists=True, removed_upstream=False, sync_enabled=True), "kept_present"),
        (Found(exists=True, removed_upstream=True, sync_enabled=True), "kept_sync_enabled"),  # switched ON, DL-11
        (Found(exists=True, removed_upstream=True), "kept_unproven"),  # the catalog did not do it
        (Found(exists=True, removed_upstream=False, deleted_by="s1"), "deleted"),  # and registered anew, DL-13
        (Found(exists=True, removed_upstream=True, deleted_by="s0"), "kept_unproven"),  # an old tombstone
    ],
)
def test_the_verdict_is_what_the_catalog_did(found, verdict):
    assert after(found, "s1") == verdict


def test_a_candidate_nobody_can_find_is_gone():
    one = proven()
    one.choose([removed("A")], limit=10)
    one.judge({}, LATER)
    assert one.verdicts == {"A": "deleted"}


def test_reports_come_in_pages_of_500_with_the_whole_counts_on_each():
    one = proven()
    one.choose([removed(f"P{n:04}") for n in range(1001)], limit=5000)
    one.judge({}, LATER)
    pages = one.reports()
    assert [len(page.verdicts) for page in pages] == [500, 500, 1]
    assert {(page.pages, page.counts.deleted) for page in pages} == {(3, 1001)}
    assert [page.page for page in pages] == [1, 2, 3]
    told = [verdict.product_no for page in pages for verdict in page.verdicts]
    assert told == sorted(told)
    assert len(set(told)) == 1001


def test_the_same_sweep_gives_the_same_report():
    """DL-12."""
    one = proven()
    one.choose([removed("A"), removed("B", on=True)], limit=10)
    one.judge({"A": Found(exists=False)}, LATER)
    assert one.reports() == one.reports()
    assert one.reports()[0].duration_seconds == 180.0
