"""`bulk_reports`: what became of each product of a finished 一括入力・変更. Refused ones come first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import UpdateOne

from console.model import Action
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database

KEPT_FOR: Final = timedelta(days=60)
PAGE: Final = 100
_AT_ONCE: Final = 1_000
_KEY: Final = re.compile(r"[01]/[0-9]{6}")
_AFTER_ALL: Final = "2"


@dataclass(frozen=True, slots=True)
class BulkPage:
    """Numbers with the reason why they were refused; None: it was written. `after`: where the next page begins."""

    lines: tuple[tuple[str, str | None], ...]
    after: str | None


class BulkReports:
    """A document per product, in the order of the report: `<action>/<0 refused, 1 written>/<place>`."""

    def __init__(self, database: Database) -> None:
        self._reports = database["bulk_reports"]

    async def ensure_indexes(self) -> None:
        """Create the missing index: MongoDB removes a report after two months."""
        await self._reports.create_index("expires_at", expireAfterSeconds=0)

    async def keep(self, action: Action, written: Sequence[str], now: datetime) -> None:
        """Of an action at its end. Every replica does; they write the same."""
        common = {"shop_key": action.shop_key, "expires_at": now + KEPT_FOR}
        for some in batched(_documents(action, written), _AT_ONCE):
            writes = [UpdateOne({"_id": id_}, {"$set": {**common, **line}}, upsert=True) for id_, line in some]
            await self._reports.bulk_write(writes, ordered=False)

    async def page(self, shop_key: str, action_id: str, after: str = "") -> BulkPage:
        """The next products after this key. No lines: nothing is kept of this action."""
        begin = f"{action_id}/{after}" if _KEY.fullmatch(after) else f"{action_id}/"
        which = {"_id": {"$gt": begin, "$lt": f"{action_id}/{_AFTER_ALL}"}, "shop_key": shop_key}
        found = await self._reports.find(which).sort("_id", 1).limit(PAGE + 1).to_list()
        shown = found[:PAGE]
        last = shown[-1]["_id"].removeprefix(f"{action_id}/") if len(found) > PAGE else None
        return BulkPage(tuple((one["product_no"], one["reason"]) for one in shown), last)


def _documents(action: Action, written: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, (product_no, reason) in enumerate(action.refused):
        yield f"{action.id}/0/{place:06}", {"product_no": product_no, "reason": reason}
    for place, product_no in enumerate(written):
        yield f"{action.id}/1/{place:06}", {"product_no": product_no, "reason": None}
