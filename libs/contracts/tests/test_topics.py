from datetime import timedelta

import pytest

from shopsync_contracts import TOPICS, topic_of
from shopsync_contracts.events import BODIES
from shopsync_contracts.topics import CATALOG_PRODUCTS, DEAD_LETTERS, PRODUCT_CHANGES, SHOP_SETTINGS, TOOL_EDITS


def test_every_type_travels_on_exactly_one_topic():
    carried = [body for spec in TOPICS for body in spec.types]
    assert sorted(carried, key=str) == sorted(BODIES, key=str)
    assert all(body in topic_of(body).types for body in BODIES)


def test_names_carry_the_environments_prefix():
    assert PRODUCT_CHANGES.full_name("shopsync") == "shopsync.product-changes.v1"
    assert len({spec.full_name("a") for spec in TOPICS}) == len(TOPICS) == 12


def test_product_keyed_topics_have_the_same_number_of_partitions():
    assert {spec.partitions for spec in TOPICS if spec.key == "subject"} == {12}


def test_merchants_hand_work_is_kept_indefinitely_and_snapshots_are_compacted():
    assert TOOL_EDITS.config()["retention.ms"] == "-1"
    assert [spec for spec in TOPICS if spec.cleanup == "compact"] == [CATALOG_PRODUCTS, SHOP_SETTINGS]
    assert PRODUCT_CHANGES.retention == timedelta(days=7)


def test_a_reader_that_was_away_for_a_weekend_still_learns_of_deletions():
    """As reported of compacted topics (redpanda-data/docs 829): a null value is removed a day after it was written."""
    week = str(7 * 24 * 3600 * 1000)
    assert CATALOG_PRODUCTS.config()["delete.retention.ms"] == week
    assert "delete.retention.ms" not in SHOP_SETTINGS.config()


@pytest.mark.parametrize("spec", TOPICS, ids=lambda spec: spec.name)
def test_a_dead_letter_has_room_for_any_message(spec):
    assert DEAD_LETTERS.max_message_bytes >= spec.max_message_bytes
