from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publisher.content.checks import Problem
from publisher.model import ContentRefusal, Intent, ListedSku, Listing, ShopState, WriteAnswer
from publisher.pushing import machine
from publisher.pushing.machine import Facts, Wait, decide
from publisher.tiktok.remote_product import RemoteProduct
from shopsync_contracts.events import Reason

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LISTED = Listing("demo", "A-100", "P1", (ListedSku("", "", "A-100", "S1", 7),), 1, "same")


def seen(status="ACTIVATE", audit="APPROVED", digest="d"):
    return RemoteProduct("P1", status, audit, "A-100", (), (), (), digest)


@pytest.fixture
def facts(snapshot):
    return Facts(
        shop_key="demo",
        product=snapshot(),
        category_version="v1",
        shop=ShopState(authorized=True),
        listing=None,
        fingerprint="same",
        problems=(),
        now=NOW,
        settings_overdue=True,
        by_hand=False,
    )


def kind(step):
    return type(step).__name__


def test_refusals_come_in_the_order_of_their_causes(facts, snapshot):
    """SS-3, TG-6, AU-5: each row fails one more check than the one before it."""
    broken = replace(
        facts,
        category_version=None,
        product=None,
        shop=ShopState(authorized=False),
        problems=(Problem("name", "x"),),
        listing=Listing("demo", "A-100", intent=Intent("create", "k", 1, "same", {})),
    )
    assert kind(decide(replace(broken, settings_overdue=False))) == "Wait"
    assert decide(broken).code == "shop_unknown"
    broken = replace(broken, category_version="v1")
    assert decide(broken).why == "not_found"
    broken = replace(broken, product=snapshot(sync_enabled=False, missing=["brand_id"]))
    assert decide(broken).why == "sync_disabled"
    broken = replace(broken, product=snapshot(missing=["brand_id"]))
    assert decide(broken).why == "incomplete"
    broken = replace(broken, product=snapshot())
    assert decide(broken).why == "not_authorized"
    broken = replace(broken, shop=ShopState(authorized=True, ended=("105002", "x")))
    assert (decide(broken).code, decide(broken).park) == ("authorization", True)
    blocked = ShopState(authorized=True, blocked=("105005", "x"), blocked_until=NOW + timedelta(minutes=1))
    assert decide(replace(broken, shop=blocked)).until == blocked.blocked_until
    broken = replace(broken, shop=replace(blocked, blocked_until=NOW))
    assert kind(decide(broken)) == "Reconcile"
    broken = replace(broken, searched=True)
    assert (decide(broken).status, decide(broken).missing) == ("incomplete", ("name",))
    broken = replace(broken, problems=())
    assert kind(decide(broken)) == "Create"
    assert kind(decide(replace(broken, listing=None))) == "Create"


@pytest.mark.parametrize("changes", [{"sync_enabled": False}, {"missing": ["brand_id"]}, None])
def test_st13_what_became_of_a_lost_write_is_found_out_also_for_a_product_that_may_not_go(facts, snapshot, changes):
    """It only reads; the product itself is skipped after it (NV-4)."""
    product = None if changes is None else snapshot(**changes)
    lost = replace(facts, product=product, listing=replace(LISTED, intent=Intent("create", "k", 1, "same", {})))
    assert kind(decide(lost)) == "Reconcile"
    assert kind(decide(replace(lost, searched=True))) == "Skip"


def test_creates_wait_for_the_quota_edits_do_not(facts):
    """RB-11."""
    paused = replace(facts, shop=ShopState(authorized=True, quota_until=NOW + timedelta(hours=1)))
    assert decide(paused) == machine.Wait(NOW + timedelta(hours=1))
    listed = replace(paused, listing=replace(LISTED, fingerprint="other"), seen=seen())
    assert kind(decide(listed)) == "Edit"


@pytest.mark.parametrize(
    ("status", "audit", "same", "changed"),
    [
        ("ACTIVATE", "APPROVED", "Unchanged", "Edit"),
        ("ACTIVATE", "AUDITING", "Unchanged", "Edit"),
        ("PENDING", "AUDITING", "Unchanged", "Edit"),
        ("PENDING", "PRE_APPROVED", "Unchanged", "Edit"),
        ("DRAFT", "NONE", "Edit", "Edit"),
        ("FAILED", "FAILED", "StillRejected", "Edit"),
        ("ACTIVATE", "FAILED", "StillRejected", "Edit"),
        ("SELLER_DEACTIVATED", "NONE", "Activate", "Edit"),
        ("PLATFORM_DEACTIVATED", "NONE", "Fail", "Edit"),
        ("FREEZE", "NONE", "Fail", "Fail"),
        ("DELETED", "NONE", "Fail", "Fail"),
    ],
)
def test_what_each_state_at_tiktok_asks_for(facts, status, audit, same, changed):
    listed = replace(facts, listing=LISTED, overview_checked=True)
    assert kind(decide(listed)) == "ReadListing"
    assert kind(decide(replace(listed, seen=seen(status, audit)))) == same
    other = replace(listed, fingerprint="other")
    assert kind(decide(replace(other, seen=seen(status, audit)))) == changed


