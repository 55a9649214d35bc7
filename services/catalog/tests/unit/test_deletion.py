from datetime import UTC
from itertools import permutations

import bson
import pytest
from bson.codec_options import CodecOptions

from catalog.errors import FormerLife, UnknownProduct
from catalog.store.documents import product_document, tombstone_document
from catalog.store.read_documents import read_product, read_tombstone


def decoded(document):
    """As it comes back from MongoDB."""
    return bson.decode(bson.encode(document), CodecOptions(tz_aware=True, tzinfo=UTC))


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
    assert story.snapshot == before


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


def test_dl6_switched_off_later_it_goes_with_the_next_night(ready):
    ready.removed(5, "E1")
    ready.deleted("E1")
    ready.switched(10, False)
    assert ready.snapshot.removed_upstream.enumeration_id == "E1"
    ready.removed(20, "E2")
    ready.deleted("E2")
    assert ready.state.record is None


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


class TestTheProofAtTheMomentOfDeleting:
    """DL-9, DL-11, NV-9: completed at minute 6, it holds for two hours; at minute 126 it is over."""

    @pytest.fixture
    def removed(self, story):
        story.changed(0)
        story.removed(5, "E2")
        return story

    def because(self, folded):
        return [note.details["because"] for note in folded.notes]

    @pytest.mark.parametrize(("minute", "kept"), [(125, []), (127, ["proof_too_old"])])
    def test_dl11_an_old_proof_deletes_nothing(self, removed, at_minute, minute, kept):
        removed.now = at_minute(minute)
        assert self.because(removed.deleted("E2", 6)) == kept
        assert (removed.state.record is not None, removed.state.tombstone is None) == (bool(kept), bool(kept))

    def test_the_age_is_that_of_the_proof_here_whatever_the_command_says(self, removed, at_minute):
        removed.now = at_minute(127)
        assert self.because(removed.deleted("E2", 120)) == ["proof_too_old"]

    def test_dl12_a_fresh_proof_lets_it_go_after_all(self, removed, at_minute):
        removed.now = at_minute(127)
        removed.deleted("E2", 6)
        removed.removed(128, "E3")
        assert self.because(removed.deleted("E3", 129)) == []
        assert removed.state.record is None

    @pytest.mark.parametrize(
        ("named", "completed", "kept"),
        [("E2", 6, []), ("E1", 3, []), ("E1", 6, []), ("E3", 7, ["unproven"]), ("E2", 999, [])],
    )
    def test_dl9_the_proof_the_command_names_must_have_come_here(self, removed, named, completed, kept):
        assert self.because(removed.deleted(named, completed)) == kept
        assert (removed.state.record is not None) is bool(kept)

    @pytest.mark.parametrize(("minute", "kept"), [(29, []), (31, ["command_too_late"])])
    def test_a_command_is_not_executed_after_its_sweep_has_reported(self, removed, at_minute, minute, kept):
        removed.now = at_minute(minute)
        assert self.because(removed.deleted("E2", 6, not_after=30)) == kept

    def test_being_on_or_there_is_told_before_anything_about_the_proof(self, removed, at_minute):
        removed.now = at_minute(999)
        removed.switched(7, True)
        assert self.because(removed.deleted("E3", 7)) == ["sync_enabled"]
        removed.switched(8, False)
        removed.changed(9)
        assert self.because(removed.deleted("E3", 7)) == ["present"]


def test_dl12_a_second_command_changes_nothing_and_repeats_the_null_snapshot(story):
    story.changed(0)
    story.removed(5)
    story.deleted()
    before = story.state
    folded = story.deleted()
    assert (folded.state.tombstone, folded.state.record) == (before.tombstone, None)
    assert folded.repeated


@pytest.mark.reliability(13)
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


