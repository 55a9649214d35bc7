"""Stopping tasks for certain.

PyMongo writes to its sockets under `asyncio.wait_for`, which in Python 3.11 loses a cancellation that arrives as the
write ends. A loop around the database would then run indefinitely, and whoever cancelled it once would wait for it as
long. So nothing else cancels a task and then waits for it; a test checks that.
"""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.5


def raise_if_cancelled() -> None:
    """Raise the CancelledError that was lost on the way. Call it once per turn of an endless loop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel until each has ended. Their results and errors stay with them."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_SECONDS)
