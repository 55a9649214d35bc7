from itertools import product
from typing import get_args

import pytest
from msgspec.structs import replace

from catalog.rules.model import Listing, PushOutcome, Review
from catalog.rules.status import status_of
from shopsync_contracts.events import Reason, ReviewState, SnapshotError, Status

STATES = (*get_args(ReviewState), "in_review", "live", "draft")
KINDS = get_args(PushOutcome.__annotations__["kind"])
ERROR = SnapshotError(code="1", message="TikTok says no")


def status(story):
    return story.snapshot.status


def of(record, *, missing=(), outcome=None, review=None, content_version=2):
    """The status of a record with this listing; `outcome` is (content_version, kind)."""
    known = None
    if outcome is not None:
        version, kind = outcome
        known = PushOutcome(version, kind, error=None if kind == "accepted" else ERROR)
    listing = Listing(outcome=known, review=review and Review(review, "T1", None))
    return status_of(replace(record, listing=listing), content_version, missing)


def test_ss1_whatever_happened_gives_exactly_one_of_the_seven(ready):
    """All there is to tell states apart: something missing, the last push and its content, TikTok's word.

    An incomplete product has an error only where the publisher found it out in this very content.
    """
    outcomes = [None, *product((1, 2), KINDS)]
    seen = set()
    for missing, outcome, review in product([(), ("price",)], outcomes, [None, *STATES]):
        found, error = of(ready.state.record, missing=missing, outcome=outcome, review=review)
        assert (found == "incomplete") == bool(missing)
        has_words = found in ("warehouse_missing", "sync_error", "rejected")
        assert (error is not None) == (has_words or (found, outcome) == ("incomplete", (2, "incomplete")))
        seen.add(found)
    assert seen == set(get_args(Status))
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("missing", "outcome", "review", "expected"),
    [
        (("stock",), None, None, "incomplete"),
        (("stock",), (2, "warehouse_missing"), None, "incomplete"),
        (("stock",), (1, "warehouse_missing"), None, "incomplete"),
        (("stock",), (2, "sync_error"), None, "incomplete"),
        (("stock",), (2, "accepted"), "live", "incomplete"),
        ((), (2, "warehouse_missing"), None, "warehouse_missing"),
        ((), (1, "warehouse_missing"), None, "warehouse_missing"),
        ((), (2, "warehouse_missing"), "live", "warehouse_missing"),
        ((), None, None, "pending"),
        ((), (1, "accepted"), "live", "pending"),
        ((), (1, "accepted"), "rejected", "pending"),
        ((), (1, "sync_error"), "live", "pending"),
        ((), (2, "sync_error"), "live", "sync_error"),
        ((), (2, "accepted"), "in_review", "in_review"),
        ((), (2, "accepted"), "rejected", "rejected"),
        ((), (2, "accepted"), "live", "synced"),
    ],
)
def test_ss3_precedence(ready, missing, outcome, review, expected):
    """Content 2 is the present one: incomplete, then no warehouse, then pending, then what TikTok made of it."""
    found, _ = of(ready.state.record, missing=missing, outcome=outcome, review=review)
    assert found == expected


@pytest.mark.parametrize(
    "lead_to",
    [
        lambda story: story.edited(5, category_id=None),
        lambda story: None,
        lambda story: story.failed("warehouse_missing"),
        lambda story: story.failed(),
        lambda story: story.pushed(),
        lambda story: story.pushed(review="live"),
        lambda story: (story.pushed(), story.reviewed("rejected", 5)),
    ],
    ids=["incomplete", "pending", "warehouse_missing", "sync_error", "in_review", "synced", "rejected"],
)
def test_ss2_dl2_status_and_target_do_not_touch_each_other(ready, lead_to, request):
    lead_to(ready)
    expected = request.node.callspec.id
    for minute, enabled in ((10, False), (11, True), (12, False)):
        ready.switched(minute, enabled)
        assert (status(ready), ready.snapshot.sync_enabled) == (expected, enabled)
    ready.removed(20)
    assert status(ready) == expected
    ready.deleted()
    assert ready.state.record is None


def test_ss4_import_makes_incomplete_or_pending(story):
    story.changed()
    assert status(story) == "incomplete"
    story.complete()
    assert status(story) == "pending"


