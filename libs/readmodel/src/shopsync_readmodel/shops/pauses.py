"""`push_pauses`: an operator paused the pushes of a shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_contracts.times import to_the_millisecond
from shopsync_readmodel.times import show_time
from shopsync_runtime.mongo import Database


@dataclass(frozen=True, slots=True)
class Pause:
    """The pushes of a shop are paused. `source`: who said so."""

    since: datetime | None
    reason: str
    source: str

    @property
    def line(self) -> str:
        """`paused since … by /shopsync/ops: prices are corrected`."""
        return f"paused since {show_time(self.since)} by {self.source}{f': {self.reason}' if self.reason else ''}"


def pause_of(document: Mapping[str, Any] | None) -> Pause | None:
    """From a document of `push_pauses`; None when the shop is not paused."""
    if document is None or not document.get("paused"):
        return None
    return Pause(document.get("set_at"), str(document.get("reason") or ""), str(document.get("source") or "?"))


async def pause_is_stored(database: Database, shop_key: str, set_at: datetime) -> bool:
    """Whether the publisher has stored the pause or resumption of that moment, or a later one.

    Stored times have milliseconds.
    """
    stored_at = to_the_millisecond(set_at)
    found = await database["push_pauses"].find_one({"_id": shop_key, "set_at": {"$gte": stored_at}}, {"_id": 1})
    return found is not None
