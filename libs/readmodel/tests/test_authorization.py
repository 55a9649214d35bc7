"""Whether a shop is authorised at TikTok Shop, and who must act."""

from datetime import timedelta

import pytest
from consents import NOW, consent

from shopsync_readmodel.shops.authorization import authorization_status


@pytest.mark.parametrize(
    ("document", "state", "who", "words"),
    [
        (None, "not authorised", "merchant in the tool", "shops authorize demo"),
        (consent(), "authorised", None, ""),
        (consent(ended=["deauthorized", "withdrawn"]), "ended", "merchant in the tool", "shops authorize demo"),
        (consent(refresh_expires_at=NOW + timedelta(days=29)), "ends soon", "merchant in the tool", "before that day"),
        (consent(refresh_expires_at=NOW - timedelta(days=1)), "ends soon", "merchant in the tool", "authorize"),
        (consent(expires_at=NOW + timedelta(days=3)), "ends soon", "merchant in the tool", "shops authorize demo"),
        (consent(quota_until=NOW + timedelta(hours=1)), "listings wait", "wait", "nothing"),
        (consent(quota_until=NOW), "authorised", None, ""),
        (consent(blocked=["105005", "scope"], blocked_until=NOW), "authorised", None, ""),
    ],
)
def test_a_status_says_who_must_do_what(document, state, who, words):
    found = authorization_status("demo", document, NOW)
    assert (found.state, found.who) == (state, who)
    assert words in found.do


@pytest.mark.parametrize(
    ("code", "who", "words"),
    [
        ("105005", "operator", "Partner Center"),
        ("token_key", "operator", "PUBLISHER_TOKEN_KEY"),
        ("106013", "merchant in the tool", "shops authorize demo"),
        ("12052700", "merchant in Seller Center", "activate the shop"),
        ("12052419", "merchant in Seller Center", "open tasks"),
        ("7", "operator", "2026-11-23 10:00:00"),
    ],
)
def test_what_blocks_a_shop_has_its_remedy(code, who, words):
    blocked = consent(blocked=[code, "TikTok's words"], blocked_until=NOW + timedelta(hours=1))
    found = authorization_status("demo", blocked, NOW)
    assert (found.state, found.who, found.why) == ("blocked", who, f"TikTok's words ({code})")
    assert words in found.do
