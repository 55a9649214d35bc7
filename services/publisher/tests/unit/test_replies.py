from datetime import UTC, datetime, timedelta

import pytest

from publisher import errors
from publisher.replies import parse_retry_after, read_reply

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def reply(status, code, message="m", headers=None, write=True):
    return read_reply(status, headers or {}, {"code": code, "message": message}, write=write, now=NOW)


def test_a_good_reply_is_its_data():
    assert read_reply(200, {}, {"code": 0, "data": {"a": 1}}, write=True, now=NOW) == {"a": 1}
    assert read_reply(200, {}, {"code": 0, "data": None}, write=True, now=NOW) == {}


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (429, 36009002, "", errors.RateLimited),
        (200, 36009002, "", errors.RateLimited),
        (200, 36009003, "", errors.Unavailable),
        (504, 36009007, "", errors.Unavailable),
        (503, 12052104, "", errors.Unavailable),
        (200, 12052093, "", errors.QuotaReached),
        (400, 12052104, "", errors.Refused),
        (200, 12052032, "", errors.ProductGone),
        (200, 12052532, "", errors.WarehouseUnusable),
        (200, 105002, "", errors.TokenExpired),
        (200, 36009004, "access token header invalid", errors.TokenExpired),
        (200, 36009004, "invalid param: page_token", errors.Refused),
        (200, 36009004, "app_key is invalid", errors.AppMisconfigured),
        (200, 36009004, "designated warehouse", errors.Refused),
        (401, 106001, "sign is invalid", errors.AppMisconfigured),
        (200, 101000, "", errors.AuthorizationEnded),
        (200, 36004005, "", errors.AuthorizationEnded),
        (200, 105005, "", errors.ShopBlocked),
    ],
)
def test_codes_become_typed_errors(status, code, message, kind):
    with pytest.raises(errors.PublisherError) as raised:
        reply(status, code, message)
    assert type(raised.value) is kind


def test_an_outcome_is_unknown_only_for_writes():
    for write in (True, False):
        with pytest.raises(errors.Unavailable) as raised:
            reply(502, 1, write=write)
        assert raised.value.outcome_unknown is write


@pytest.mark.parametrize("document", [None, [], "x", {"message": "no code"}, {"code": "0"}])
def test_what_is_no_envelope_is_no_answer(document):
    with pytest.raises(errors.Unavailable) as raised:
        read_reply(200, {}, document, write=True, now=NOW)
    assert raised.value.outcome_unknown


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Mon, 23 Nov 2026 00:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2020 00:01:00 GMT", timedelta(0)),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after(value, wait):
    assert parse_retry_after(value, NOW) == wait


def test_a_clock_that_is_off_is_named():
    with pytest.raises(errors.AppMisconfigured) as raised:
        reply(200, 36009004, "timestamp is older than 5 minutes", {"date": "Mon, 23 Nov 2026 00:10:00 GMT"})
    assert "-600 s off" in raised.value.message
