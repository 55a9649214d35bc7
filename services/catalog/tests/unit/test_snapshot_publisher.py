import asyncio
from typing import Any

import pytest

from catalog.snapshot_publisher import SnapshotPublisher


def publisher(broker: Any) -> SnapshotPublisher:
    return SnapshotPublisher(broker)


class Broker:
    """Acknowledges null values only once all of them are under way."""

    def __init__(self, expected, refuse=b""):
        self.expected, self.refuse, self.keys = expected, refuse, []
        self.all_there = asyncio.Event()

    def event(self, body, **how):
        return body

    async def publish_all(self, events):
        assert events == []

    async def tombstone(self, spec, key):
        self.keys.append(key)
        if len(self.keys) == self.expected:
            self.all_there.set()
        await asyncio.wait_for(self.all_there.wait(), 120)
        if key == self.refuse:
            raise ConnectionError("the broker went away")


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
    broker = Broker(len(deleted))
    await publisher(broker).publish(deleted)
    assert sorted(broker.keys) == sorted(f"demo/A-{number}".encode() for number in range(20))


async def test_one_that_is_not_acknowledged_fails_the_batch(deleted):
    with pytest.raises(ConnectionError):
        await publisher(Broker(len(deleted), refuse=b"demo/A-7")).publish(deleted)
