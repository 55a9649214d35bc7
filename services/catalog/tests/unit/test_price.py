import math
from fractions import Fraction

import pytest

from catalog.rules.model import Rules
from shopsync_contracts.events import TaxDefaults
from shopsync_contracts.pricing import product_price, sku_price

OUTSIDE = {"included": False, "rate_percent": 10, "rounding": "down"}


@pytest.mark.parametrize(("registered", "expected"), [(2778, 3055), (2315, 2546), (1852, 2037)])
def test_scenario_20_pr7_tax_on_top_rounded_down(make_product, registered, expected):
    assert product_price(make_product(regular_price=registered, tax=OUTSIDE).model_dump(), TaxDefaults()) == expected


@pytest.mark.parametrize(
    ("rounding", "registered", "expected"),
    [("down", 1005, 1105), ("up", 1001, 1102), ("half_up", 1004, 1104), ("half_up", 1005, 1106), ("up", 1000, 1100)],
)
def test_pr7_roundings(make_product, rounding, registered, expected):
    tax = {**OUTSIDE, "rounding": rounding}
    assert product_price(make_product(regular_price=registered, tax=tax).model_dump(), TaxDefaults()) == expected


def test_scenario_21_pr7_registered_with_tax_stays(make_product):
    tax = {"included": True, "rate_percent": 10}
    assert product_price(make_product(regular_price=3055, tax=tax).model_dump(), TaxDefaults(included=False)) == 3055


def test_scenario_22_pr8_reduced_rate(make_product):
    tax = {"included": False, "rate_percent": 8, "rounding": "down"}
    assert product_price(make_product(regular_price=1000, tax=tax).model_dump(), TaxDefaults()) == 1080


@pytest.mark.parametrize("tax", [None, {}, {"included": None, "rate_percent": None, "rounding": None}])
def test_pr7_what_the_product_leaves_open_is_the_shops(make_product, tax):
    shop = TaxDefaults(included=False, rate_percent=8, rounding="up")
    assert product_price(make_product(regular_price=1001, tax=tax).model_dump(), shop) == 1082


def test_pr2_sale_form_decides(make_product):
    assert product_price(make_product(sale_form="preorder", preorder_price=3000).model_dump(), TaxDefaults()) == 3000


def test_pr2_a_missing_preorder_price_is_not_guessed(story):
    story.changed(sale_form="preorder")
    assert story.snapshot.content.price is None
    assert "price" in story.snapshot.missing


def test_a_price_of_zero_is_missing(story):
    story.changed(regular_price=0)
    assert "price" in story.snapshot.missing


def test_scenario_15_pr3_preorder_to_regular(story):
    story.changed(sale_form="preorder", preorder_price=3000, skus=[{"stock": 10, "preorder_stock": 6}])
    assert (story.snapshot.content.price, story.snapshot.skus[0].stock) == (3000, 6)
    story.changed(2, updated=2, preorder_price=3000, skus=[{"stock": 10, "preorder_stock": 6}])
    assert (story.snapshot.content.price, story.snapshot.skus[0].stock) == (3500, 6)


def test_q7_a_sku_price_is_sent_when_present(make_product):
    product = make_product(tax=OUTSIDE, skus=[{"vertical_no": "1", "price": 1000}, {"vertical_no": "2"}]).model_dump()
    assert [sku_price(product, sku, TaxDefaults()) for sku in product["skus"]] == [1100, 3850]


def test_a_product_whose_skus_all_have_prices_lacks_none(story):
    story.changed(regular_price=None, skus=[{"price": 1000, "stock": 1}])
    assert "price" not in story.snapshot.missing


def test_scenario_24_an_edited_price_is_every_skus_until_overwritten(story):
    story.changed(regular_price=3000, skus=[{"vertical_no": "1", "price": 3100, "stock": 1}, {"vertical_no": "2"}])
    story.edited(1, price=2900)
    assert [sku.price for sku in story.snapshot.skus] == [2900, 2900]
    story.changed(2, mode="overwrite_all", regular_price=3000)
    assert story.snapshot.content.price == 3000


def test_q7_pr10_a_sku_without_any_price_holds_the_product_back(story):
    story.changed(regular_price=None, skus=[{"vertical_no": "1", "price": 1000, "stock": 1}, {"vertical_no": "2"}])
    story.complete()
    assert [sku.price for sku in story.snapshot.skus] == [1000, None]
    assert "price" in story.snapshot.missing


def test_q6_pr2_the_preorder_price_goes_while_the_form_is_in_force(story):
    story.changed(sale_form="preorder", regular_price=3500, preorder_price=3000)
    assert (story.snapshot.content.price, story.snapshot.skus[0].price) == (3000, 3000)


@pytest.mark.parametrize("rounding", ["down", "up", "half_up"])
@pytest.mark.parametrize("rate", [8, 10])
def test_pr7_pr8_every_price_up_to_20000_is_rounded_as_fractions_say(make_product, rounding, rate):
    """Against exact fractions: no price is a yen off, and whole amounts are never rounded."""
    tax = {"included": False, "rate_percent": rate, "rounding": rounding}
    product = make_product(tax=tax).model_dump()
    exact = {"down": math.floor, "up": math.ceil, "half_up": lambda number: math.floor(number + Fraction(1, 2))}
    for registered in range(0, 20_000, 7):
        priced = product_price({**product, "regular_price": registered}, TaxDefaults())
        assert priced == registered + exact[rounding](Fraction(registered * rate, 100))


def test_shop_tax_settings_are_used(new_story):
    story = new_story(rules=Rules(tax=TaxDefaults(included=False)))
    story.changed()
    assert story.snapshot.content.price == 3850


def test_pr7_a_repeat_after_a_crash_is_priced_by_the_present_settings(story):
    """The crash came after the write with the old settings, which the shop's repricing had already passed."""
    change = story.message(story.change())
    story.give(change)
    story.rules = Rules(tax=TaxDefaults(included=False))
    assert story.give(change).repeated
    assert (story.snapshot.content.price, story.snapshot.version) == (3850, 2)
