"""Saying what is being waited for, from the first second on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
Told = Callable[[str], None]
_AGAIN_SECONDS = 10.0


def silently(_: str) -> None:
    """Tells nobody."""


async def telling(tell: Told, what: str, work: Awaitable[T], *, again_after: float = _AGAIN_SECONDS) -> T:
    """Do the work. Tells at once what begins, every `again_after` seconds that it still lasts, and how long it took."""
    began = time.monotonic()
    tell(f"{what} …")
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=again_after))[0]:
            tell(f"{what} … {time.monotonic() - began:.0f} s so far")
        result = task.result()
    finally:
        task.cancel()
    tell(f"{what}: done in {time.monotonic() - began:.1f} s")
    return result
