"""The pace of one shop: by one process, by several, and by one that was held up."""

import asyncio
from itertools import pairwise

import pytest

from ingestor.futureshop.pace import LATEST, Pace


class Time:
    """A clock that only sleeping moves; `stopped` are seconds a sleep takes longer than asked for."""

    def __init__(self):
        self.now = 100.0
        self.stopped = []

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds + (self.stopped.pop(0) if self.stopped else 0.0)
        await asyncio.sleep(0)


class Line:
    """The shared line of places, in memory; `slow` is how long it takes to answer."""

    def __init__(self, time, *, slow=0.0):
        self.time, self.slow, self.next, self.taken = time, slow, 0.0, []

    async def take(self, shop_key, interval):
        asked = self.time.now
        due = max(self.next, asked)
        self.next = due + interval
        self.taken.append(due)
        self.time.now += self.slow
        return due - asked


async def calls(pace, time, count):
    found = []
    for _ in range(count):
        await pace.turn()
        found.append(time.now)
    return found


def gaps(moments):
    ordered = sorted(moments)
    return [later - earlier for earlier, later in pairwise(ordered)]


@pytest.mark.parametrize("shared", [False, True])
async def test_calls_are_an_interval_apart(shared):
    time = Time()
    pace = Pace("demo", 1.0, Line(time) if shared else None, monotonic=time.monotonic, sleep=time.sleep)
    assert gaps(await calls(pace, time, 5)) == pytest.approx([1.0] * 4)


async def test_time_spent_between_calls_is_not_waited_for_again():
    time = Time()
    pace = Pace("demo", 1.0, Line(time), monotonic=time.monotonic, sleep=time.sleep)
    await pace.turn()
    time.now += 0.7
    await pace.turn()
    assert time.now == pytest.approx(101.0)
    time.now += 5
    await pace.turn()
    assert time.now == pytest.approx(106.0)


async def test_a_late_call_keeps_its_distance_to_the_next():
    time = Time()
    pace = Pace("demo", 1.0, Line(time), monotonic=time.monotonic, sleep=time.sleep)
    time.stopped = [0.0, 0.4]
    await pace.turn()
    assert min(gaps(await calls(pace, time, 4))) >= 1.0 - 1e-9


async def test_a_successor_waits_for_its_place():
    """A restart, or a take-over of the lease: the new one knows nothing but the line."""
    time = Time()
    line = Line(time)
    first = Pace("demo", 5.0, line, monotonic=time.monotonic, sleep=time.sleep)
    second = Pace("demo", 5.0, line, monotonic=time.monotonic, sleep=time.sleep)
    assert gaps([*await calls(first, time, 2), *await calls(second, time, 2)]) == pytest.approx([5.0] * 3)


async def test_whoever_was_stopped_goes_to_the_end_of_the_line():
    """A process that sleeps through a take-over must not make its last call beside its successor's."""
    time = Time()
    line = Line(time)
    pace = Pace("demo", 1.0, line, monotonic=time.monotonic, sleep=time.sleep)
    await pace.turn()
    time.stopped = [LATEST + 30]
    await pace.turn()
    assert time.now - line.taken[-1] <= LATEST
    assert len(line.taken) == 3


async def test_a_slow_database_does_not_stop_the_calls_indefinitely():
    time = Time()
    pace = Pace("demo", 1.0, Line(time, slow=3 * LATEST), monotonic=time.monotonic, sleep=time.sleep)
    assert min(gaps(await calls(pace, time, 3))) >= 1.0


async def test_tasks_of_one_process_wait_for_each_other():
    time = Time()
    pace = Pace("demo", 1.0, None, monotonic=time.monotonic, sleep=time.sleep)
    moments = []

    async def one():
        await pace.turn()
        moments.append(time.now)

    await asyncio.gather(*(one() for _ in range(5)))
    assert min(gaps(moments)) >= 1.0
