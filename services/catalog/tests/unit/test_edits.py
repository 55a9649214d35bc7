import pytest
from msgspec.structs import replace

from catalog.errors import StampFromFuture, UnknownProduct
from shopsync_contracts.events import EditChanges
from shopsync_contracts.ownership import OWNERS


def test_every_editable_field_has_an_owner():
    assert set(OWNERS) == set(EditChanges.model_fields)


def test_scenario_40_ed4_a_missing_category_is_named(story):
    story.changed()
    assert story.snapshot.status == "incomplete"
    assert story.snapshot.missing == ("category_id", "brand_id", "package_weight_g", "package_dimensions_cm")


@pytest.mark.parametrize(
    ("members", "field"), [({"images": []}, "images"), ({"description": " "}, "description"), ({"name": ""}, "name")]
)
def test_ed4_blank_upstream_values_are_missing_too(story, members, field):
    story.changed(**members)
    story.complete()
    assert story.snapshot.missing == (field,)


def test_ss5_filling_the_last_blank_makes_it_pending_and_clearing_one_takes_it_back(story):
    story.changed()
    story.complete(1)
    assert story.snapshot.status == "pending"
    story.edited(2, category_id=None)
    assert (story.snapshot.status, story.snapshot.missing) == ("incomplete", ("category_id",))


def test_dimensions_merge_side_by_side(story):
    story.changed()
    story.edited(1, package_dimensions_cm={"length": 30, "width": 20})
    story.edited(3, package_dimensions_cm={"height": 5})
    story.edited(2, package_dimensions_cm={"height": 9, "width": 21})
    assert story.snapshot.content.package_dimensions_cm.model_dump() == {"length": 30, "width": 21, "height": 5}
    story.edited(4, package_dimensions_cm={"width": None})
    assert "package_dimensions_cm" in story.snapshot.missing
    story.edited(5, package_dimensions_cm=None)
    assert story.snapshot.content.package_dimensions_cm is None


def test_fields_are_last_writer_wins_one_by_one(story):
    story.changed()
    story.edited(5, category_id="neu")
    story.edited(4, category_id="alt", brand_id="4")
    assert (story.snapshot.content.category_id, story.snapshot.content.brand_id) == ("neu", "4")


@pytest.mark.reliability(12)
def test_at_equal_times_the_later_arrival_wins(story):
    story.changed()
    story.edited(5, category_id="1")
    story.edited(5, category_id="2")
    assert story.snapshot.content.category_id == "2"


def test_null_withdraws_the_edit_of_an_upstream_field(story):
    story.changed(0)
    story.edited(1, name="ブラウス", images=["https://shop.example/9.jpg"])
    story.edited(2, name=None)
    assert story.snapshot.content.name == "シャツ"
    assert story.snapshot.edited_fields == ("images",)
    assert story.snapshot.overwritten_edits == ()


def test_attributes_are_kept_and_cleared(story):
    story.changed()
    story.edited(1, attributes=[{"id": "100", "values": [{"name": "綿"}]}])
    assert story.snapshot.content.attributes[0].values[0].name == "綿"
    story.edited(2, attributes=None)
    assert story.snapshot.content.attributes == ()


def test_an_edit_of_an_unknown_product_waits(story):
    [(_, error)] = story.edited(1, name="ブラウス").waiting
    assert isinstance(error, UnknownProduct)
    assert "demo/A-1" in str(error)


def test_scenario_44_an_edit_that_overtook_its_product_in_the_batch_is_applied(story):
    edit, change = story.message(story.edit(1, name="ブラウス")), story.message(story.change(0))
    folded = story.give(edit, change)
    assert folded.waiting == []
    assert story.snapshot.content.name == "ブラウス"


def test_an_edit_from_the_future_is_refused_and_changes_nothing(story, at_minute):
    story.changed()
    story.broker = at_minute(0)
    [(_, error)] = story.edited(6, name="ブラウス").refused
    assert isinstance(error, StampFromFuture)
    assert story.snapshot.edited_fields == ()


def test_the_sync_target_goes_by_its_own_time(story):
    story.changed()
    story.switched(5, False)
    story.switched(4, True)
    assert story.snapshot.sync_enabled is False
    story.switched(5, True)
    assert story.snapshot.sync_enabled is True


