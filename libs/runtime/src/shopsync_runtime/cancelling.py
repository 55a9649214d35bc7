"""Reliable cancellation of tasks.

PyMongo writes to its sockets under `asyncio.wait_for`, which in Python 3.11 loses a cancellation that arrives when the
write ends. A loop around the database would then never end, and neither would the wait for it. So tasks are only
cancelled and awaited here; a test checks that.
"""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.5


def raise_if_cancelled() -> None:
    """Raise a CancelledError that was lost. Call it once per iteration of an endless loop."""
    task = asyncio.current_task()
    if task is not None and task.cancelling() > 0:
        raise asyncio.CancelledError


async def stop(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel each task until it has ended. Their results and errors are not raised."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=_AGAIN_SECONDS)