class TestFormerLife:
    """DL-13: nothing that was done to the deleted product is done to the one registered again."""

    @pytest.fixture
    def deleted(self, ready, at_minute):
        """Deleted at minute 30."""
        ready.pushed(review="live", stock=10)
        ready.switched(4, False)
        ready.removed(5)
        ready.now = at_minute(30)
        ready.deleted()
        return ready

    def old(self, story, at_minute):
        """Made a minute before the deletion; they arrive after it."""
        return [
            story.message(story.edit(29, category_id="9", name="古い", stock=[{"quantity": 99}])),
            story.message(story.target(True), time=at_minute(29)),
        ]

    def check(self, story):
        snapshot = story.snapshot
        assert (snapshot.sync_enabled, snapshot.content.category_id, snapshot.content.name) == (False, None, "シャツ")
        assert (snapshot.skus[0].stock, snapshot.edited_fields, snapshot.overwritten_edits) == (5, (), ())

    def test_dl13_old_edits_that_come_while_it_is_gone(self, deleted, at_minute):
        folded = deleted.give(*self.old(deleted, at_minute), deleted.message(deleted.change(60, updated=60, stock=5)))
        assert [type(error) for _, error in folded.waiting] == [FormerLife, FormerLife]
        self.check(deleted)

    def test_dl13_old_edits_that_come_when_it_is_back(self, deleted, at_minute):
        deleted.changed(60, updated=60, stock=5)
        folded = deleted.give(*self.old(deleted, at_minute))
        for _, error in folded.waiting:
            assert isinstance(error, FormerLife)
            assert "before product demo/A-1 was registered in futureshop again at 2026-11-23T00:30:01" in str(error)
        self.check(deleted)

    @pytest.mark.parametrize("waits", [True, False])
    def test_dl13_what_was_done_between_deletion_and_registration_is_not_done_to_the_new_one(
        self, deleted, at_minute, waits
    ):
        """It can only have been meant for the deleted one, and may have waited for its product until now."""
        between = [
            deleted.message(deleted.edit(40, category_id="9", name="古い", stock=[{"quantity": 99}])),
            deleted.message(deleted.target(True), time=at_minute(40)),
        ]
        again = deleted.message(deleted.change(60, updated=60, stock=5, created_at=at_minute(50)))
        folded = deleted.give(*between, again) if waits else (deleted.give(again), deleted.give(*between))[-1]
        assert [type(error) for _, error in folded.waiting] == [FormerLife, FormerLife]
        self.check(deleted)
        deleted.edited(51, category_id="2")
        assert deleted.snapshot.content.category_id == "2"

    def test_a_registration_dated_in_the_future_bars_no_edit(self, deleted, at_minute):
        deleted.changed(60, updated=60, stock=5, created_at=at_minute(6000))
        deleted.switched(61, True)
        assert deleted.snapshot.sync_enabled

    def test_dl13_edits_made_after_the_deletion_count(self, deleted):
        deleted.edited(31, category_id="2")
        deleted.changed(60, updated=60, stock=5)
        deleted.edited(32, category_id="2")
        deleted.switched(61, True)
        assert (deleted.snapshot.content.category_id, deleted.snapshot.sync_enabled) == ("2", True)

    def test_the_former_life_is_remembered_in_the_document(self, deleted):
        gone = decoded(tombstone_document(deleted.state))
        assert read_tombstone(gone) == deleted.state
        deleted.changed(60, updated=60, stock=5)
        record = deleted.state.record
        assert (record.born_after, record.former_listing.tiktok_product_id) == (gone["deleted_at"], "T1")
        assert read_product(decoded(product_document(deleted.state, revision=1, writer="w"))) == deleted.state

    def test_an_edit_applied_in_the_former_life_is_a_repeat_and_not_refused(self, deleted):
        applied = [message for message in deleted.sent if message.event.data.TYPE == "product.edited"]
        deleted.changed(60, updated=60, stock=5)
        folded = deleted.give(*applied)
        assert (folded.waiting, folded.refused, folded.repeated) == ([], [], True)


class TestWarningsOnOn:
    def warnings(self, folded):
        return [note.details for note in folded.notes if note.warn]

    def test_dl7_switched_on_after_its_removal(self, story, at_minute):
        story.changed(0)
        story.removed(5)
        [details] = self.warnings(story.switched(6, True))
        assert details == {"enumeration_id": "E1", "removed_at": at_minute(6).isoformat()}
        assert self.warnings(story.switched(7, False)) == []

    def test_scenario_68_dl13_switched_on_with_a_former_listing(self, ready, at_minute):
        ready.pushed(review="live")
        ready.switched(4, False)
        ready.removed(5)
        ready.deleted()
        deleted_at = ready.state.tombstone.deleted_at
        ready.changed(60, updated=60)
        assert ready.snapshot.former_listing.model_dump() == {"tiktok_product_id": "T1", "deleted_at": deleted_at}
        [details] = self.warnings(ready.switched(61, True))
        assert details == {"former_tiktok_product_id": "T1", "deleted_at": deleted_at.isoformat()}
        ready.removed(70)
        assert len(self.warnings(ready.switched(71, True))) == 2

    def test_an_ordinary_product_gives_none(self, story):
        story.changed(0)
        assert story.snapshot.former_listing is None
        assert self.warnings(story.switched(6, True)) == []

    def test_a_switch_that_came_too_late_to_count_warns_of_nothing(self, story):
        story.changed(0)
        story.removed(5)
        story.switched(8, False)
        assert self.warnings(story.switched(7, True)) == []

    def test_dl13_deleted_again_without_a_push_the_listing_is_still_warned_of(self, ready):
        ready.pushed(review="live")
        ready.switched(4, False)
        ready.removed(5)
        ready.deleted()
        ready.changed(60, updated=60)
        ready.removed(70)
        ready.deleted()
        ready.changed(80, updated=80)
        assert ready.snapshot.former_listing.tiktok_product_id == "T1"


@pytest.mark.reliability(13)
@pytest.mark.parametrize(("observed", "returns"), [(4, False), (5, True), (60, True)])
def test_scenario_74_an_event_after_the_deletion_counts_by_when_it_was_observed(story, observed, returns):
    story.changed(0)
    story.removed(5)
    story.deleted()
    story.changed(observed, updated=observed)
    assert (story.state.record is not None) is returns


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_scenario_74_a_sweep_and_an_overwriting_import_in_any_order_lose_nothing_that_exists(new_story, order):
    """The enumeration did not see the product, the import that ran beside it read it later."""
    story = new_story()
    story.changed(0)
    acts = [
        lambda: story.removed(5),
        lambda: story.changed(6, mode="overwrite_all", updated=6, stock=3),
        story.deleted,
    ]
    for index in order:
        acts[index]()
    assert story.state.record is not None
    assert story.snapshot.removed_upstream is None
