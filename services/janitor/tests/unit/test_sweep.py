"""The rules of removal, by number: DL-1 to DL-14, NV-5, NV-9, scenarios 61, 62, 65, 66, 71, 72."""

from datetime import UTC, datetime, timedelta

import pytest

from janitor.errors import NoProof
from janitor.model import Sweep
from janitor.pages import report_of
from janitor.proofs import Trouble
from janitor.verdicts import Found, Removed, after, before
from shopsync_contracts.events import Enumeration, ImportCompleted, ImportCounts, ImportFailed

NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
RETRY = timedelta(minutes=30)


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


def failed(code="futureshop_unavailable"):
    return ImportFailed(
        shop_key="demo", mode="enumerate", started_at=NOW, failed_at=LATER, code=code, message="HTTP 503"
    )


def choose(one, products, limit=10):
    for product in products:
        one.classify(product, limit=limit)
    one.end_classification(LATER)


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
    assert one.apply_report(completed()) is None
    assert (one.state, one.enumeration_id, one.refused_because) == ("proven", "e1", None)
    assert one.proof().completed_at == LATER


def began(minutes):
    at = NOW + timedelta(minutes=minutes)
    return completed(enumeration=Enumeration(id="e1", started_at=at, completed_at=LATER, product_count=5))


@pytest.mark.parametrize(
    ("report", "words", "passing"),
    [
        (failed(), "the enumeration failed: futureshop_unavailable: HTTP 503", True),
        (failed("internal_error"), "the enumeration failed: internal_error", True),
        (failed("futureshop_denied"), "the enumeration failed: futureshop_denied", False),
        (failed("shop_unknown"), "the enumeration failed: shop_unknown", False),
        (completed(enumeration=None, removals_held_back=True), "`shopsync imports confirm-shrink demo`", False),
        (completed(removals_held_back=True), "held back", False),
        (completed(enumeration=None), "no proof", True),
        (began(-6), "before the sweep was asked for", True),
    ],
)
def test_without_a_proof_nothing_is_removed(report, words, passing):
    """Scenario 66, DL-9, DL-10: also of an enumeration that is older than the sweep."""
    one = sweep(state="enumerating")
    trouble = one.apply_report(report)
    assert trouble is not None
    assert (words in trouble.reason, trouble.passing, one.state) == (True, passing, "enumerating")
    assert not one.retry_or_refuse(trouble, LATER, RETRY), "somebody waits for it"
    assert (one.state, one.refused_because, one.candidates) == ("refused", trouble.reason, [])
    [page] = report_of(one)
    assert (page.refused_because, page.verdicts, page.counts.deleted) == (one.refused_because, (), 0)
    assert not one.succeeded
    with pytest.raises(NoProof, match="no proof"):
        one.proof()


def test_clocks_may_differ_a_little():
    assert sweep(state="enumerating").apply_report(began(-4)) is None


class TestTheNextTry:
    """A failed enumeration is asked for again while the night lasts: futureshop's maintenance ends at 07:00."""

    passing = Trouble("HTTP 503", passing=True)

    def nightly(self):
        return sweep(state="enumerating", retry_until=NOW + timedelta(hours=4))

    def test_it_begins_again_and_the_former_answer_is_none(self):
        one = self.nightly()
        first = one.enumeration_request_id
        assert one.retry_or_refuse(self.passing, LATER, RETRY)
        assert (one.state, one.not_before, one.attempt) == ("requested", LATER + RETRY, 2)
        assert one.enumeration_request_id != first
        assert (one.refused_because, one.deadline, one.completed_at) == (None, None, None)

    def test_the_last_try_is_refused_and_tells_how_many_there_were(self):
        one, now, tries = self.nightly(), NOW, 1
        while one.retry_or_refuse(self.passing, now, RETRY):
            tries, now = tries + 1, now + RETRY
        assert (tries, one.state) == (9, "refused")
        assert one.refused_because == "HTTP 503 (tried 9 times)"

    def test_what_does_not_pass_is_refused_at_once(self):
        one = self.nightly()
        assert not one.retry_or_refuse(Trouble("held back", passing=False), LATER, RETRY)
        assert (one.state, one.refused_because) == ("refused", "held back")

    def test_an_old_proof_is_forgotten(self):
        one = self.nightly()
        one.apply_report(completed())
        one.retry_or_refuse(self.passing, LATER, RETRY)
        assert (one.enumeration_id, one.enumeration_completed_at) == (None, None)


