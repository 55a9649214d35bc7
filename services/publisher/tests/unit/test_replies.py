import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher import errors
from publisher.pushing.refusals import IMAGE_FORGOTTEN, refusal_of
from publisher.tiktok.codes import TABLE, is_known, kind_of
from publisher.tiktok.hints import _BY_CODE
from publisher.tiktok.replies import parse_retry_after, read_json, read_reply
from shopsync_sandbox.tiktok import Code

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ROOT = Path(__file__).parents[4]

SALES_WAREHOUSE = (12052097, 12052530, 12052531, 12052532, 12052115, 12052535)
OTHER_WAREHOUSE = (12019022, 12019088)
# What each code must become, written out by hand: a slip in the table shows here.
CODES: dict[type[errors.PublisherError], set[int]] = {
    errors.RateLimited: {36009002, 12052109},
    errors.HourSpent: {36009037},
    errors.QuotaReached: {12052093, 12019068},
    errors.Unavailable: {36009003, 36009007, 33001002, 12001000},
    errors.TokenExpired: {105002, 36009005},
    errors.AuthorizationEnded: {36004001, 36004004, 36004005, 101000, 105001},
    errors.ShopBlocked: {105005, 106013, 36009006, 36009043, 36009044, 12052700, 12019004, 12052419},
    errors.AppMisconfigured: {106001, 36009033},
    errors.EndpointWithdrawn: {36009009, 36009010, 36009014},
    errors.ProductGone: {12052032, 12052260, 12019150, 12052048, 12052034, 12052031},
    errors.WarehouseUnusable: {*SALES_WAREHOUSE, *OTHER_WAREHOUSE},
}
# Refusals for good: of each family.
PERMANENT_CODES = """
    36009021 36009022 36009023 98001004 11050001 12052002 12052023 12052024 12052025 12052217 12052230
    12052220 12052221 12019064 12052261 12052051 12052931 12052015 12052013 12052340 12052344 12052028
    12052300 12052722 12052301 12052520 12052104 12052254 12052253 12052525 12052560 12052050 12052054
    12052557 12052571 12052084 12052570 12052055 12052003 12052116 12052823 12019013 12052201 12052105
    12052222 12052591 12052592 12052036 12052996 12052901 12052488 12052547 12019120 12052990 12019027
    12038002 12038005
"""
PERMANENT = [int(code) for code in PERMANENT_CODES.split()]
# Nobody knows them: what their class becomes, and Unclear where they have none.
UNKNOWN = {
    errors.Unavailable: (36009000, 36009001, 36009099, 36009999, 12001001, 12001999),
    errors.ShopBlocked: (36004000, 36004999, 105000, 105999),
    errors.AppMisconfigured: (106000, 106999),
    errors.Unclear: (12059999, 12019999, 12038999, 99999999, 1050020, 10500, 360091, 3600900200, 7, -1, 2**53 + 1),
}


def reply(status, code, message="m", headers=None, write=True, skew=None):
    return read_reply(status, headers or {}, {"code": code, "message": message}, write=write, now=NOW, skew=skew)


def raised(*args, **kwargs):
    with pytest.raises(errors.PublisherError) as caught:
        reply(*args, **kwargs)
    return caught.value


def kind(*args, **kwargs):
    return type(raised(*args, **kwargs))


def test_the_table_says_what_is_written_here():
    not_the_products = [row for row in TABLE if row.kind is not errors.Refused]
    assert {code: row.kind for row in not_the_products for code in row.codes} == {
        code: expected for expected, codes in CODES.items() for code in codes
    }
    codes = [code for row in TABLE for code in row.codes]
    assert len(codes) == len(set(codes)), "a code stands twice"
    assert all(row.means and row.source for row in TABLE)


