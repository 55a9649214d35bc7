import pytest

from publisher.errors import ContentRefused, ImageUnusable, ProductGone, Refused, WarehouseUnusable
from publisher.pushing.refusals import refusal_of
from publisher.tiktok.codes import kind_of
from publisher.tiktok.hints import _BY_CODE, NEEDS_APPROVAL, WRONG_CATEGORY, hint_of, with_hints
from publisher.tiktok.remote_product import read_product, review_of
from shopsync_contracts.events import Reason, SnapshotContent

FIELDS = {*SnapshotContent.model_fields, "axes", "skus", "jan_code", "stock"}


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("12052104", "incomplete", "attributes"),
        ("12052051", "incomplete", "name"),
        ("12052116", "incomplete", "package_dimensions_cm"),
        ("12052024", "incomplete", "category_id"),
        ("12052220", "incomplete", "category_id"),
        ("12052230", "sync_error", "category_id"),
        ("12052221", "sync_error", "category_id"),
        ("12052208", "sync_error", "brand_id"),
        ("12052593", "incomplete", "jan_code"),
        ("12052673", "incomplete", "size_chart_image"),
    ],
)
def test_q9_a_refusal_names_the_field_and_keeps_tiktoks_words(code, status, field):
    """`incomplete` only where an edit of the product helps: such a product is not sent again before an edit."""
    fail = refusal_of(Refused(code, "TikTok's words"))
    assert (fail.status, fail.code, fail.missing) == (status, code, (field,))
    assert fail.message.startswith("TikTok's words (")
    assert f"{field}: " in fail.message


@pytest.mark.parametrize(
    "message",
    ["required product attribute 100398 (素材) is missing", "Attribute ID: 100398 is mandatory", "attribute[100398]"],
)
def test_ed8_the_attribute_that_tiktok_names_is_the_missing_field(message):
    assert refusal_of(Refused("12052104", message)).missing == ("attributes.100398",)


def test_an_unknown_refusal_is_reported_as_it_is():
    fail = refusal_of(Refused("12059999", "something else"))
    assert (fail.status, fail.message, fail.missing) == ("sync_error", "something else", ())


def test_the_other_refusals():
    assert refusal_of(ProductGone("12052032", "x")).code == "deleted_in_seller_center"
    assert refusal_of(WarehouseUnusable("12052532", "x")).status == "warehouse_missing"
    content = refusal_of(ContentRefused("attributes.1: 素材 is required", ("attributes.1",)))
    assert (content.status, content.code, content.missing) == ("incomplete", "incomplete", ("attributes.1",))
    chart = ImageUnusable("image_small", "https://shop/chart.jpg: 80x80 px")
    chart.field = "size_chart_image"
    assert refusal_of(chart).missing == ("size_chart_image",)
    assert refusal_of(ImageUnusable("image_address", "x.jpg: no absolute address")).status == "incomplete"


def test_every_hint_names_a_field_of_the_product_and_a_code_that_is_the_products():
    assert {hint.field for hint in _BY_CODE.values()} <= FIELDS
    assert [code for code in _BY_CODE if kind_of(int(code)) is not Refused] == []


class TestReviewReasons:
    """Q10: two causes of 審査NG by category."""

    @pytest.mark.parametrize(
        ("position", "reason", "hints"),
        [
            ("Product category", "The category requires qualification documents", [NEEDS_APPROVAL]),
            ("audit", "RESTRICTED_CATEGORY_PENDING", [NEEDS_APPROVAL]),
            ("カテゴリー", "販売許可の書類が必要です", [NEEDS_APPROVAL]),
            ("Category", "Product is listed in the wrong category", [WRONG_CATEGORY]),
            ("カテゴリー", "商品とカテゴリーが一致しません", [WRONG_CATEGORY]),
            ("Category", "see the rules", [NEEDS_APPROVAL, WRONG_CATEGORY]),
            ("Title", "ロゴがある", []),
            ("audit", "KYC_PENDING", []),
        ],
    )
    def test_q10_the_category_as_the_cause_brings_our_suggestion(self, position, reason, hints):
        (told,) = with_hints([Reason(position=position, reason=reason)])
        assert (told.position, told.reason) == (position, reason)
        assert told.suggestion == "\n".join(hints)

    def test_q10_ss10_tiktoks_own_suggestion_stays_and_comes_first(self):
        own = "  カテゴリーを変更してください\n(code 7) "
        (told,) = with_hints([Reason(position="Category", reason="wrong category", suggestion=own)])
        assert told.suggestion == f"{own}\n{WRONG_CATEGORY}"

    def test_q10_reviews_carry_it(self):
        rows = [{"position": "Category", "reasons": ["incorrect category"], "suggestions": []}]
        state, reasons = review_of(read_product({"id": "1", "status": "FAILED", "audit_failed_reasons": rows}))
        assert (state, reasons[0].suggestion) == ("rejected", WRONG_CATEGORY)
        audit = {"status": "PRE_APPROVED", "pre_approved_reasons": ["RESTRICTED_CATEGORY_PENDING"]}
        state, reasons = review_of(read_product({"id": "1", "status": "PENDING", "audit": audit}))
        assert (state, reasons[0].suggestion) == ("pre_approved", NEEDS_APPROVAL)


def test_hints_are_found_by_code_alone():
    assert hint_of("12052051", "") is not None
    assert hint_of("1", "title too long") is None
