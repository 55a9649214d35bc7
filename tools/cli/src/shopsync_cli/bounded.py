"""Work with a client that may hang, swallow its cancellation, or be cancelled by a task of its own."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from shopsync_cli.errors import CommandFailed, Unreachable

T = TypeVar("T")
_SETTLE_SECONDS = 1.0


class TookTooLong(Unreachable):
    """No answer in time."""


class ClientGaveUp(CommandFailed):
    """The client was cancelled by a task of its own."""


async def bounded(work: Awaitable[T], seconds: float) -> T:
    """Its result. Raises TookTooLong or ClientGaveUp, which are CommandFailed."""
    task = asyncio.ensure_future(work)
    # Not asyncio.timeout: a client that swallows its cancellation must not hold up what goes on beside it.
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_SETTLE_SECONDS)
        raise TookTooLong(f"no answer within {seconds:g} s")
    if task.cancelled():
        # aiokafka raises that of a task of its own when its broker goes away.
        raise ClientGaveUp("the connection was lost meanwhile")
    return task.result()
