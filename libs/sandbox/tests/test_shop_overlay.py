import tracemalloc
from datetime import datetime, timedelta
from itertools import islice

import pytest
from pydantic import ValidationError

from shopsync_sandbox.shop import JST, Filter, Shop, UnknownProduct, generate

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=JST)


@pytest.fixture
def shop() -> Shop:
    return Shop(generate(1, 100))


def numbers(shop: Shop, **conditions) -> list[str]:
    return [product.product_no for product in shop.select(Filter(**conditions))]


def test_an_edit_moves_the_update_time_unless_told_not_to(shop):
    number = shop.base.product_no(7)
    before = shop.get(number)
    quiet = shop.edit(number, {"name": "静かな変更"}, now=NOW, touch=False)
    assert (quiet.name, quiet.updated_at) == ("静かな変更", before.updated_at)
    loud = shop.edit(number, {"unit_price": 1}, now=NOW)
    assert (loud.name, loud.unit_price, loud.updated_at) == ("静かな変更", 1, NOW)
    older = shop.edit(number, {"updated_at": "2024-01-01T00:00:00"}, now=NOW)
    assert older.updated_at == datetime(2024, 1, 1, tzinfo=JST)
    assert shop.get(number).id == before.id
    assert len(shop) == 100


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"unit_price": -1}, "unit_price"),
        ({"nmae": "x"}, "nmae"),
        ({"skus": []}, "skus"),
        ({"skus": [{"vertical_no": "A"}, {"vertical_no": "A"}]}, "skus"),
        ({"skus": [{"vertical_no": "ten-bytes!"}]}, "vertical_no"),
        ({"id": 5}, "id"),
        ({"product_no": "B"}, "product_no"),
    ],
)
def test_a_wrong_edit_names_the_member_and_changes_nothing(shop, changes, named):
    number = shop.base.product_no(7)
    before = shop.get(number)
    with pytest.raises(ValueError, match=named):
        shop.edit(number, changes, now=NOW)
    assert shop.get(number) == before


def test_a_deleted_product_is_gone_and_its_number_can_come_back_under_a_new_id(shop):
    number = shop.base.product_no(3)
    old = shop.delete(number)
    assert number not in shop
    assert number not in numbers(shop)
    assert len(shop) == 99
    with pytest.raises(UnknownProduct, match=number):
        shop.get(number)
    with pytest.raises(UnknownProduct):
        shop.delete(number)
    new = shop.recreate(number, {"name": "再登録"}, now=NOW)
    assert new.id > old.id
    assert (new.product_no, new.name, new.created_at, new.skus) == (number, "再登録", NOW, old.skus)
    assert numbers(shop)[-1] == number
    assert len(shop) == 100
    third = shop.recreate(number, {}, now=NOW)
    assert third.id > new.id
    assert third.name == "再登録"
    assert numbers(shop).count(number) == 1


def test_new_products_are_registered_once(shop):
    product = shop.add("新商品-1", {"name": "新商品", "unit_price": 500}, now=NOW)
    assert shop.get("新商品-1") == product
    assert (product.created_at, product.updated_at, len(product.skus)) == (NOW, NOW, 1)
    with pytest.raises(ValueError, match="already"):
        shop.add("新商品-1", {"name": "二つ目"}, now=NOW)
    with pytest.raises(ValidationError, match="name"):
        shop.add("B-1", {}, now=NOW)
    for wrong in ("a/b", "a,b", "あ" * 11, ""):
        with pytest.raises(ValidationError, match="product_no"):
            shop.add(wrong, {"name": "x"}, now=NOW)
    shop.delete("新商品-1")
    with pytest.raises(UnknownProduct):
        shop.recreate("新商品-1", {}, now=NOW)
    assert shop.counts() == {"products": 100, "generated": 100, "edited": 0, "deleted": 0, "added": 0}


def test_stock_of_all_or_of_one_sku_without_an_update(shop):
    number = next(p.product_no for p in shop.select(Filter()) if 2 < len(p.skus) < 400)
    before = shop.get(number)
    shop.set_stock(number, 5, now=NOW)
    key = before.skus[1].key
    after = shop.set_stock(number, {key: {"stock": 0, "preorder_stock": 9}}, now=NOW)
    assert [sku.stock for sku in after.skus] == [5, 0] + [5] * (len(before.skus) - 2)
    assert after.skus[1].preorder_stock == 9
    assert after.updated_at == before.updated_at
    assert shop.set_stock(number, 1, now=NOW, touch=True).updated_at == NOW
    with pytest.raises(ValueError, match="no SKU"):
        shop.set_stock(number, {("no", "such"): {"stock": 1}}, now=NOW)


def test_filters_see_changes_as_well_as_generated_products(shop):
    everything = list(shop.select(Filter()))
    start = everything[10].updated_at
    expected = {p.product_no for p in everything if start <= p.updated_at <= start + timedelta(days=31)}
    assert set(numbers(shop, updated=(start, start + timedelta(days=31)))) == expected
    moved, quiet = everything[10].product_no, everything[11].product_no
    shop.edit(moved, {"name": "x"}, now=NOW)
    shop.edit(quiet, {"name": "y"}, now=NOW, touch=False)
    shop.add("NEW", {"name": "新"}, now=NOW)
    assert moved not in numbers(shop, updated=(start, start + timedelta(days=31)))
    assert numbers(shop, updated=(NOW, NOW)) == [moved, "NEW"]
    assert numbers(shop, created=(NOW, NOW)) == ["NEW"]
    created = everything[5].created_at
    assert numbers(shop, created=(created, created)) == [everything[5].product_no]
    assert numbers(shop, product_nos=frozenset({"NEW", quiet, "NOT-THERE"})) == [quiet, "NEW"]
    with_code = next(p for p in everything if p.skus[0].jan_code)
    assert numbers(shop, jan_codes=frozenset({with_code.skus[0].jan_code})) == [with_code.product_no]


def test_pages_go_on_through_new_products_and_past_those_deleted_meanwhile(shop):
    for ordinal in range(10):
        shop.add(f"NEW-{ordinal}", {"name": "新"}, now=NOW)
    first_new = shop.get("NEW-0").id
    assert [p.product_no for p in shop.select(Filter(), after=first_new + 6)] == ["NEW-7", "NEW-8", "NEW-9"]
    listing = shop.select(Filter(), after=first_new)
    assert next(listing).product_no == "NEW-1"
    shop.delete("NEW-2")
    assert next(listing).product_no == "NEW-3"
    last_old = shop.base.product_no(99)
    listing = shop.select(Filter(), after=first_new - 2)
    shop.delete(last_old)
    assert next(listing).product_no == "NEW-0"


def test_a_choice_is_the_same_for_the_same_seed_and_only_of_present_products(shop):
    gone = shop.choose(60, seed=4)
    assert gone == shop.choose(60, seed=4)
    assert len(set(gone)) == 60
    for number in gone:
        shop.delete(number)
    shop.add("NEW", {"name": "新"}, now=NOW)
    assert shop.choose(1000, seed=1) == numbers(shop)
    assert [number for _, number in shop.product_nos()] == numbers(shop)


def test_a_million_products_are_never_in_memory_at_once():
    tracemalloc.start()
    try:
        shop = Shop(generate(1, 1_000_000))
        first = list(islice(shop.select(Filter()), 250))
        last = list(shop.select(Filter(), after=first[-1].id + 999_000))
        assert len(list(shop.select(Filter(product_nos=frozenset({shop.base.product_no(777_777)}))))) == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(first) == 250
    assert last[-1].id - first[0].id == 999_999
    assert len(shop) == 1_000_000
    assert peak < 30_000_000
