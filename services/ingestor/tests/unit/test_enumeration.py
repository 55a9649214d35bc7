"""When a listing proves an absence: DL-9, DL-10, NV-9, scenarios 9 and 66."""

import pytest

from ingestor.errors import UnexpectedReply
from ingestor.importing.enumeration import PageFacts, ShrinkLimit, check_end, doubts_of, judge

LIMIT = ShrinkLimit()


def verdict(present_before=100, missing=0, listed=100, doubts=(), **more):
    return judge(
        doubts=list(doubts), present_before=present_before, missing=missing, listed=listed, limit=LIMIT, **more
    )


def test_a_full_listing_is_a_proof():
    assert verdict().proof
    assert verdict(present_before=0, listed=0).proof, "a shop that never had products is empty"


def test_an_empty_listing_of_a_shop_with_800_products_is_held_back():
    """Scenario 66."""
    found = verdict(present_before=800, missing=800, listed=0)
    assert (found.proof, found.held_back) == (False, True)
    assert "800 products" in found.reason


def test_an_empty_listing_is_held_back_even_for_one_product():
    assert verdict(present_before=1, missing=1, listed=0).held_back


@pytest.mark.parametrize(
    ("present", "missing", "proof"),
    [
        (60, 20, True),  # a third, but no more than 20 products
        (60, 21, False),  # more than both
        (70, 21, True),  # exactly 30 %
        (1000, 300, True),
        (1000, 301, False),
        (10, 9, True),
        (100_000, 29_999, True),
    ],
)
def test_the_shrink_limit_needs_both_numbers(present, missing, proof):
    found = verdict(present_before=present, missing=missing, listed=present - missing)
    assert (found.proof, found.held_back) == (proof, not proof)


def test_an_operator_can_confirm_a_loss_but_not_an_inconsistent_listing():
    assert verdict(present_before=800, missing=800, listed=0, confirmed=True).proof
    assert not verdict(doubts=["page 2: …"], confirmed=True).proof


def test_doubts_void_the_proof_without_holding_anything_back():
    found = verdict(doubts=["page 3: 250 product(s) that an earlier page had already"])
    assert (found.proof, found.held_back) == (False, False)
    assert "page 3" in found.reason


def test_what_raises_doubts():
    assert doubts_of(PageFacts(listed=250), 1) == []
    assert doubts_of(PageFacts(listed=0, last=True), 4) == []
    assert "page 2" in doubts_of(PageFacts(listed=250, seen_before=250), 2)[0]
    assert "without a readable product number" in doubts_of(PageFacts(listed=3, nameless=1), 1)[0]
    assert "no product" in doubts_of(PageFacts(listed=0), 1)[0]
    assert doubts_of(PageFacts(listed=3, unusable=2), 1) == [], "an unusable number is a name all the same"


def test_a_listing_without_end_is_noticed():
    check_end(2, "next", "this")
    check_end(5, None, "this")
    with pytest.raises(UnexpectedReply, match="leads to the page it came from"):
        check_end(0, "this", "this")
    with pytest.raises(UnexpectedReply, match="3 pages in a row"):
        check_end(3, "next", "this")
