"""Waiting for a condition instead of sleeping."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast, overload

T = TypeVar("T")


class NeverHappened(AssertionError):
    """The condition did not become true in time. The text holds the last value or error."""


@overload
async def eventually(
    check: Callable[[], Awaitable[T]],
    *,
    timeout: float = ...,  # noqa: ASYNC109
    interval: float = ...,
    what: str = ...,
) -> T: ...


@overload
async def eventually(
    check: Callable[[], T],
    *,
    timeout: float = ...,  # noqa: ASYNC109
    interval: float = ...,
    what: str = ...,
) -> T: ...


async def eventually(
    check: Callable[[], Awaitable[T]] | Callable[[], T],
    *,
    timeout: float = 120.0,  # noqa: ASYNC109 - the bound belongs to the poll, which reports the last value
    interval: float = 0.02,
    what: str = "the condition",
) -> T:
    """Call `check` (sync or async) until its value is truthy, and return that value.

    An AssertionError inside `check` counts as "not yet", so a check may be written as assertions that end in a
    truthy return. Any other error is raised at once. Raises NeverHappened after `timeout` seconds, also when one
    call of an async `check` takes longer than that.
    """
    deadline = time.monotonic() + timeout
    last: object = "no answer yet"
    while True:
        remaining = max(deadline - time.monotonic(), 0.001)
        try:
            value = check()
            if inspect.isawaitable(value):
                value = await asyncio.wait_for(value, remaining)
        except AssertionError as error:
            last = error
        except TimeoutError:
            if time.monotonic() < deadline:  # the check's own time-out, not ours
                raise
        else:
            if value:
                return cast("T", value)
            last = value
        if time.monotonic() >= deadline:
            raise NeverHappened(f"{what} did not happen within {timeout:g} s; last: {last!r}")
        await asyncio.sleep(interval)
