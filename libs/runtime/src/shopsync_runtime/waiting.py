import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_SECONDS = 0.2


async def comes_true(check: Callable[[], Awaitable[bool]], seconds: float, *, poll: float = POLL_SECONDS) -> bool:
    """Whether the check becomes true in time. It is called at least once."""
    deadline = time.monotonic() + seconds
    while not await check():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(poll)
    return True
