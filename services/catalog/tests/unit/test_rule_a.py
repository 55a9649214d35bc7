from datetime import UTC, datetime
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import fields, replace

from catalog.errors import StampFromFuture
from catalog.rules.model import Rules


def test_scenario_1_im1_im2_all_come_in_hidden_ones_too(new_story):
    stories = [new_story(product_no=f"P-{number}") for number in range(3)]
    for number, story in enumerate(stories):
        story.changed(visible=number != 1)
    assert [story.snapshot.status for story in stories] == ["incomplete"] * 3
    assert {story.snapshot.content.name for story in stories} == {"シャツ"}


def test_tg4_a_new_product_is_off(story):
    story.changed()
    assert story.snapshot.sync_enabled is False
    assert (story.snapshot.version, story.snapshot.content_version) == (1, 1)


@pytest.mark.parametrize("mode", ["changed_only", "overwrite_all"])
def test_ra3_either_button_creates(story, mode):
    story.changed(mode=mode)
    assert story.snapshot.content.price == 3500


def test_scenario_2_ra1_unchanged_updated_at_overwrites_nothing(story):
    story.changed(0)
    story.edited(1, name="ブラウス")
    story.changed(2, name="シャツ改")
    assert story.snapshot.content.name == "ブラウス"
    assert story.snapshot.edited_fields == ("name",)


def test_scenario_3_ra2_overwrite_all_always_overwrites(story):
    story.changed(0)
    story.edited(1, name="ブラウス")
    story.changed(2, mode="overwrite_all")
    assert story.snapshot.content.name == "シャツ"
    assert story.snapshot.edited_fields == ()
    assert story.snapshot.overwritten_edits == ("name",)


def test_overwritten_edits_are_those_of_this_version(story):
    story.changed(0)
    story.edited(1, name="ブラウス")
    story.changed(2, mode="overwrite_all")
    story.switched(3, True)
    assert story.snapshot.overwritten_edits == ()


def test_an_edit_older_than_the_overwrite_it_arrives_after_is_reported(story):
    story.changed(5, mode="overwrite_all")
    story.edited(1, name="ブラウス")
    assert story.snapshot.content.name == "シャツ"
    assert story.snapshot.overwritten_edits == ("name",)


def test_an_edit_as_old_as_the_overwrite_stands(story):
    story.changed(5, mode="overwrite_all")
    story.edited(5, name="ブラウス")
    assert story.snapshot.content.name == "ブラウス"


def test_scenario_4_a_newer_updated_at_overwrites_an_edit(story):
    story.changed(0)
    story.edited(1, name="ブラウス")
    story.changed(2, updated=1, name="シャツ改")
    assert story.snapshot.content.name == "シャツ改"
    assert story.snapshot.upstream_updated_at == story.state.record.upstream.product["updated_at"]


def test_scenario_6_tool_only_values_survive_either_button(ready, complete_edit):
    ready.changed(10, updated=10, name="シャツ改")
    ready.changed(20, mode="overwrite_all", name="シャツ改二")
    content = ready.snapshot.content
    assert content.name == "シャツ改二"
    assert content.category_id == complete_edit["category_id"]
    assert content.package_dimensions_cm.model_dump() == complete_edit["package_dimensions_cm"]


def test_scenario_7_ra6_a_late_older_change_does_not_overwrite(story):
    story.changed(1, updated=5 / 60, name="五秒")
    story.changed(2, updated=1 / 60, name="一秒")
    assert story.snapshot.content.name == "五秒"


def test_ra2_a_late_overwrite_all_does_not_overwrite(story):
    story.changed(5, mode="overwrite_all", name="新")
    story.changed(3, mode="overwrite_all", name="旧")
    assert story.snapshot.content.name == "新"


def test_scenario_8_im7_the_same_change_twice_is_one_state(story):
    story.changed(0)
    before = story.state
    folded = story.changed(0)
    assert (folded.state.record, folded.state.snapshot) == (before.record, before.snapshot)


def test_scenario_10_11_an_ended_sale_period_is_no_part_of_the_state(ready):
    version = ready.snapshot.content_version
    ready.changed(10)
    assert ready.snapshot.status == "pending"
    assert ready.snapshot.content_version == version


def test_scenario_13_overwrite_all_without_a_real_change_keeps_everything(ready):
    ready.pushed(review="live")
    before = ready.snapshot
    ready.changed(10, mode="overwrite_all")
    assert ready.snapshot == before
    assert ready.snapshot.sync_enabled
    assert ready.snapshot.status == "synced"


@pytest.mark.parametrize("mode", ["changed_only", "overwrite_all"])
@pytest.mark.parametrize("enabled", [True, False])
def test_tg7_no_import_changes_the_target(ready, mode, enabled):
    ready.switched(5, enabled)
    ready.changed(10, mode=mode, updated=10, name="別")
    ready.removed(20)
    ready.changed(30, mode=mode, updated=30)
    assert ready.snapshot.sync_enabled is enabled


