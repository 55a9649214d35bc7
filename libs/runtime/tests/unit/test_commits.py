"""What is committed when, without a broker."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import RequestTimedOutError

from shopsync_runtime.consuming.commits import Commits

ONE, OTHER = TopicPartition("t", 0), TopicPartition("t", 1)


class Consumer:
    """Has partitions and records commits."""

    def __init__(self, *held):
        self.held, self.commits, self.fail = set(held), [], False

    def assignment(self):
        return self.held

    async def commit(self, offsets):
        if self.fail:
            raise RequestTimedOutError
        self.commits.append(offsets)


class Keeping:
    """A handler that still works on some offsets."""

    def __init__(self):
        self.first = {}

    def first_pending(self):
        return self.first

    def forget(self, partitions):
        for partition in partitions:
            self.first.pop(partition, None)


@pytest.fixture
def keeping():
    return Keeping()


@pytest.fixture
def commits(keeping):
    return Commits("probe", timeout=5, pending_records=keeping)


@pytest.fixture
def consumer():
    return Consumer(ONE, OTHER)


async def test_commits_stay_below_what_is_not_settled(commits, keeping, consumer):
    keeping.first = {ONE: 7}
    commits.add({ONE: 10, OTHER: 4})
    assert not await commits.flush(consumer)
    assert consumer.commits == [{ONE: 7, OTHER: 4}]
    assert commits.pending == {ONE: 10}


async def test_the_same_offset_is_not_committed_again_while_it_waits(commits, keeping, consumer):
    keeping.first = {ONE: 7}
    commits.add({ONE: 10})
    for _ in range(3):
        await commits.flush(consumer)
    assert consumer.commits == [{ONE: 7}]


async def test_what_gets_settled_later_is_committed_without_a_further_message(commits, keeping, consumer):
    keeping.first = {ONE: 7}
    commits.add({ONE: 10})
    await commits.flush(consumer)
    keeping.first = {}
    assert await commits.flush(consumer)
    assert consumer.commits == [{ONE: 7}, {ONE: 10}]


async def test_after_a_failed_commit_it_is_tried_again(commits, keeping, consumer):
    keeping.first, consumer.fail = {ONE: 7}, True
    commits.add({ONE: 10})
    assert not await commits.flush(consumer)
    consumer.fail = False
    await commits.flush(consumer)
    assert consumer.commits == [{ONE: 7}]


async def test_a_partition_that_came_back_is_committed_from_where_its_holder_left_it(commits, keeping, consumer):
    keeping.first = {ONE: 7}
    commits.add({ONE: 10})
    await commits.flush(consumer)
    commits.forget([ONE])
    commits.add({ONE: 9})
    await commits.flush(consumer)
    assert consumer.commits == [{ONE: 7}, {ONE: 7}]
