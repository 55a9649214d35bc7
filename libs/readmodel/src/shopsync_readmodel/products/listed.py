"""The catalogue's indexes of the list: 状態, 連携対象 and category of each product, in the list's order.

One has the names too; the other one begins with 状態.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from pymongo.errors import OperationFailure

T = TypeVar("T")

LISTED: Final = "listed"
BY_STATUS: Final = "by_status"
_NO_SUCH_INDEX = 2


async def by_list(ask: Callable[[Mapping[str, Any]], Awaitable[T]], index: str = LISTED) -> T:
    """Ask with a hint at one of them: MongoDB by itself may read every product where hardly one matches."""
    try:
        return await ask({"hint": index})
    except OperationFailure as error:
        if error.code != _NO_SUCH_INDEX:
            raise
    # A catalog of an earlier version has not made it yet.
    return await ask({})