def test_every_code_of_the_sandbox_and_of_the_hints_is_in_the_table():
    """Codes of the sandbox and of hints are in the table."""
    named = {int(code) for code in Code} | {int(code) for code in _BY_CODE}
    assert {code for code in named if not is_known(code)} <= {0, 36009004}


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
def test_every_code_counts_under_every_status(status):
    for expected, codes in CODES.items():
        for code in codes:
            error = raised(status, code)
            assert type(error) is expected, code
            assert error.outcome_unknown is (expected is errors.Unavailable), code
    for code in PERMANENT:
        assert type(raised(status, code)) is errors.Refused, code
        assert raised(status, code).outcome_unknown is False


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
def test_an_unknown_code_is_as_its_class_and_proves_nothing_about_a_write(status):
    for expected, codes in UNKNOWN.items():
        for code in codes:
            assert kind_of(code) is expected, code
            error = raised(status, code)
            assert (type(error), error.outcome_unknown) == (expected, True), code
            assert raised(status, code, write=False).outcome_unknown is False


@pytest.mark.parametrize("status", [301, 302, 307, 408, 500, 502, 503, 504])
def test_no_code_under_a_gateways_status_ends_an_intent(status):
    for code in (0, 12052104, 105002, 106001, 12052093, 36009005, 12052032, 99999999):
        error = raised(status, code)
        assert (type(error), error.outcome_unknown) == (errors.Unavailable, True), code


def test_the_documentation_has_the_same_codes():
    """docs/tiktok-shop-api.md names the codes by class."""
    page = (ROOT / "docs" / "tiktok-shop-api.md").read_text(encoding="utf-8")
    table = page.partition("| class | codes |")[2].partition("| a member of the body |")[0]
    told = {int(number) for number in re.findall(r"\b\d{6,8}\b", table)}
    forgotten = {int(code) for code in IMAGE_FORGOTTEN}  # Refused, and followed by another upload
    assert told - {36009004} - forgotten == set().union(*CODES.values())


def test_tiktoks_words_are_kept_within_bounds():
    with pytest.raises(errors.Refused) as raised:
        reply(200, 12052104, "属性が必要です <b>&")
    assert (raised.value.code, raised.value.message) == ("12052104", "属性が必要です <b>&")
    with pytest.raises(errors.Refused) as raised:
        reply(200, 12052104, "x" * 100_000)
    assert len(raised.value.message) == 1000
    for silent in ("", None, "   "):
        with pytest.raises(errors.Refused, match="no reason for code 12052104"):
            reply(200, 12052104, silent)


def test_a_good_reply_is_its_data():
    assert read_reply(200, {}, {"code": 0, "data": {"a": 1}}, write=True, now=NOW) == {"a": 1}
    assert read_reply(200, {}, {"code": 0, "data": None}, write=True, now=NOW) == {}
    assert read_reply(200, {}, {"code": 0}, write=True, now=NOW) == {}


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (429, 36009002, "", errors.RateLimited),
        (429, 36009037, "", errors.HourSpent),
        (200, 36009037, "", errors.HourSpent),
        (429, 12052104, "", errors.RateLimited),
        (429, 0, "", errors.RateLimited),
        (504, 36009007, "", errors.Unavailable),
        (503, 12052104, "", errors.Unavailable),
        (200, 36009004, "access token header invalid", errors.TokenExpired),
        (200, 36009004, "x-tts-access-token header is missing", errors.TokenExpired),
        (200, 36009004, "app_key is invalid", errors.AppMisconfigured),
        (200, 36009004, "sign is missing", errors.AppMisconfigured),
        (200, 36009004, "timestamp is negative", errors.AppMisconfigured),
        (200, 36009004, "timestamp is older than 5 minutes", errors.AppMisconfigured),
        (200, 36009004, "timestamp is more than 30 seconds ahead of the server time", errors.AppMisconfigured),
        (401, 36009004, "Invalid credentials. The 'access_token' header is invalid.", errors.TokenExpired),
        (401, 36009004, "Invalid credentials", errors.TokenExpired),
        (401, 36009004, "sign is invalid", errors.AppMisconfigured),
        (200, 36009004, "shop_cipher is not required for this API", errors.AppMisconfigured),
        (200, 36009004, "shop_id is invalid", errors.ShopBlocked),
        (200, 36009004, "invalid param: page_token", errors.Refused),
        (200, 36009004, "invalid param: sale timestamp", errors.Refused),
        (200, 36009004, "designated warehouse", errors.Unclear),
        (400, 36009004, "", errors.Unclear),
        (200, 36009004, "version invalid", errors.EndpointWithdrawn),
        (400, 36009004, "API version is invalid", errors.EndpointWithdrawn),
    ],
)
def test_status_and_keywords_decide(status, code, message, expected):
    assert kind(status, code, message) is expected