def test_choosing_sorts_every_removed_product():
    one = proven()
    choose(one, [removed("A"), removed("B", on=True), removed("C", by="e0"), removed("D")])
    assert (one.state, one.candidates) == ("commanded", ["A", "D"])
    assert one.verdicts == {"B": "kept_sync_enabled", "C": "kept_unproven"}


def test_a_dry_run_goes_to_the_verdicts_without_a_command():
    one = proven(dry_run=True)
    choose(one, [removed("A"), removed("B", on=True)])
    assert (one.state, one.candidates, one.completed_at) == ("judged", [], LATER)
    [page] = report_of(one)
    assert (page.dry_run, page.counts.deleted, page.counts.kept_sync_enabled) == (True, 1, 1)
    assert not one.succeeded, "nothing was done"


def test_more_than_the_limit_waits_for_the_next_night_and_is_told():
    one = proven()
    choose(one, [removed(str(n)) for n in range(5)], limit=3)
    assert (one.candidates, one.left_over) == (["0", "1", "2"], 2)
    one.judge({}, LATER)
    assert report_of(one)[0].left_over == 2


def test_kept_ones_beyond_the_limit_are_counted_though_not_named():
    one = proven()
    choose(one, [removed(str(n), on=n % 2 == 0) for n in range(10)], limit=3)
    one.judge({}, LATER)
    [page] = report_of(one)
    assert (page.counts.kept_sync_enabled, page.counts.deleted, page.left_over) == (5, 3, 2)
    assert len(page.verdicts) == 6


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Found(exists=False, deleted_by="s1"), "deleted"),
        (Found(exists=False), "deleted"),  # another run was first, DL-12
        (Found(exists=True, removed_upstream=False), "kept_present"),  # seen again meanwhile, DL-8, DL-11
        (Found(exists=True, removed_upstream=False, sync_enabled=True), "kept_present"),
        (Found(exists=True, removed_upstream=True, sync_enabled=True), "kept_sync_enabled"),  # switched ON, DL-11
        (Found(exists=True, removed_upstream=True), "kept_unproven"),  # the catalog did not do it
        (Found(exists=True, removed_upstream=False, deleted_by="s1"), "deleted"),  # and registered again, DL-13
        (Found(exists=True, removed_upstream=True, deleted_by="s0"), "kept_unproven"),  # an old tombstone
    ],
)
def test_the_verdict_is_what_the_catalog_did(found, verdict):
    assert after(found, "s1") == verdict


def test_a_candidate_nobody_can_find_is_gone():
    one = proven()
    choose(one, [removed("A")])
    one.judge({}, LATER)
    assert one.verdicts == {"A": "deleted"}
    assert one.succeeded


def test_reports_come_in_pages_of_500_with_the_whole_counts_on_each():
    one = proven()
    choose(one, [removed(f"P{n:04}") for n in range(1001)], limit=5000)
    one.judge({}, LATER)
    pages = report_of(one)
    assert [len(page.verdicts) for page in pages] == [500, 500, 1]
    assert {(page.pages, page.counts.deleted) for page in pages} == {(3, 1001)}
    assert [page.page for page in pages] == [1, 2, 3]
    told = [verdict.product_no for page in pages for verdict in page.verdicts]
    assert told == sorted(told)
    assert len(set(told)) == 1001


def test_the_same_sweep_gives_the_same_report():
    """DL-12."""
    one = proven()
    choose(one, [removed("A"), removed("B", on=True)])
    one.judge({"A": Found(exists=False)}, LATER)
    assert report_of(one) == report_of(one)
    assert report_of(one)[0].duration_seconds == 180.0
