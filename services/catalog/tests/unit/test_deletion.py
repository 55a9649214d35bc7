from catalog.errors import UnknownProduct


def test_dl9_a_proof_newer_than_the_last_observation_marks_the_product(story):
    story.changed(0)
    story.removed(5)
    assert story.snapshot.removed_upstream.enumeration_id == "E1"


def test_dl14_an_observation_during_or_after_the_enumeration_ends_it(story):
    story.changed(0)
    story.removed(5)
    story.changed(5)
    assert story.snapshot.removed_upstream is None


def test_an_observation_ends_it_also_when_rule_a_overwrites_nothing(story):
    story.changed(0)
    story.removed(5)
    story.changed(6, name="別")
    assert story.snapshot.removed_upstream is None
    assert story.snapshot.content.name == "シャツ"


def test_a_proof_older_than_the_last_observation_changes_no_snapshot(story):
    story.changed(6)
    before = story.snapshot
    story.removed(5)
    assert story.snapshot is before


def test_every_enumeration_is_fresh_proof(story):
    story.changed(0)
    story.removed(5, "E1")
    story.removed(9, "E2")
    story.removed(7, "E0")
    assert story.snapshot.removed_upstream.enumeration_id == "E2"


def test_scenario_61_dl1_dl2_a_removed_off_product_is_deleted_whatever_its_status(ready):
    ready.pushed(review="live")
    ready.switched(4, False)
    ready.removed(5)
    ready.deleted()
    assert ready.state.record is None
    assert ready.state.tombstone.tiktok_product_id == "T1"
    assert ready.state.tombstone.sku_ids == {("", ""): "T1--"}


def test_scenario_62_dl4_an_on_product_stays(ready):
    ready.removed(5)
    folded = ready.deleted()
    assert ready.snapshot.sync_enabled
    assert folded.notes[0].details["because"] == "sync_enabled"


def test_scenario_65_dl8_a_product_that_is_there_stays(story):
    story.changed(0)
    folded = story.deleted()
    assert story.snapshot.removed_upstream is None
    assert folded.notes[0].details["because"] == "present"


def test_scenario_64_dl7_a_removed_on_product_can_still_be_sent(ready):
    ready.removed(5)
    assert ready.snapshot.status == "pending"


def test_dl11_switched_on_before_the_command_is_executed_keeps_it(story):
    story.changed(0)
    story.removed(5)
    story.switched(6, True)
    story.deleted()
    assert story.state.record is not None


def test_dl11_seen_again_before_the_command_is_executed_keeps_it(story):
    story.changed(0)
    story.removed(5)
    story.changed(7)
    story.deleted()
    assert story.state.record is not None


def test_dl12_a_second_command_changes_nothing_and_repeats_the_null_snapshot(story):
    story.changed(0)
    story.removed(5)
    story.deleted()
    before = story.state
    folded = story.deleted()
    assert folded.state is before
    assert folded.repeated


def test_scenario_74_a_late_event_does_not_resurrect(story):
    story.changed(0)
    story.removed(5)
    story.deleted()
    story.changed(4, mode="overwrite_all", updated=3)
    assert story.state.record is None


def test_scenario_68_dl13_a_product_created_again_starts_fresh_with_a_warning(ready):
    ready.edited(3, name="ブラウス")
    ready.pushed(review="live", stock=10)
    ready.switched(4, False)
    ready.removed(5)
    old = ready.snapshot
    ready.deleted()
    folded = ready.changed(60, updated=60, stock=99)
    snapshot = ready.snapshot
    assert (snapshot.sync_enabled, snapshot.content.name, snapshot.skus[0].stock) == (False, "シャツ", 99)
    assert (snapshot.tiktok_product_id, snapshot.content.category_id) == (None, None)
    assert folded.notes[0].details == {"former_tiktok_product_id": "T1"}
    assert ready.state.record.former_listing.tiktok_product_id == "T1"
    assert snapshot.version > old.version
    assert snapshot.content_version > old.content_version
    assert ready.state.tombstone is None


def test_scenario_69_dl14_returned_while_the_record_stands_is_the_same_record(ready):
    ready.pushed(review="live", stock=10)
    ready.removed(5)
    ready.changed(60, updated=60, stock=99)
    snapshot = ready.snapshot
    assert (snapshot.removed_upstream, snapshot.skus[0].stock, snapshot.tiktok_product_id) == (None, 10, "T1")


def test_scenario_72_a_push_that_ends_after_the_deletion_creates_nothing_but_is_remembered(ready):
    version, skus = ready.snapshot.content_version, ()
    ready.switched(4, False)
    ready.removed(5)
    ready.deleted()
    ready.pushed(version=version, skus=skus, tiktok="T9")
    assert ready.state.record is None
    assert ready.state.tombstone.tiktok_product_id == "T9"


def test_scenario_72_its_result_does_not_reach_a_product_created_again(ready):
    version = ready.snapshot.content_version
    ready.switched(4, False)
    ready.removed(5)
    ready.deleted()
    ready.changed(60, updated=60)
    ready.pushed(version=version)
    ready.failed(version=version)
    assert (ready.snapshot.tiktok_product_id, ready.snapshot.status) == (None, "incomplete")


def test_an_edit_of_a_deleted_product_says_that_it_was_deleted(story):
    story.changed(0)
    story.removed(5)
    story.deleted()
    [(_, error)] = story.edited(6, name="ブラウス").waiting
    assert isinstance(error, UnknownProduct)
    assert "was deleted from the tool" in str(error)
    assert "sweep S1" in str(error)


def test_deleted_and_created_again_in_one_batch(story):
    story.changed(0)
    story.removed(5)
    version = story.snapshot.version
    story.give(story.message(story.deletion()), story.message(story.change(60, updated=60, stock=3)))
    assert story.snapshot.version == version + 1
    assert story.snapshot.skus[0].stock == 3


def test_messages_about_a_product_never_seen_create_nothing(story):
    for give in (lambda: story.removed(1), story.deleted, lambda: story.skipped("not_found")):
        folded = give()
        assert (folded.refused, folded.waiting) == ([], [])
    assert story.state.record is None
    assert story.state.tombstone is None