@pytest.mark.parametrize("status", [400, 500, 502])
def test_code_0_under_a_failing_status_is_no_success(status):
    assert kind(status, 0) is errors.Unavailable


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


@pytest.mark.parametrize("value", ["-5", "９", "1e9", "99999999999", "Mon, 99 Nov 2026 00:01:00 GMT", ""])
def test_a_strange_retry_after_is_none(value):
    assert parse_retry_after(value, NOW) is None


def test_retry_after_is_a_day_at_most():
    assert parse_retry_after("999999999", NOW) == timedelta(days=1)


@pytest.mark.parametrize(("skew", "words"), [(600, "600 s ahead of"), (-600, "600 s behind"), (31, "31 s ahead of")])
def test_a_clock_that_is_off_is_named(skew, words):
    with pytest.raises(errors.ClockWrong, match=words):
        reply(200, 36009004, "timestamp is older than 5 minutes", skew=timedelta(seconds=skew))


def test_integers_are_exact_and_no_document_is_an_error():
    assert read_json(b'{"id":9007199254740993}') == {"id": 2**53 + 1}
    for content in (b"", b"\xff", b"NaN", b"1" * 5000, b"[" * 100_000):
        assert read_json(content) is None


@pytest.mark.parametrize(
    ("code", "message", "field"),
    [
        (36009004, "MainImages is a required field", "images"),
        (36009004, "param body.main_images type invalid", "images"),
        (36009004, "Title is a required field", "name"),
        (36009004, "Skus[0].Price.Amount is a required field", "price"),
        (36009004, "param skus[3].inventory[0].quantity type invalid", "stock"),
        (36009004, "Skus[1].SalesAttributes[0].ValueName is a required field", "axes"),
        (36009004, "Skus is a required field", "skus"),
        (36009004, "PackageWeight.Unit is required, allowed: GRAM, KILOGRAM", "package_weight_g"),
        (36009004, "Key: 'R.PackageDimensions.Height' Error:Field validation failed", "package_dimensions_cm"),
        (36009004, "invalid param: product_attributes[2].values", "attributes"),
        (36009004, "invalid params: category_id", "category_id"),
        (98001004, "parameter brand_id is invalid, reason: type, expected: string", "brand_id"),
        (98001004, "parameter size_chart.image.uri invalid", "size_chart_image"),
        (36009004, "IdentifierCode must be 8 or 13 digits", "jan_code"),
    ],
)
def test_a_member_in_go_names_or_json_names_is_named_for_the_merchant(code, message, field):
    error = raised(400, code, message)
    assert (type(error), error.field, error.outcome_unknown) == (errors.MemberRefused, field, False)
    fail = refusal_of(error)
    assert (fail.status, fail.code, fail.missing) == ("sync_error", str(code), (field,))
    assert fail.message.startswith(message)
    assert f"({field}: " in fail.message


@pytest.mark.parametrize(
    "message", ["SaveMode is a required field", "Ids is a required field", "invalid param: locale"]
)
def test_a_member_that_no_merchant_enters_is_reported_in_tiktoks_words(message):
    fail = refusal_of(raised(400, 36009004, message))
    assert (fail.status, fail.code, fail.message, fail.missing) == ("sync_error", "36009004", message, ())


def test_the_wait_for_the_hour_follows_retry_after_or_lasts_to_its_end():
    spent = raised(429, 36009037, headers={"retry-after": "120"})
    assert spent.retry_after == timedelta(minutes=2)
    with pytest.raises(errors.HourSpent) as caught:
        read_reply(200, {}, {"code": 36009037}, write=True, now=NOW + timedelta(minutes=50))
    assert caught.value.retry_after == timedelta(minutes=10, seconds=5)


def test_a_limit_without_its_code_proves_nothing_about_a_write():
    assert raised(429, 36009002).outcome_unknown is False
    assert raised(429, 0).outcome_unknown is True
    with pytest.raises(errors.RateLimited) as caught:
        read_reply(429, {"retry-after": "3"}, None, write=True, now=NOW)
    assert (caught.value.outcome_unknown, caught.value.retry_after) == (True, timedelta(seconds=3))
