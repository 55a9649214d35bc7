import io
import re
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from PIL import Image

from shopsync_sandbox.shop import JST, Product, generate
from shopsync_sandbox.shop.images import PALETTE, path_of, render
from shopsync_sandbox.shop.numbers import check_digit
from shopsync_sandbox.shop.times import Stamps

NOW = datetime(2026, 11, 1, tzinfo=JST)


@pytest.fixture(scope="module", params=[1, 7, 20261123])
def products(request) -> list[Product]:
    shop = generate(request.param, 200)
    return [shop.product(index) for index in range(200)]


def test_the_same_seed_gives_the_same_shop_and_another_one_another():
    first, again, other = generate(5, 300), generate(5, 300), generate(6, 300)
    assert [first.product(i) for i in range(300)] == [again.product(i) for i in range(300)]
    assert [first.product(i).name for i in range(300)] != [other.product(i).name for i in range(300)]
    assert generate(5, 300, "other").product(0) != first.product(0)


def test_a_product_is_pinned_across_versions_and_machines():
    product = generate(1, 200).product(0)
    assert (product.id, product.product_no, product.unit_price) == (10000001, "TS-00000", 8380)


def test_every_kind_is_among_200_products(products):
    kinds = {
        "single": lambda p: not p.has_variations,
        "vertical only": lambda p: p.vertical_axis and not p.horizontal_axis,
        "horizontal only": lambda p: p.horizontal_axis and not p.vertical_axis,
        "two axes": lambda p: p.vertical_axis and p.horizontal_axis and len(p.skus) < 400,
        "50 x 8": lambda p: len(p.skus) == 400,
        "axis name over 20": lambda p: len(p.horizontal_axis or p.vertical_axis or "") > 20,
        "pre-order running": lambda p: p.preorder and p.preorder.period_start < NOW < p.preorder.period_end,
        "pre-order ended": lambda p: p.preorder and p.preorder.period_end < NOW,
        "pre-order coming": lambda p: p.preorder and p.preorder.period_start > NOW,
        "no regular price yet": lambda p: p.unit_price is None,
        "unmanaged stock": lambda p: not p.stock_managed,
        "sold out": lambda p: p.stock_managed and not any(sku.stock for sku in p.skus),
        "hidden": lambda p: not p.visible,
        "tax-exclusive 10 %": lambda p: not p.tax_included and p.tax_rate == 10,
        "tax-exclusive 8 %": lambda p: not p.tax_included and p.tax_rate == 8,
        "tax-inclusive 10 %": lambda p: p.tax_included and p.tax_rate == 10,
        "tax-inclusive 8 %": lambda p: p.tax_included and p.tax_rate == 8,
        "list price": lambda p: p.list_price and p.list_price != p.unit_price,
        "member price": lambda p: p.member_price and p.member_price != p.unit_price,
        "stage prices": lambda p: p.stage_prices,
        "body price": lambda p: p.body_price and p.body_price != p.unit_price,
        "SKU prices": lambda p: any(sku.price for sku in p.skus),
        "no JAN": lambda p: not any(sku.jan_code for sku in p.skus),
        "sales period ended": lambda p: p.sales_end and p.sales_end < NOW,
        "long description": lambda p: len(p.description) > 3000,
        "short description": lambda p: len(p.description) < 300,
        "nine images": lambda p: len(p.images) == 9,
        "one image": lambda p: len(p.images) == 1,
        "long name": lambda p: len(p.name) > 70,
        "non-ASCII number": lambda p: not p.product_no.isascii(),
        "32-byte number": lambda p: len(p.product_no.encode()) == 32,
    }
    assert [name for name, found in kinds.items() if not any(found(product) for product in products)] == []


