import asyncio
from collections.abc import Awaitable
from typing import Any


async def all_ended(*work: Awaitable[Any]) -> None:
    """Wait until all have ended, even if one fails. Raises the first error in the given order."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