def test_scenario_78_shops_do_not_meet(new_story):
    k1, k2 = new_story(shop_key="K1"), new_story(shop_key="K2")
    k2.changed()
    before = k2.snapshot
    k1.changed()
    k1.removed(5)
    k1.deleted()
    assert k2.snapshot == before
    assert k2.snapshot.shop_key == "K2"


def test_an_edit_that_waits_for_its_sku_is_not_passed_over_by_a_later_one(story):
    story.changed(0)
    first = story.message(story.edit(1, stock=[{"vertical_no": "M", "quantity": 7}]))
    second = story.message(story.edit(2, category_id="1"))
    change = story.message(story.change(3, updated=3, skus=[{"vertical_no": "M", "stock": 1}]))
    folded = story.give(first, second, change)
    assert (folded.waiting, folded.repeated) == ([], False)
    assert story.snapshot.skus[0].stock == 7


def test_edits_that_waited_keep_their_order(story):
    edits = [story.message(story.edit(1, category_id=number)) for number in ("1", "2")]
    story.give(*edits, story.message(story.change(0)))
    assert story.snapshot.content.category_id == "2"


def test_q1_tg4_ed7_what_the_merchant_did_not_enter_is_off_and_blank(story):
    story.changed()
    content = story.snapshot.content
    assert story.snapshot.sync_enabled is False
    assert (content.category_id, content.brand_id, content.package_weight_g, content.attributes) == (None,) * 3 + ((),)


def test_q9_ed4_exactly_these_are_asked_for(story, complete_edit):
    story.changed(stock_managed=False)
    asked = ("category_id", "brand_id", "package_weight_g", "package_dimensions_cm", "stock")
    assert story.snapshot.missing == asked
    story.edited(1, **complete_edit, stock=[{"quantity": 1}])
    assert (story.snapshot.missing, story.snapshot.status) == ((), "pending")
    for minute, name in enumerate(("size_chart_image", "attributes"), 2):
        story.edited(minute, **{name: None})
    assert story.snapshot.status == "pending"


@pytest.mark.parametrize("name", ["category_id", "brand_id", "package_weight_g", "package_dimensions_cm"])
def test_ss5_clearing_any_one_leads_back(ready, complete_edit, name):
    ready.edited(5, **{name: None})
    assert (ready.snapshot.status, ready.snapshot.missing) == ("incomplete", (name,))
    ready.edited(6, **{name: complete_edit[name]})
    assert ready.snapshot.status == "pending"


def test_ed8_what_a_category_requires_is_named_once_the_publisher_has_found_out(ready):
    ready.failed("incomplete", missing=("attributes.100398", "attributes.100400"))
    assert ready.snapshot.missing == ("attributes.100398", "attributes.100400")
    ready.edited(5, attributes=[{"id": "100398", "values": [{"name": "綿"}]}])
    assert (ready.snapshot.missing, ready.snapshot.status) == ((), "pending")


def test_ed6_what_was_not_filled_in_stays(ready):
    before = ready.snapshot
    ready.edited(5, package_weight_g=500)
    after = ready.snapshot
    assert after.content == before.content.model_copy(update={"package_weight_g": 500})
    assert (after.skus, after.sync_enabled, after.edited_fields) == (before.skus, before.sync_enabled, ())


class TestRepeats:
    """An offset identifies a message; a later timestamp than any before means that the topic was created again."""

    def at_place(self, story, body, offset, broker):
        return replace(story.message(body), offset=offset, timestamp=broker)

    def test_im7_stamps_that_go_back_do_not_make_a_repeat_new(self, story, at_minute):
        """Producers stamp by their own clocks, so a later offset may bear an earlier stamp."""
        story.changed()
        first = self.at_place(story, story.edit(1, category_id="1"), 0, at_minute(20))
        second = self.at_place(story, story.edit(1, category_id="2"), 1, at_minute(10))
        story.give(first, second)
        assert story.snapshot.content.category_id == "2"
        assert story.give(first).repeated
        assert story.snapshot.content.category_id == "2"

    def test_im7_a_topic_created_again_begins_at_offset_0_again(self, story, at_minute):
        story.changed()
        story.give(self.at_place(story, story.edit(1, category_id="1"), 7, at_minute(10)))
        folded = story.give(self.at_place(story, story.edit(2, category_id="2"), 0, at_minute(11)))
        assert not folded.repeated
        assert story.snapshot.content.category_id == "2"
