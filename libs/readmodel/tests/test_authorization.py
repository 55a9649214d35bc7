"""Whether a shop is authorised at TikTok Shop, and who must act."""

from datetime import timedelta

import pytest
from consents import NOW, consent

from shopsync_readmodel.shops.authorization import authorization_status
from shopsync_readmodel.shops.conditions import ShopConditions


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


@pytest.mark.parametrize(
    ("document", "state", "why", "do"),
    [
        (None, "未認証", "", "TikTok Shop認証を行ってください"),
        (consent(), "認証済み", "2027年11月23日 9:00まで有効です", ""),
        (
            consent(ended=["deauthorized", "the seller withdrew the authorisation in Seller Center"]),
            "認証が切れています",
            "TikTok Shopの管理画面で連携が解除されました",
            "TikTok Shop認証を行ってください",
        ),
        (
            consent(ended=["36004005", "token is gone"]),
            "認証が切れています",
            "token is gone (36004005)",
            "認証を行って",
        ),
        (
            consent(expires_at=NOW + timedelta(days=3)),
            "まもなく認証が切れます",
            "11月26日",
            "期限までにTikTok Shop認証を行って",
        ),
        (
            consent(refresh_expires_at=NOW - timedelta(days=1)),
            "まもなく認証が切れます",
            "期限が切れました",
            "認証を行って",
        ),
        (
            consent(quota_until=NOW + timedelta(hours=1)),
            "認証済み（新規出品は待機中）",
            "上限に達しました",
            "対応は不要",
        ),
    ],
)
def test_a_merchant_reads_japanese(document, state, why, do):
    found = authorization_status("demo", document, NOW)
    assert found.state_ja == state
    assert why in found.why_ja
    assert do in found.do_ja
    assert found.is_first_to_come is (document is None)


@pytest.mark.parametrize("code", ["105005", "token_key", "106013", "12052700", "12019004", "12052419", "7"])
def test_no_japanese_text_names_a_command_or_setting(code):
    blocked = consent(blocked=[code, "TikTok's words"], blocked_until=NOW + timedelta(hours=1))
    found = authorization_status("demo", blocked, NOW)
    assert found.do_ja
    assert not [word for word in ("`", "PUBLISHER_", "shopsync") if word in found.do_ja + found.why_ja]
    assert (found.why_ja == "TikTok's words (7)") is (code == "7")


def test_what_passes_by_itself_is_told_in_both_languages():
    conditions = ShopConditions(
        pauses={"demo": {"paused": True, "set_at": NOW, "reason": "prices", "source": "/ops"}},
        paces={"demo": {"paused_until": NOW + timedelta(minutes=5), "open_until": NOW}},
        consents={},
    )
    told = list(conditions.passing("demo", NOW))
    assert [one.english for one in told] == list(conditions.holdups("demo", NOW))
    assert ["一時停止" in told[0].japanese, "控える" in told[1].japanese, "応答して" in told[2].japanese] == [True] * 3
    assert "prices" not in told[0].japanese
    assert list(conditions.passing("other", NOW)) == []
