"""The delivery protocol of one batch, without Kafka."""

import dataclasses

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from shopsync_contracts.topics import CATALOG_PRODUCTS, PUSH_COMMANDS
from shopsync_runtime import PermanentError, RefusedDelivery, RetryableError, each
from shopsync_runtime.consuming.limit import DeadLetterLimit
from shopsync_runtime.consuming.process import first_offsets, next_offsets, process
from shopsync_runtime.delivery import Delivery, Undecodable, decode
from shopsync_runtime.testing import make_delivery


@pytest.fixture
def delivery(make_event):
    def make(number, partition=0):
        return make_delivery(PUSH_COMMANDS, make_event(number), partition=partition, offset=number)

    return make


def raw(number, value=b"poison", key=None, topic="t", headers=()):
    return ConsumerRecord(topic, 0, number, 1_700_000_000_123, 0, key, value, None, -1, -1, headers)


def undecodable(number):
    return Undecodable(raw(number), ValueError("poison"))


class Letters:
    """A dead-letter topic in memory."""

    def __init__(self):
        self.stored = []

    async def __call__(self, letters):
        self.stored += letters

    @property
    def offsets(self):
        return [letter.offset for letter in self.stored]


async def settle(items, handler, limit=1_000):
    letters = Letters()
    counter = limit if isinstance(limit, DeadLetterLimit) else DeadLetterLimit(limit)
    outcome = await process(items, handler=handler, limit=counter, publish=letters)
    assert outcome.letters == letters.stored
    return outcome, letters


async def take_all(_batch):
    return []


async def test_the_handler_sees_the_good_ones_in_order(delivery):
    seen = []

    async def handle(batch):
        seen.append([one.offset for one in batch])
        return []

    outcome, letters = await settle([delivery(0), undecodable(1), delivery(2)], handle)
    assert seen == [[0, 2]]
    assert letters.offsets == [1]
    assert len(outcome.settled) == 3
    assert outcome.rest == []


async def test_a_batch_of_poison_calls_no_handler():
    async def handle(_batch):
        raise AssertionError("nothing to handle")

    _, letters = await settle([undecodable(0), undecodable(1)], handle)
    assert letters.offsets == [0, 1]


async def test_a_retryable_error_settles_nothing_even_in_the_second_pass(delivery):
    calls = []

    async def handle(batch):
        calls.append(len(batch))
        if len(batch) > 1:
            raise ValueError("a bug")
        raise RetryableError("and now the database is away")

    letters = Letters()
    limit = DeadLetterLimit(5)
    with pytest.raises(RetryableError):
        await process([undecodable(0), delivery(1), delivery(2)], handler=handle, limit=limit, publish=letters)
    assert calls == [2, 1]
    assert letters.stored == []
    assert limit.in_a_row == 0


async def test_refusals_of_both_passes_are_dead_letters_in_the_order_of_the_partition(delivery):
    async def handle(batch):
        if any(one.offset == 3 for one in batch):
            raise ZeroDivisionError("3")
        return [RefusedDelivery(one, PermanentError("odd")) for one in batch if one.offset == 1]

    outcome, letters = await settle([delivery(number) for number in range(5)], handle)
    assert letters.offsets == [1, 3]
    assert [letter.error_type for letter in letters.stored] == ["PermanentError", "ZeroDivisionError"]
    assert next_offsets(outcome.settled) == {TopicPartition("shopsync.push-commands.v1", 0): 5}


async def test_each_refuses_the_permanent_and_goes_on(delivery):
    seen = []

    async def handle(one):
        seen.append(one.offset)
        if one.offset == 1:
            raise PermanentError("no")

    refused = await each(handle)([delivery(0), delivery(1), delivery(2)])
    assert seen == [0, 1, 2]
    assert [refusal.delivery.offset for refusal in refused] == [1]


async def test_the_limit_keeps_the_rest_back(delivery):
    items = [delivery(0), *(undecodable(number) for number in range(1, 6)), delivery(6)]
    limit = DeadLetterLimit(3)
    outcome, letters = await settle(items, take_all, limit)
    assert letters.offsets == [1, 2, 3]
    assert [item.position[1] for item in outcome.rest] == [4, 5, 6]
    assert first_offsets(outcome.rest) == {TopicPartition("t", 0): 4, TopicPartition("shopsync.push-commands.v1", 0): 6}


async def test_refusals_count_towards_the_limit_and_a_good_one_resets_the_count(delivery):
    async def refuse_odd(batch):
        return [RefusedDelivery(one, PermanentError("odd")) for one in batch if one.offset != 3]

    limit = DeadLetterLimit(3)
    outcome, letters = await settle([delivery(number) for number in range(8)], refuse_odd, limit)
    assert letters.offsets == [0, 1, 2, 4, 5, 6]
    assert [item.offset for item in outcome.rest] == [7]
    assert limit.in_a_row == 3


@given(batches=st.lists(st.lists(st.booleans(), max_size=8), max_size=8), limit=st.integers(1, 5))
def test_the_limit_never_admits_more_in_a_row_than_it_says(batches, limit):
    counter = DeadLetterLimit(limit)
    settled = []
    for dead in batches:
        admitted = counter.admit(dead)
        counter.record(dead[:admitted])
        settled += dead[:admitted]
        assert admitted == len(dead) or (dead[admitted] and counter.in_a_row == limit)
        if admitted < len(dead):
            break
    runs = "".join("x" if dead else "." for dead in settled).split(".")
    assert max(map(len, runs)) <= limit


def test_a_tombstone_is_a_delivery_only_where_the_topic_declares_it(make_event):
    record = raw(0, value=None, key=b"demo/P-1")
    kept = decode(record, CATALOG_PRODUCTS)
    assert isinstance(kept, Delivery)
    assert kept.is_tombstone
    with pytest.raises(LookupError, match="tombstone"):
        _ = kept.event
    assert isinstance(decode(record, PUSH_COMMANDS), Undecodable)
    assert isinstance(decode(dataclasses.replace(record, key=None), CATALOG_PRODUCTS), Undecodable)


def test_a_delivery_keeps_the_brokers_stamp_and_the_bytes(make_event):
    event = make_event(4)
    headers = (("a", None), ("b", b"\xff"))
    taken = decode(raw(9, value=event.to_bytes(), key=event.key(), headers=headers), PUSH_COMMANDS)
    assert taken.event == event
    assert taken.timestamp.isoformat() == "2023-11-14T22:13:20.123000+00:00"
    assert (taken.key, taken.value, taken.headers) == (event.key(), event.to_bytes(), headers)