def test_ss6_ss7_accepted_then_approved(ready):
    ready.pushed()
    assert (status(ready), ready.snapshot.live) == ("in_review", False)
    assert ready.snapshot.pushed_content_version == ready.snapshot.content_version
    assert (ready.snapshot.tiktok_product_id, ready.snapshot.skus[0].tiktok_sku_id) == ("T1", "T1--")
    ready.reviewed("approved", 5, version=ready.snapshot.content_version)
    assert (status(ready), ready.snapshot.live) == ("synced", True)


def test_scenario_55_ss7_ss10_a_rejection_keeps_tiktoks_reasons(ready):
    ready.pushed()
    reason = Reason(position="main_images", reason="ロゴがある", suggestion="差し替える")
    ready.reviewed("rejected", 5, reasons=(reason,))
    assert status(ready) == "rejected"
    assert ready.snapshot.error.code == "rejected"
    assert ready.snapshot.error.message == "ロゴがある"
    assert ready.snapshot.error.reasons == (reason,)


def test_scenario_56_ss8_an_edit_after_a_rejection_is_pending_then_in_review_again(ready):
    ready.pushed()
    ready.reviewed("rejected", 5)
    ready.edited(6, category_id="600002")
    assert (status(ready), ready.snapshot.error) == ("pending", None)
    ready.pushed("edited", minute=7)
    assert (status(ready), ready.snapshot.tiktok_product_id) == ("in_review", "T1")


@pytest.mark.parametrize("verdict", ["rejected", "failed", "approved"])
def test_ss8_after_any_verdict_new_content_is_pending_or_incomplete(ready, verdict):
    if verdict == "failed":
        ready.failed()
    else:
        ready.pushed()
        ready.reviewed(verdict, 5)
    ready.edited(6, name="新しい名")
    assert (status(ready), ready.snapshot.error) == ("pending", None)
    ready.edited(7, category_id=None)
    assert (status(ready), ready.snapshot.missing) == ("incomplete", ("category_id",))


def test_ss10_tiktoks_words_are_kept_letter_by_letter(ready):
    ready.pushed()
    words = 'タイトルに "公式" は使えません。<b>修正</b>してください\n(code: 12052931)'
    reasons = (
        Reason(position="title", reason=words, suggestion="削除"),
        Reason(position="category", reason="資格が必要です"),
    )
    ready.reviewed("rejected", 5, reasons=reasons)
    assert ready.snapshot.error.reasons == reasons
    assert words in ready.snapshot.error.message
    assert "資格が必要です" in ready.snapshot.error.message


def test_ss10_without_reasons_it_points_to_seller_center(ready):
    ready.pushed()
    ready.reviewed("rejected", 5)
    assert "Seller Center" in ready.snapshot.error.message


def test_scenario_83_q12_a_listing_deleted_in_seller_center_stays_an_error_at_the_next_sync(ready):
    ready.pushed(review="live")
    ready.reviewed("deleted", 5)
    ready.failed()
    assert (status(ready), ready.snapshot.tiktok_product_id, ready.snapshot.live) == ("sync_error", "T1", False)


@pytest.mark.parametrize("outcome", ["sync_error", "warehouse_missing"])
def test_ss6_a_refused_push_says_why(ready, outcome):
    ready.failed(outcome)
    assert status(ready) == outcome
    assert (ready.snapshot.error.code, ready.snapshot.error.message) == ("12052104", "TikTok says no")


def test_ss9_warehouse_missing_outlives_edits_and_ends_with_a_push(ready):
    ready.failed("warehouse_missing")
    ready.edited(5, category_id="600002")
    assert status(ready) == "warehouse_missing"
    ready.edited(6, category_id=None)
    assert status(ready) == "incomplete"
    ready.edited(7, category_id="600002")
    assert status(ready) == "warehouse_missing"
    ready.pushed()
    assert status(ready) == "in_review"


def test_ss8_a_sync_error_ends_with_new_content(ready):
    ready.failed()
    ready.changed(10, updated=10, name="シャツ改")
    assert status(ready) == "pending"


def test_scenario_39_what_the_publisher_finds_lacking_is_named(ready):
    ready.failed("incomplete", missing=("axes.vertical",))
    assert (status(ready), ready.snapshot.missing) == ("incomplete", ("axes.vertical",))
    assert (ready.snapshot.error.code, ready.snapshot.error.message) == ("12052104", "TikTok says no")
    ready.changed(10, updated=10, axes={"vertical": "サイズ"})
    assert (status(ready), ready.snapshot.missing, ready.snapshot.error) == ("pending", (), None)


