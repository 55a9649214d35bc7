"""Which products of a sync were not listed, where they ended, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.model import COUNT_OF_FAILED, Action
from shopsync_readmodel.products.explained import Explained, first_in_status, read_explained
from shopsync_runtime.mongo import Database

_NAMED: Final = 5
_REJECTED: Final = "rejected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`n` products ended in this 状態. `first`: numbers of some, with what is known of them now; None: it is gone."""

    status: str
    n: int
    first: tuple[tuple[str, Explained | None], ...]


class SyncOutcomes:
    """Reads only. The counts are those of the sync; names and reasons are of the products as they are now."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def of(self, action: Action) -> list[Outcome]:
        """One for each kind of failure; none for other actions."""
        if action.kind != "sync" or action.progress is None:
            return []
        named = {status: action.failures.get(status, ()) for status in COUNT_OF_FAILED}
        counts = {status: action.progress.get(count, 0) for status, count in COUNT_OF_FAILED.items()}
        if rejected := action.progress.get(_REJECTED, 0):
            among = None if action.more else action.product_nos
            named[_REJECTED] = await first_in_status(self._database, action.shop_key, _REJECTED, among, _NAMED)
            counts[_REJECTED] = rejected
        numbers = [number for some in named.values() for number in some[:_NAMED]]
        known = await read_explained(self._database, action.shop_key, numbers, self._clock())
        return [
            Outcome(status, counts[status], tuple((number, known.get(number)) for number in some[:_NAMED]))
            for status, some in named.items()
            if counts[status]
        ]
