"""The measurement of the lag, without a broker."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, RequestTimedOutError, TopicAuthorizationFailedError

from shopsync_runtime.consuming.progress import Progress

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


class Consumer:
    """Has partitions with ten records each, of which three are read."""

    def __init__(self, *held):
        self.held, self.away, self.refuses, self.revoked = set(held), False, False, set()

    def assignment(self):
        return self.held

    async def end_offsets(self, partitions):
        if self.away:
            raise RequestTimedOutError
        if self.refuses:
            raise TopicAuthorizationFailedError(next(iter(partitions)))
        self.held = self.held - self.revoked
        return dict.fromkeys(partitions, 10)

    async def position(self, partition):
        if partition not in self.held:
            raise IllegalStateError(f"Partition {partition} is not assigned")
        return 3

    def highwater(self, partition):
        return 10


@pytest.fixture
def consumer():
    return Consumer(ONE, OTHER)


async def test_the_lag_is_what_lies_between_the_position_and_the_end(consumer):
    progress = Progress("probe")
    assert await progress.measure(consumer) is True
    assert progress.lag == 14


async def test_a_broker_that_is_away_does_not_answer(consumer):
    consumer.away = True
    assert await Progress("probe").measure(consumer) is False


async def test_a_broker_that_refuses_us_answers(consumer):
    """Or a right that is taken away would be told as an outage of Kafka."""
    progress = Progress("probe")
    await progress.measure(consumer)
    consumer.refuses = True
    assert await progress.measure(consumer) is True
    assert progress.lag == 14, "what is not known does not change"


@pytest.mark.parametrize("revoked", [{ONE}, {ONE, OTHER}])
async def test_partitions_that_are_revoked_meanwhile_say_nothing_about_the_broker(consumer, revoked):
    consumer.revoked = revoked
    assert await Progress("probe").measure(consumer) is None
