"""Work beside a run that ends by itself is told: a check of less than was planned would be worth nothing."""

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError

from shopsync_rehearsals.endurance import load
from shopsync_rehearsals.endurance.load import Load, Mixture
from shopsync_rehearsals.endurance.soak.run import working

PRODUCTS = 5


class Producer:
    """Takes so many messages, then nothing more."""

    def __init__(self, takes):
        self.left = takes
        self.stopped = False

    async def start(self):
        pass

    async def stop(self):
        self.stopped = True

    async def send(self, topic, _value, **_how):
        self.left -= 1
        if self.left < 0:
            raise KafkaTimeoutError
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged


@pytest.fixture
def producer(monkeypatch):
    def make(takes):
        made = Producer(takes)
        monkeypatch.setattr(load, "AIOKafkaProducer", lambda **_: made)
        return made

    return make


def flowing():
    return Load("nowhere:1", "p", "demo", Mixture(PRODUCTS, rate=1000, poison_one_in=0, repeat_one_in=0))


async def test_a_load_that_cannot_go_on_is_told_when_it_is_stopped(producer):
    made = producer(PRODUCTS + 3)
    with pytest.raises(KafkaTimeoutError):
        async with flowing() as running:
            await asyncio.wait({running._flow})
    assert made.stopped


async def test_a_load_that_is_stopped_is_no_fault(producer):
    made = producer(100_000)
    async with flowing() as running:
        await asyncio.sleep(0)
    assert len(running.sent.acknowledged) >= PRODUCTS
    assert made.stopped


async def test_work_beside_that_ends_after_the_last_look_is_told():
    failing = asyncio.Event()

    async def work():
        await failing.wait()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - it is raised at the end of the block
        async with working(work) as failed:
            assert failed() is None
            failing.set()
            await asyncio.sleep(0.01)


async def test_work_beside_that_goes_on_is_stopped():
    ended = asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with working(work) as failed:
        await asyncio.sleep(0)
    assert ended.is_set()
    assert failed() is None