def test_numbers_are_unique_usable_and_lead_back_to_their_product(products):
    numbers = [product.product_no for product in products]
    assert len(set(numbers)) == 200
    assert len({number.casefold() for number in numbers}) < 200, "case pairs are missing"
    assert all(1 <= len(number.encode()) <= 32 and not set(number) & set("/, ") for number in numbers)
    shop = generate(3, 250_000)
    for index in (0, 14, 15, 99_999, 100_000, 249_999):
        assert shop.index_of(shop.product_no(index)) == index
    for stranger in ("", "TS-250016", "TS", "TS-00000-00001", "nothing-99999", shop.product_no(20) + "0"):
        assert shop.index_of(stranger) is None


def test_numbers_of_a_large_shop_are_unique():
    shop = generate(2, 1_000_000)
    window = [*range(2000), *range(99_000, 101_000), *range(998_000, 1_000_000)]
    assert len({shop.product_no(index) for index in window}) == len(window)


def test_jan_codes_are_valid_and_unique(products):
    codes = [sku.jan_code for product in products for sku in product.skus if sku.jan_code]
    assert codes
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"4[59][0-9]{11}", code) and check_digit(code[:12]) == code[12] for code in codes)
    assert check_digit("490000000001") == "6", "the worked example 4900000000016"


def test_axis_numbers_fit_futureshop_and_mark_the_axes_in_use(products):
    for product in products:
        for sku in product.skus:
            assert bool(sku.vertical_no) == (product.vertical_axis is not None)
            assert bool(sku.horizontal_no) == (product.horizontal_axis is not None)
            assert all(len(no.encode()) <= 9 for no in sku.key)


def test_registrations_come_before_updates_and_both_before_today(products):
    assert all(product.created_at <= product.updated_at < NOW for product in products)
    assert all(before.created_at <= after.created_at for before, after in pairwise(products))


@pytest.mark.parametrize("count", [1, 2, 7, 100, 1013])
def test_ranges_of_times_give_exactly_the_products_in_them(count):
    stamps = Stamps(count, salt=12345)
    updated = [stamps.updated(index) for index in range(count)]
    created = [stamps.registered(index) for index in range(count)]
    for start in (*updated[:5], datetime(2025, 6, 30, 23, 59, 59, tzinfo=JST), datetime(2026, 6, 30, tzinfo=JST)):
        for length in (timedelta(0), timedelta(days=3), timedelta(days=31)):
            between = (start, start + length)
            assert stamps.updated_between(between) == [i for i in range(count) if start <= updated[i] <= between[1]]
    for start in (*created[:3], *created[-3:], datetime(2000, 1, 1, tzinfo=JST), datetime(2030, 1, 1, tzinfo=JST)):
        between = (start, start + timedelta(days=40))
        expected = [i for i in range(count) if start <= created[i] <= between[1]]
        assert list(stamps.registered_between(between)) == expected


def test_photographs_are_real_small_and_large_enough_files():
    contents = set()
    for number in range(0, PALETTE, 9):
        name = path_of(number).removeprefix("/images/")
        content = render(name)
        assert content is not None, name
        contents.add(content)
        picture = Image.open(io.BytesIO(content))
        picture.load()
        assert picture.format == ("PNG" if number % 3 == 0 else "JPEG")
        assert min(picture.size) >= 300
        assert len(content) < 20_000
        assert 3 / 4 <= picture.width / picture.height <= 4 / 3
    assert len(contents) == len(range(0, PALETTE, 9)), "two photographs are the same"


def test_photographs_come_in_any_size_and_format_and_nothing_else():
    small, webp = render("100x50/0001.png"), render("0001.webp")
    assert small is not None
    assert webp is not None
    assert Image.open(io.BytesIO(small)).size == (100, 50)
    assert Image.open(io.BytesIO(webp)).format == "WEBP"
    for wrong in ("", "x.jpg", "0001.bmp", "0x10/1.jpg", "9999x1/1.jpg", "../1.jpg"):
        assert render(wrong) is None


def test_products_share_some_photographs(products):
    mains = [product.images[0] for product in products]
    assert 100 < len(set(mains)) < 200


def test_a_shop_needs_a_product():
    with pytest.raises(ValueError, match="at least 1"):
        generate(1, 0)
    with pytest.raises(IndexError):
        generate(1, 5).product(5)