@pytest.mark.parametrize("mode", ["changed_only", "overwrite_all"])
def test_ra4_neither_button_changes_stock(story, mode):
    story.changed(stock=10)
    story.changed(5, mode=mode, updated=5, name="シャツ改", stock=4)
    assert (story.snapshot.content.name, story.snapshot.skus[0].stock) == ("シャツ改", 10)


def test_ra5_what_the_date_missed_overwrite_all_takes(story):
    story.changed(0)
    story.changed(5, images=["https://shop.example/2.jpg"])
    assert story.snapshot.content.images == ("https://shop.example/1.jpg",)
    story.changed(6, mode="overwrite_all", images=["https://shop.example/2.jpg"])
    assert story.snapshot.content.images == ("https://shop.example/2.jpg",)


@pytest.mark.reliability(12)
def test_ra7_two_saves_in_one_second_are_told_apart_by_overwrite_all_only(story):
    """Equal version, different content: the first one taken stays, whatever the order of the rest."""
    story.changed(1, updated=1 / 60, name="一")
    for observed in (2, 3):
        story.changed(observed, updated=1 / 60, name="二")
        assert story.snapshot.content.name == "一"
    story.changed(4, mode="overwrite_all", updated=1 / 60, name="二")
    assert story.snapshot.content.name == "二"


@pytest.mark.reliability(10)
def test_ra6_any_order_of_late_records_leaves_the_newest(new_story):
    for order in permutations((1, 2, 3, 4)):
        story = new_story()
        for observed, updated in enumerate(order):
            story.changed(observed, updated=updated / 60, name=f"{updated}秒")
        assert story.snapshot.content.name == "4秒", order


@pytest.mark.parametrize(("mode", "updated", "expected"), [("changed_only", 0, 3500), ("changed_only", 5, 4000)])
def test_pr12_a_new_price_comes_by_rule_a_alone(story, mode, updated, expected):
    story.changed(0)
    story.changed(5, mode=mode, updated=updated, regular_price=4000)
    assert story.snapshot.content.price == expected


@pytest.mark.reliability(15)
def test_an_edit_between_two_source_events_keeps_its_field_and_clearing_restores_the_source(story):
    story.changed(0, name="一", description="一")
    story.edited(5, name="手")
    # read before the edit was made, but it arrives after it: the edit stands, the rest is new
    story.changed(4, updated=3, name="二", description="二")
    assert (story.snapshot.content.name, story.snapshot.content.description) == ("手", "二")
    story.edited(6, name=None)
    assert (story.snapshot.content.name, story.snapshot.overwritten_edits) == ("二", ())


def test_q8_a_sale_form_that_switched_by_the_clock_overwrites(story):
    story.changed(0, sale_form="preorder", preorder_price=3000)
    story.changed(5, preorder_price=3000)
    assert story.snapshot.content.price == 3500


def test_q8_can_be_switched_off(new_story):
    story = new_story(rules=Rules(compare_sale_form=False))
    story.changed(0, sale_form="preorder", preorder_price=3000)
    story.changed(5, preorder_price=3000)
    assert story.snapshot.content.price == 3000


def test_q8_an_older_observation_of_the_other_form_does_not_overwrite(story):
    story.changed(5)
    story.changed(0, sale_form="preorder", preorder_price=3000)
    assert story.snapshot.content.price == 3500


@pytest.mark.parametrize(
    ("field", "minutes"), [("observed_at", {"observed": 6}), ("product.updated_at", {"updated": 6})]
)
def test_a_stamp_from_the_future_is_refused(story, at_minute, field, minutes):
    story.broker = at_minute(0)
    folded = story.changed(**minutes)
    [(_, error)] = folded.refused
    assert isinstance(error, StampFromFuture)
    assert str(error).startswith(f"{field} is 2026-11-23T00:06:00")


def test_a_stamp_five_minutes_ahead_is_accepted(story, at_minute):
    story.broker = at_minute(0)
    assert story.changed(5, updated=5).refused == []


def test_time_zones_and_microseconds_do_not_matter(story, at_minute):
    story.changed(0)
    before = story.state
    tokyo = at_minute(0).astimezone(ZoneInfo("Asia/Tokyo")).replace(microsecond=999)
    body = story.change(0, mode="overwrite_all").model_copy(update={"observed_at": tokyo})
    after = story.take(body).state
    assert (after.record, after.snapshot) == (before.record, before.snapshot)


def test_a_fallen_edit_does_not_rise_with_an_overwrite_observed_earlier(story):
    story.changed(5)
    story.edited(4, name="ブラウス")
    story.changed(3, updated=1, name="シャツ改")
    assert story.snapshot.content.name == "シャツ改"
    assert story.snapshot.edited_fields == ()


def test_an_import_replaces_two_layers_and_no_other(ready):
    """Field by field, since the record is built by hand for speed."""
    ready.edited(1, name="名", price=1)
    ready.pushed(review="live", minute=3)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    record = replace(ready.state.record, first_version=7, first_content_version=8, born_after=moment)
    assert all(getattr(record, one.name) != one.default for one in fields(record) if one.name != "former_listing")
    upstream = replace(record.upstream, observed_at=moment)
    assert record.with_upstream(upstream, {}) == replace(record, upstream=upstream, stock={})
