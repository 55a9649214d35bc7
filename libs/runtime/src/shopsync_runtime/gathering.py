import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def all_ended(*work: Awaitable[T]) -> list[T]:
    """Wait until all have ended, even if one fails. Raises the first error in the given order."""
    results: list[T] = []
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        results.append(outcome)
    return results
