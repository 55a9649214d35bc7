import asyncio

import pytest

from publisher.concurrency.batching import Batcher
from shopsync_testkit.polling import eventually


class Work:
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, items):
        self.batches.append(list(items))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [item * 10 for item in items]

    async def begun(self, count: int) -> None:
        await eventually(lambda: len(self.batches) >= count)


async def test_items_that_come_during_a_batch_are_the_next_batch():
    work = Work()
    batches = Batcher(work, most=3)
    first = asyncio.create_task(batches.run(1))
    await work.begun(1)
    rest = [asyncio.create_task(batches.run(number)) for number in range(2, 7)]
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(first, *rest) == [10, 20, 30, 40, 50, 60]
    assert work.batches == [[1], [2, 3, 4], [5, 6]]


async def test_an_error_is_raised_for_all_of_its_batch_and_the_next_one_goes_on():
    work = Work()
    work.error = ConnectionError("away")
    work.gate.set()
    batches = Batcher(work)
    outcomes = await asyncio.gather(batches.run(1), batches.run(2), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError, ConnectionError]
    work.error = None
    assert await batches.run(3) == 30


async def test_a_waiter_that_is_cancelled_leaves_the_others():
    work = Work()
    batches = Batcher(work)
    one, other = asyncio.create_task(batches.run(1)), asyncio.create_task(batches.run(2))
    await work.begun(1)
    one.cancel()
    work.gate.set()
    assert await other == 20
    with pytest.raises(asyncio.CancelledError):
        await one
    assert work.batches == [[1, 2]]


async def test_batches_begin_apart_and_an_item_that_arrives_alone_does_not_wait():
    begins = []
    loop = asyncio.get_running_loop()

    async def carry_out(items):
        begins.append((loop.time(), len(items)))
        return list(items)

    batches = Batcher(carry_out, apart=0.1)
    await batches.run(1)
    await asyncio.gather(*(batches.run(number) for number in range(5)))
    (first, _), (second, count) = begins
    assert second - first >= 0.099
    assert count == 5


async def test_a_full_batch_does_not_wait():
    work = Work()
    work.gate.set()
    batches = Batcher(work, most=2, apart=600.0)
    await asyncio.gather(*(batches.run(number) for number in range(6)))
    assert work.batches == [[0, 1], [2, 3], [4, 5]]