def test_ed4_a_blank_value_needs_no_words_not_even_old_ones(ready):
    ready.failed("incomplete", missing=("axes.vertical",))
    ready.edited(5, category_id=None)
    assert (status(ready), ready.snapshot.missing, ready.snapshot.error) == ("incomplete", ("category_id",), None)


def test_scenario_58_au5_a_missing_authorisation_is_a_sync_error(ready):
    ready.skipped("not_authorized")
    assert (status(ready), ready.snapshot.error.code) == ("sync_error", "not_authorized")
    ready.changed(10, updated=10, name="シャツ改")
    assert ready.snapshot.content.name == "シャツ改"


@pytest.mark.parametrize("why", ["sync_disabled", "not_found", "incomplete"])
def test_other_skips_change_nothing(ready, why):
    before = ready.state
    ready.skipped(why)
    assert (ready.state.record, ready.state.snapshot) == (before.record, before.snapshot)


@pytest.mark.parametrize(
    ("review", "expected"), [("deactivated", "synced"), ("frozen", "sync_error"), ("deleted", "sync_error")]
)
def test_ss12_states_without_a_status_of_their_own(ready, review, expected):
    ready.pushed(review="live")
    ready.reviewed(review, 5)
    assert (status(ready), ready.snapshot.live) == (expected, False)
    if expected == "sync_error":
        assert ready.snapshot.error.code == review


def test_ss12_taken_off_sale_by_tiktok_is_an_error_with_its_reason(ready):
    ready.pushed(review="live")
    ready.reviewed("deactivated", 5, reasons=(Reason(position="status", reason="PLATFORM_DEACTIVATED"),))
    assert (status(ready), ready.snapshot.live) == ("sync_error", False)
    assert ready.snapshot.error.reasons[0].reason == "PLATFORM_DEACTIVATED"


def test_pre_approved_stays_in_review(ready):
    ready.pushed()
    ready.reviewed("pre_approved", 5)
    assert (status(ready), ready.snapshot.error) == ("in_review", None)


def test_q10_pre_approved_shows_what_the_merchant_has_to_do(ready):
    ready.pushed()
    reason = Reason(position="audit", reason="RESTRICTED_CATEGORY_PENDING", suggestion="apply in Seller Center")
    ready.reviewed("pre_approved", 5, reasons=(reason,))
    assert (status(ready), ready.snapshot.error.reasons) == ("in_review", (reason,))
    ready.reviewed("approved", 6)
    assert (status(ready), ready.snapshot.error) == ("synced", None)


def test_scenario_46_a_relisted_product_is_in_review_until_approved(ready):
    ready.pushed(review="live")
    ready.reviewed("deactivated", 5)
    ready.pushed("relisted", minute=6)
    assert (status(ready), ready.snapshot.live) == ("in_review", False)
    ready.reviewed("approved", 7)
    assert (status(ready), ready.snapshot.live) == ("synced", True)


def test_an_edited_live_listing_stays_live_during_review(ready):
    ready.pushed(review="live")
    ready.edited(5, name="ブラウス")
    ready.pushed("edited", minute=6)
    assert (status(ready), ready.snapshot.live) == ("in_review", True)
    ready.reviewed("rejected", 7)
    assert (status(ready), ready.snapshot.live) == ("rejected", True)