def test_a_rejected_product_is_sent_again_by_hand(facts):
    rejected = replace(facts, listing=LISTED, seen=seen("FAILED", "FAILED"), by_hand=True)
    assert kind(decide(rejected)) == "Edit"


def test_unchanged_tells_whether_it_is_live(facts):
    listed = replace(facts, listing=LISTED)
    assert decide(replace(listed, seen=seen())) == machine.Unchanged("live")
    assert decide(replace(listed, seen=seen(audit="AUDITING"))) == machine.Unchanged("in_review")


@pytest.mark.reliability(36)
def test_reliability_36_a_clock_does_not_repeat_what_was_refused(facts):
    """RB-9: until the content changes, somebody presses 同期, or a day has passed."""
    refusal = ContentRefusal("same", "12052220", "prohibited", NOW)
    refused = Listing("demo", "A-100", refusal=refusal)
    for listing, seen_now in ((refused, None), (replace(LISTED, fingerprint="old", refusal=refusal), seen())):
        told = replace(facts, listing=listing, seen=seen_now)
        assert decide(told) == machine.StillRefused(refusal)
        for other in (
            replace(told, by_hand=True),
            replace(told, fingerprint="new"),
            replace(told, now=NOW + machine.REFUSAL_LASTS),
        ):
            assert kind(decide(other)) == ("Create" if seen_now is None else "Edit")


def test_ss12_frozen_and_taken_down_tell_tiktoks_reason(facts):
    listed = replace(facts, listing=LISTED)
    for status, code in (("FREEZE", "frozen"), ("PLATFORM_DEACTIVATED", "platform_deactivated")):
        view = replace(seen(status, "NONE"), reasons=(Reason(position="title", reason="誇大な表現"),))
        step = decide(replace(listed, seen=view))
        assert (step.status, step.code) == ("sync_error", code)
        assert "誇大な表現" in step.message
        assert "Seller Center" in decide(replace(listed, seen=seen(status, "NONE"))).message


def test_new_content_of_a_listing_that_the_platform_took_down_goes_to_review(facts):
    edited = replace(facts, listing=LISTED, seen=seen("PLATFORM_DEACTIVATED", "NONE"), acted=True, edited=True)
    assert kind(decide(edited)) == "Activate"


def test_ly3_an_edit_elsewhere_is_seen_before_any_reading_of_ours(facts):
    """Buyers see something else than we sent. If our edit did not change that, TikTok rewrites the content."""
    listed = replace(facts, listing=replace(LISTED, core="sent"))
    assert kind(decide(replace(listed, seen=replace(seen(), core="sent")))) == "Unchanged"
    assert kind(decide(replace(listed, seen=replace(seen(), core="other")))) == "Edit"
    assert kind(decide(replace(listed, seen=replace(seen(audit="AUDITING"), core="other")))) == "Unchanged"
    answered = replace(listed, listing=replace(listed.listing, overwritten="d"))
    assert kind(decide(replace(answered, seen=replace(seen(), core="other")))) == "Unchanged"


def test_an_edit_elsewhere_counts_only_once_everything_is_reviewed(facts):
    """LY-3: while a review runs, another digest is our own edit."""
    listed = replace(facts, listing=replace(LISTED, live_digest="before"))
    assert kind(decide(replace(listed, seen=seen(digest="after")))) == "Edit"
    assert kind(decide(replace(listed, seen=seen(audit="AUDITING", digest="after")))) == "Unchanged"
    assert kind(decide(replace(listed, seen=seen(digest="before")))) == "Unchanged"


def test_a_new_sku_is_a_change(facts, snapshot, sku):
    more = snapshot(axes={"vertical": "サイズ"}, skus=[sku(""), sku("L")])
    assert kind(decide(replace(facts, product=more, listing=LISTED, seen=seen()))) == "Edit"


def test_what_was_sent_ends_the_push(facts):
    acted = replace(facts, listing=LISTED, acted=True)
    assert kind(decide(acted)) == "Done"
    assert kind(decide(replace(acted, fingerprint="other"))) == "ReadListing"
    assert kind(decide(replace(acted, seen=seen("PENDING", "AUDITING")))) == "Done"
    assert kind(decide(replace(acted, seen=seen("SELLER_DEACTIVATED", "NONE")))) == "Activate"


def test_a_sku_that_an_edit_did_not_create_waits_for_the_next_push(facts, snapshot, sku):
    more = snapshot(axes={"vertical": "サイズ"}, skus=[sku(""), sku("L")])
    edited = replace(facts, product=more, listing=LISTED, seen=seen(), acted=True, edited=True)
    assert kind(decide(edited)) == "Done"
    assert kind(decide(replace(edited, edited=False))) == "Edit"


