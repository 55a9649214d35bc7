import pytest

from catalog.errors import UnknownSku
from shopsync_contracts.events import SkuSent

S = {"vertical_no": "S", "horizontal_no": ""}
M = {"vertical_no": "M", "horizontal_no": ""}


def stocks(story):
    return [sku.stock for sku in story.snapshot.skus]


def test_scenario_25_st1_st2_stock_is_imported_once(story):
    story.changed(stock=10)
    story.changed(1, updated=1, stock=4)
    story.changed(2, mode="overwrite_all", stock=4)
    assert stocks(story) == [10]


def test_scenario_26_st10_an_edit_before_the_first_push_counts(ready):
    version = ready.snapshot.content_version
    ready.edited(5, stock=[{"quantity": 7}])
    assert stocks(ready) == [7]
    assert ready.snapshot.content_version == version + 1


def test_scenario_27_st3_an_edit_after_the_first_push_is_no_new_content(ready):
    ready.pushed(review="live", stock=10)
    version = ready.snapshot.content_version
    ready.edited(5, stock=[{"quantity": 3}])
    assert ready.snapshot.content_version == version
    assert ready.snapshot.status == "synced"
    assert ready.state.record.stock[("", "")].sent == 10


def test_st3_marking_stock_as_sent_is_no_change_of_content(ready):
    version = ready.snapshot.content_version
    ready.pushed(stock=10)
    assert ready.snapshot.content_version == version


def test_scenario_29_st7_st8_unmanaged_stock_needs_a_number(story):
    story.changed(stock_managed=False, stock=50)
    assert (story.snapshot.skus[0].stock, story.snapshot.skus[0].stock_unmanaged) == (None, True)
    story.complete()
    assert story.snapshot.missing == ("stock",)
    story.edited(5, stock=[{"quantity": 1}])
    assert story.snapshot.status == "pending"


def test_st7_unmanaged_is_taken_once_only(story):
    story.changed(stock_managed=False)
    story.changed(1, updated=1, stock_managed=True, stock=50)
    assert stocks(story) == [None]


def test_scenario_30_nv11_stock_zero_is_incomplete(story):
    story.changed(stock=0)
    story.complete()
    assert (story.snapshot.status, story.snapshot.missing) == ("incomplete", ("stock",))


def test_scenario_31_st13_a_failed_push_does_not_use_up_the_stock(ready):
    ready.failed()
    assert ready.state.record.stock[("", "")].sent is None


def test_st11_a_sku_seen_later_gets_its_stock_the_others_stay(story):
    story.changed(skus=[{**S, "stock": 5}])
    story.changed(1, updated=1, skus=[{**S, "stock": 1}, {**M, "stock": 8}])
    assert stocks(story) == [5, 8]


def test_st11_a_sku_in_a_change_that_may_not_overwrite_is_not_taken(story):
    story.changed(skus=[{**S, "stock": 5}])
    story.changed(1, skus=[{**S, "stock": 1}, {**M, "stock": 8}])
    assert stocks(story) == [5]


def test_va6_a_dropped_sku_leaves_and_keeps_its_stock_for_its_return(story):
    story.changed(skus=[{**S, "stock": 5}, {**M, "stock": 8}])
    version = story.snapshot.content_version
    story.changed(1, updated=1, skus=[{**S, "stock": 5}])
    assert stocks(story) == [5]
    assert story.snapshot.content_version == version + 1
    story.changed(2, updated=2, skus=[{**S, "stock": 1}, {**M, "stock": 1}])
    assert stocks(story) == [5, 8]


def test_a_sku_that_left_the_listing_needs_its_stock_sent_again_when_it_returns(ready):
    ready.changed(5, updated=5, skus=[{**S, "stock": 5}, {**M, "stock": 8}])
    ready.pushed(stock=5)
    ready.changed(6, updated=6, skus=[{**S, "stock": 5}])
    ready.pushed("edited")
    assert ready.state.record.stock[("S", "")].sent == 5
    assert ready.state.record.stock[("M", "")].sent is None


def test_va6_a_sku_gone_upstream_stays_until_an_overwrite_is_permitted(story):
    story.changed(skus=[{**S, "stock": 5}, {**M, "stock": 8}])
    story.changed(1, skus=[{**S, "stock": 5}])
    assert stocks(story) == [5, 8]
    story.changed(2, mode="overwrite_all", skus=[{**S, "stock": 5}])
    assert stocks(story) == [5]


def test_q5_st11_a_sku_added_after_the_first_push_brings_stock_and_must_have_it(ready):
    ready.pushed(review="live", stock=10)
    ready.changed(5, updated=5, skus=[{"stock": 1}, {**M, "stock": 0}])
    assert stocks(ready) == [10, 0]
    assert (ready.snapshot.status, ready.snapshot.missing) == ("incomplete", ("stock",))
    ready.edited(6, stock=[{**M, "quantity": 4}])
    assert (ready.snapshot.status, stocks(ready)) == ("pending", [10, 4])
    ready.pushed("edited", skus=(SkuSent(**M, tiktok_sku_id="T1-M", stock_sent=4),), minute=7)
    assert ready.state.record.stock[("M", "")].sent == 4


