"""Waits of handlers end with the process; nothing here measures time."""

import asyncio

import pytest

from shopsync_runtime import RetryableError, Shutdown, ShuttingDown

INDEFINITELY = 10**9


@pytest.fixture
def shutdown():
    return Shutdown()


async def never():
    return False


async def hangs():
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize("check", [never, hangs])
async def test_a_wait_ends_when_shutdown_begins(shutdown, check):
    waiting = asyncio.create_task(shutdown.eventually(check, INDEFINITELY, poll=INDEFINITELY))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    shutdown.begin()
    with pytest.raises(ShuttingDown):
        await waiting


async def test_a_wait_does_not_begin_after_shutdown_has(shutdown):
    shutdown.begin()
    with pytest.raises(ShuttingDown):
        await shutdown.eventually(never, INDEFINITELY)


def test_the_message_is_handed_back():
    assert issubclass(ShuttingDown, RetryableError)


async def test_what_comes_true_and_what_does_not(shutdown):
    answers = iter([False, False, True])

    async def third_time():
        return next(answers)

    assert await shutdown.eventually(third_time, INDEFINITELY, poll=0)
    assert not await shutdown.eventually(never, 0)


async def test_an_error_of_the_check_goes_up(shutdown):
    async def fails():
        raise ConnectionError("away")

    with pytest.raises(ConnectionError):
        await shutdown.eventually(fails, INDEFINITELY)


async def test_a_cancelled_wait_cancels_its_check(shutdown):
    cancelled = asyncio.Event()

    async def told():
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return True

    waiting = asyncio.create_task(shutdown.eventually(told, INDEFINITELY))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cancelled.is_set()