def test_rb9_an_unchanged_listing_that_the_overview_confirms_needs_no_reading(facts):
    listed = replace(facts, listing=LISTED)
    assert kind(decide(listed)) == "CheckOverview"
    overview_checked = replace(listed, overview_checked=True)
    assert kind(decide(overview_checked)) == "ReadListing"
    for review in ("live", "in_review"):
        assert decide(replace(overview_checked, confirmed=review)) == machine.Unchanged(review)


def test_whatever_has_to_go_is_read_first_without_an_overview(facts, snapshot, sku):
    more = snapshot(axes={"vertical": "サイズ"}, skus=[sku(""), sku("L")])
    for changed in ({"fingerprint": "other"}, {"product": more}, {"fingerprint": "other", "confirmed": "live"}):
        assert kind(decide(replace(facts, listing=LISTED, **changed))) == "ReadListing"
    assert kind(decide(replace(facts, listing=replace(LISTED, fingerprint="old"), acted=True))) == "ReadListing"


# Answers that prove nothing ------------------------------------------------------------------------------------


def sent(seconds_ago, *, kind="create", answer=None):
    return Intent(kind, "k", 1, "same", {("", ""): 7}, sent_at=NOW - timedelta(seconds=seconds_ago), answer=answer)


UNCLEAR_ANSWER = WriteAnswer("12059999", "something new", "command-1", settles=False)
SETTLED_ANSWER = replace(UNCLEAR_ANSWER, settles=True)


def unlisted(facts, intent, **changes):
    listing = Listing("demo", "A-100", intent=intent, refusal=changes.pop("refusal", None))
    return replace(facts, listing=listing, search_lag=timedelta(seconds=60), **changes)


def test_rb8_nothing_is_sent_before_a_search_must_have_shown_the_first(facts):
    """A create that was not done is searched for seven times within the minute."""
    assert kind(decide(unlisted(facts, sent(0)))) == "Reconcile"
    looks, elapsed = 1, 1.5
    while isinstance(step := decide(unlisted(facts, sent(elapsed), searched=True)), Wait):
        assert step.until is not None
        assert step.until - NOW >= timedelta(seconds=2) or step.until - NOW == timedelta(seconds=60 - elapsed)
        elapsed += (step.until - NOW).total_seconds()
        looks += 1
    assert (kind(step), elapsed, looks) == ("Create", 60, 7)


def test_rb8_an_off_product_is_looked_for_as_long(facts, snapshot):
    off = unlisted(facts, sent(5), searched=True, product=snapshot(sync_enabled=False))
    assert kind(decide(off)) == "Wait"
    assert decide(replace(off, now=NOW + timedelta(minutes=1))).why == "sync_disabled"


def test_an_intent_of_an_earlier_version_counts_as_sent_long_ago(facts):
    old = unlisted(facts, Intent("create", "k", 1, "same", {}), searched=True)
    assert kind(decide(old)) == "Create"


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_unclear_answer_settles_as_a_refusal_once_nothing_can_be_found(facts, by_hand):
    asked = unlisted(facts, sent(60, answer=UNCLEAR_ANSWER), searched=True, by_hand=by_hand, command_id="command-1")
    assert kind(decide(asked)) == "Settle"
    refusal = ContentRefusal("same", "12059999", "something new", NOW, "command-1")
    settled = unlisted(
        facts, sent(60, answer=SETTLED_ANSWER), refusal=refusal, searched=True, by_hand=by_hand, command_id="command-1"
    )
    assert kind(decide(settled)) == "StillRefused"
    assert kind(decide(replace(settled, command_id="command-2"))) == ("Create" if by_hand else "StillRefused")
    assert kind(decide(replace(settled, fingerprint="other", command_id="command-1"))) == "Create"


def test_rb8_after_a_known_refusal_the_next_create_looks_once(facts):
    settled = unlisted(facts, sent(1, answer=SETTLED_ANSWER))
    assert kind(decide(settled)) == "Reconcile"
    assert kind(decide(replace(settled, searched=True))) == "Create"
    used_up = ShopState(authorized=True, quota_until=NOW + timedelta(hours=1))
    assert kind(decide(replace(settled, shop=used_up))) == "Wait", "no call while the day's listings are used up"


def test_nv3_after_a_refused_edit_with_stock_the_next_one_looks_once(facts):
    listing = replace(LISTED, intent=sent(1, kind="edit", answer=SETTLED_ANSWER))
    news = replace(facts, listing=listing, fingerprint="other", seen=seen())
    assert kind(decide(news)) == "Reconcile"
    assert kind(decide(replace(news, searched=True))) == "Edit"
    assert kind(decide(replace(news, fingerprint="same", overview_checked=True, seen=seen(digest="")))) == "Unchanged"
