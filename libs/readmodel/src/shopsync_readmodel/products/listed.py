"""The catalogue's indexes of the list: 状態, 連携対象 and category of each product, in the list's order.

One has the names too; the other one begins with 状態.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from pymongo.errors import OperationFailure

from shopsync_runtime.mongo import Document

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


async def asked(query: Document, ask: Callable[[Mapping[str, Any]], Awaitable[T]]) -> T:
    """Of some numbers by these, of a shop by an index of the list."""
    return await (by_list(ask, index_of(query)) if "shop_key" in query else ask({}))


def index_of(query: Document) -> str:
    """The one with the fewest entries to look at: those of a 状態, where names are not compared."""
    return BY_STATUS if "status" in query and "content.name" not in query else LISTED
