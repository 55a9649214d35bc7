from catalog.errors import UnknownSku

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
    story.changed(1, updated=1, skus=[{**S, "stock": 5}])
    assert stocks(story) == [5]
    story.changed(2, updated=2, skus=[{**S, "stock": 1}, {**M, "stock": 1}])
    assert stocks(story) == [5, 8]


def test_a_sku_that_left_the_listing_needs_its_stock_sent_again_when_it_returns(ready):
    ready.changed(5, updated=5, skus=[{**S, "stock": 5}, {**M, "stock": 8}])
    ready.pushed(stock=5)
    ready.changed(6, updated=6, skus=[{**S, "stock": 5}])
    ready.pushed("edited")
    assert ready.state.record.stock[("S", "")].sent == 5
    assert ready.state.record.stock[("M", "")].sent is None


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


def test_scenario_37_38_skus_are_keyed_by_both_axes(story):
    skus = [{"vertical_no": str(v), "horizontal_no": str(h), "stock": 1} for v in range(50) for h in range(8)]
    story.changed(skus=skus)
    assert len({(sku.vertical_no, sku.horizontal_no) for sku in story.snapshot.skus}) == 400
    story.changed(1, updated=1, skus=[{"horizontal_no": "3", "stock": 1}])
    assert [(sku.vertical_no, sku.horizontal_no) for sku in story.snapshot.skus] == [("", "3")]


def test_st3_stock_that_was_sent_is_no_longer_asked_for(ready):
    ready.pushed(review="live", stock=10)
    ready.edited(5, stock=[{"quantity": 0}])
    assert (ready.snapshot.missing, ready.snapshot.status) == ((), "synced")
