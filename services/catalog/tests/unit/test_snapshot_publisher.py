from typing import Any

import pytest

from catalog.rules.own_records import OwnRecords
from catalog.snapshot_publisher import SnapshotPublisher
from shopsync_contracts.topics import CATALOG_PRODUCTS
from shopsync_runtime import OutgoingMessage


class Events:
    """Sends all messages of a call together, or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.calls: list[list[bytes | None]] = []

    def null_message(self, spec: Any, key: bytes) -> OutgoingMessage:
        assert spec is CATALOG_PRODUCTS
        return OutgoingMessage(spec.name, None, key)

    async def send(self, messages: Any) -> None:
        if self.fails:
            raise ConnectionError("the broker went away")
        self.calls.append([one.key for one in messages])


def publisher(events: Any) -> SnapshotPublisher:
    return SnapshotPublisher(events, OwnRecords(100))


@pytest.fixture
def deleted(new_story):
    """The states of some products a sweep has deleted."""
    states = []
    for number in range(20):
        story = new_story(product_no=f"A-{number}")
        story.changed(0)
        story.removed(5)
        story.deleted()
        states.append(story.state)
    return states


async def test_null_values_of_many_deleted_products_wait_for_their_acknowledgements_together(deleted):
    events = Events()
    await publisher(events).publish(deleted)
    assert events.calls == [[f"demo/A-{number}".encode() for number in range(20)]]


async def test_what_is_not_acknowledged_fails_the_batch(deleted):
    with pytest.raises(ConnectionError):
        await publisher(Events(fails=True)).publish(deleted)