class TestStaleNews:
    """SS-11: order by the push it belongs to."""

    def test_ss11_a_review_of_an_older_push_does_not_win(self, ready):
        ready.pushed()
        old = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.pushed("edited", minute=6)
        ready.reviewed("rejected", 7, version=old)
        assert status(ready) == "in_review"

    def test_ss11_an_older_notice_that_names_no_push_does_not_win(self, ready):
        ready.pushed(minute=10)
        ready.reviewed("rejected", 9)
        assert status(ready) == "in_review"

    def test_ss11_a_notice_of_the_same_second_as_the_push_counts(self, ready):
        ready.pushed(minute=10)
        ready.reviewed("approved", 10 - 1 / 60)
        assert status(ready) == "synced"

    def test_ss11_notices_go_by_the_time_they_occurred(self, ready):
        ready.pushed()
        ready.reviewed("approved", 6)
        ready.reviewed("rejected", 5)
        assert status(ready) == "synced"

    def test_ss11_a_verdict_does_not_come_back_after_a_new_push(self, ready):
        ready.pushed()
        version = ready.snapshot.content_version
        ready.reviewed("rejected", 5, version=version)
        ready.pushed("edited", minute=6)
        ready.reviewed("rejected", 5, version=version)
        assert status(ready) == "in_review"

    def test_ss11_a_review_of_another_listing_is_not_ours(self, ready):
        ready.pushed(tiktok="T1")
        ready.reviewed("rejected", 5, tiktok="T0")
        assert status(ready) == "in_review"

    def test_ss11_a_result_of_older_content_does_not_win(self, ready):
        old = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.pushed(minute=6)
        ready.failed(version=old)
        assert status(ready) == "in_review"

    @pytest.mark.parametrize("outcome", ["sync_error", "warehouse_missing", "incomplete"])
    def test_ss11_a_failure_of_older_content_does_not_beat_a_newer_failure(self, ready, outcome):
        old = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.failed("sync_error")
        before = ready.snapshot
        ready.failed(outcome, version=old, missing=("axes.vertical",))
        assert ready.snapshot == before

    def test_ss11_a_success_of_older_content_links_the_listing_and_leaves_the_newer_failure(self, ready):
        old = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.failed("sync_error")
        ready.pushed(version=old)
        assert (status(ready), ready.snapshot.tiktok_product_id) == ("sync_error", "T1")

    def test_ss11_a_verdict_on_what_is_no_longer_the_content_leaves_it_pending(self, ready):
        ready.pushed()
        judged = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.reviewed("rejected", 6, version=judged)
        assert (status(ready), ready.snapshot.error) == ("pending", None)

    def test_a_result_of_older_content_still_counts_its_stock_as_sent(self, ready):
        old = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.pushed("edited", minute=6)
        ready.pushed(version=old, stock=10)
        assert ready.snapshot.pushed_content_version == ready.snapshot.content_version
        assert ready.state.record.stock[("", "")].sent == 10

    def test_content_that_changed_during_the_push_is_pending(self, ready):
        pushed = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.pushed(version=pushed)
        assert status(ready) == "pending"
        ready.reviewed("approved", 7, version=pushed)
        assert (status(ready), ready.snapshot.live) == ("pending", True)

    def test_a_repeated_result_is_no_new_push(self, ready):
        ready.pushed(event_id="push-1")
        ready.reviewed("approved", 5)
        before = ready.state
        ready.pushed(event_id="push-1")
        assert (ready.state.record, ready.state.snapshot) == (before.record, before.snapshot)

    def test_a_verdict_that_overtook_the_pushs_own_report_counts(self, ready):
        version = ready.snapshot.content_version
        ready.reviewed("approved", 5, version=version)
        assert (status(ready), ready.snapshot.live) == ("pending", False)
        ready.pushed(minute=6)
        assert (status(ready), ready.snapshot.live) == ("synced", True)

    def test_an_unchanged_push_leaves_the_verdict(self, ready):
        ready.pushed()
        ready.reviewed("rejected", 5)
        ready.pushed("unchanged", minute=6)
        assert status(ready) == "rejected"

    def test_an_unchanged_push_ends_a_failure(self, ready):
        ready.pushed(review="live")
        ready.failed()
        assert status(ready) == "sync_error"
        ready.pushed("unchanged", review="live", minute=6)
        assert status(ready) == "synced"

    def test_a_push_in_flight_when_authorisation_went_still_links_the_listing(self, ready):
        pushed = ready.snapshot.content_version
        ready.edited(5, category_id="600002")
        ready.skipped("not_authorized")
        ready.pushed(version=pushed)
        assert (status(ready), ready.snapshot.tiktok_product_id) == ("sync_error", "T1")


def test_a_push_that_the_product_does_not_remember_makes_its_content_newer(ready):
    """After a restore messages are folded again, some together: the same number would mean other content (SS-8)."""
    known = ready.snapshot.content_version
    ready.pushed(version=known + 4, tiktok="T1")
    assert (ready.snapshot.content_version, ready.snapshot.status) == (known + 5, "pending")
    ready.pushed("unchanged", "live")
    assert (ready.snapshot.content_version, ready.snapshot.status) == (known + 5, "synced")