def test_q5_st11_a_later_sku_of_a_preorder_brings_preorder_stock(story):
    story.changed(skus=[{**S, "stock": 5}])
    skus = [{**S, "stock": 1, "preorder_stock": 2}, {**M, "stock": 8, "preorder_stock": 3}]
    story.changed(1, updated=1, sale_form="preorder", preorder_price=1, skus=skus)
    assert stocks(story) == [5, 3]


@pytest.mark.parametrize("quantity", [1, 99_999])
def test_st14_the_tool_takes_up_to_99999(story, quantity):
    story.changed()
    story.edited(1, stock=[{"quantity": quantity}])
    assert stocks(story) == [quantity]


@pytest.mark.parametrize("quantity", [-1, 100_000])
def test_st14_more_or_less_is_refused_by_name(story, quantity):
    with pytest.raises(ValueError, match="quantity"):
        story.edit(1, stock=[{"quantity": quantity}])


@pytest.mark.parametrize("form", ["preorder", "regular"])
def test_st9_no_switch_of_sale_form_leads_to_other_stock_or_asks_for_it_again(ready, form):
    other = "regular" if form == "preorder" else "preorder"
    prices = {"regular_price": 3500, "preorder_price": 3000}
    for minute, now_in_force in enumerate((other, form, other), 10):
        sku = {"stock": 77, "preorder_stock": 66}
        ready.changed(minute, mode="overwrite_all", sale_form=now_in_force, skus=[sku], **prices)
        assert stocks(ready) == [10]
        assert ready.snapshot.content.price == prices[f"{now_in_force}_price"]


def test_st12_a_preorder_product_takes_the_preorder_stock(story):
    story.changed(sale_form="preorder", preorder_price=1, skus=[{"stock": 10, "preorder_stock": 3}])
    assert stocks(story) == [3]


def test_st9_a_switch_of_sale_form_leaves_stock_alone(story):
    story.changed(skus=[{"stock": 10, "preorder_stock": 3}])
    story.changed(1, updated=1, sale_form="preorder", preorder_price=1, skus=[{"stock": 10, "preorder_stock": 3}])
    assert stocks(story) == [10]


def test_stock_edits_are_last_writer_wins_per_sku(story):
    story.changed(skus=[{**S, "stock": 1}, {**M, "stock": 1}])
    story.edited(5, stock=[{**S, "quantity": 50}])
    story.edited(4, stock=[{**S, "quantity": 40}, {**M, "quantity": 41}])
    assert stocks(story) == [50, 41]


def test_an_edit_of_an_unknown_sku_waits_and_names_it(story):
    story.changed(skus=[{**S, "stock": 1}])
    folded = story.edited(1, stock=[{**M, "quantity": 3}])
    [(_, error)] = folded.waiting
    assert isinstance(error, UnknownSku)
    assert "('M', '')" in str(error)
    assert stocks(story) == [1]


def test_scenario_37_va2_400_skus_by_both_axes(story):
    numbers = [(str(v), str(h)) for v in range(50) for h in range(8)]
    story.changed(skus=[{"vertical_no": v, "horizontal_no": h, "stock": int(v) + int(h)} for v, h in numbers])
    assert [(sku.vertical_no, sku.horizontal_no) for sku in story.snapshot.skus] == numbers
    assert stocks(story) == [int(v) + int(h) for v, h in numbers]
    story.edited(1, stock=[{"vertical_no": "7", "horizontal_no": "3", "quantity": 500}])
    assert [number for number, stock in zip(numbers, stocks(story), strict=True) if stock == 500] == [("7", "3")]


def test_va2_more_than_400_are_refused(story):
    with pytest.raises(ValueError, match="at most 400"):
        story.change(skus=[{"vertical_no": str(number)} for number in range(401)])


def test_scenario_38_va3_an_unused_axis_is_empty(story):
    story.changed(skus=[{"horizontal_no": str(n), "horizontal_name": f"色{n}", "stock": n} for n in (1, 2)])
    assert [(sku.vertical_no, sku.horizontal_no, sku.stock) for sku in story.snapshot.skus] == [
        ("", "1", 1),
        ("", "2", 2),
    ]


def test_va3_a_product_without_variations_has_one_sku_without_numbers(story):
    story.changed()
    assert [(sku.vertical_no, sku.horizontal_no) for sku in story.snapshot.skus] == [("", "")]


def test_st3_stock_that_was_sent_is_no_longer_asked_for(ready):
    ready.pushed(review="live", stock=10)
    ready.edited(5, stock=[{"quantity": 0}])
    assert (ready.snapshot.missing, ready.snapshot.status) == ((), "synced")
