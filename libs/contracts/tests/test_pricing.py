"""Prices in whole yen, compared with recorded ones."""

import itertools
from datetime import UTC, datetime

import pytest

from shopsync_contracts.events import TaxDefaults, UpstreamProduct
from shopsync_contracts.ownership import OWNERS, Owner, fields_of
from shopsync_contracts.pricing import price_range, product_price, sku_price

REGISTERED = (0, 1, 9, 99, 1004, 1005, 2778, 999_999_999)
RECORDED = {
    (8, "down"): [0, 1, 9, 106, 1084, 1085, 3000, 1_079_999_998],
    (8, "up"): [0, 2, 10, 107, 1085, 1086, 3001, 1_079_999_999],
    (8, "half_up"): [0, 1, 10, 107, 1084, 1085, 3000, 1_079_999_999],
    (10, "down"): [0, 1, 9, 108, 1104, 1105, 3055, 1_099_999_998],
    (10, "up"): [0, 2, 10, 109, 1105, 1106, 3056, 1_099_999_999],
    (10, "half_up"): [0, 1, 10, 109, 1104, 1106, 3056, 1_099_999_999],
    (0, "up"): [*REGISTERED],
}


def product(price, *, skus=({"vertical_no": "M"},), tax=None, **members):
    stamp = datetime(2026, 1, 1, tzinfo=UTC)
    return UpstreamProduct.model_validate(
        {
            "updated_at": stamp,
            "name": "n",
            "sale_form": "regular",
            "regular_price": price,
            "stock_managed": True,
            "skus": tuple(skus),
            "tax": tax,
            **members,
        }
    ).model_dump()


@pytest.mark.parametrize(("rate", "rounding"), RECORDED)
@pytest.mark.parametrize("whose", ["the product's", "the shop's"])
def test_pr7_pr8_recorded_prices(rate, rounding, whose):
    tax = {"included": False, "rate_percent": rate, "rounding": rounding}
    ours, shop = (tax, TaxDefaults()) if whose == "the product's" else (None, TaxDefaults(**tax))
    assert [product_price(product(price, tax=ours), shop) for price in REGISTERED] == RECORDED[rate, rounding]


@pytest.mark.parametrize("included", [True, None])
def test_pr7_a_price_with_tax_is_left_alone(included):
    shop = TaxDefaults(included=True, rate_percent=8, rounding="up")
    assert [product_price(product(price, tax={"included": included}), shop) for price in REGISTERED] == [*REGISTERED]


def test_pr2_the_sale_form_chooses_the_price_and_a_missing_one_stays_missing():
    shop = TaxDefaults(included=False, rate_percent=10, rounding="down")
    both = {"preorder_price": 1005}
    assert product_price(product(2778, **both, sale_form="preorder"), shop) == 1105
    assert product_price(product(2778, **both), shop) == 3055
    assert product_price(product(2778, sale_form="preorder"), shop) is None


def test_q7_a_sku_has_its_own_price_or_the_products():
    shop = TaxDefaults(included=False, rate_percent=10, rounding="down")
    one = product(2778, skus=[{"vertical_no": "M", "price": 3600}, {"vertical_no": "L"}])
    assert [sku_price(one, sku, shop) for sku in one["skus"]] == [3960, 3055]
    assert price_range(one, shop) == (3055, 3960)
    assert price_range(product(2778), shop) is None


def test_every_field_has_one_owner_and_the_package_size_is_edited_side_by_side():
    assert fields_of(Owner.UPSTREAM) == ("name", "description", "images", "price")
    sides = tuple(f"package_dimensions_cm.{side}" for side in ("length", "width", "height"))
    assert fields_of(Owner.TOOL) == (
        "category_id",
        "brand_id",
        "package_weight_g",
        *sides,
        "attributes",
        "size_chart_image",
    )
    assert fields_of(Owner.STOCK) == ("stock",)
    assert len(list(itertools.chain.from_iterable(map(fields_of, Owner)))) == len(OWNERS) + len(sides) - 1
