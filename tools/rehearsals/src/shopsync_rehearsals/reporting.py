"""Progress messages around work that takes a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
Report = Callable[[str], None]
_EVERY_SECONDS = 10.0


def discard(_: str) -> None:
    """A report that nobody reads."""


async def reported(report: Report, what: str, work: Awaitable[T], *, every: float = _EVERY_SECONDS) -> T:
    """Do the work. Reports its start, every `every` seconds that it is still running, and how long it took."""
    began = time.monotonic()
    report(f"{what} …")
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=every))[0]:
            report(f"{what} … {time.monotonic() - began:.0f} s so far")
        result = task.result()
    finally:
        task.cancel()
    report(f"{what}: done in {time.monotonic() - began:.1f} s")
    return result
