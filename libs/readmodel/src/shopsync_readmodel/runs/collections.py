"""What imports and sweeps have in common: how one is found, the newest of them, and a shop's by page."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shopsync_readmodel.errors import NoRun, WrongCursor
from shopsync_readmodel.permitted import if_allowed
from shopsync_runtime.mongo import Database, Document

_LONG = {"verdicts": 0, "candidates": 0, "report": 0, "refused": 0, "doubts": 0, "position": 0}


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest import or sweep of a shop. `ended_at` None: not yet."""

    state: str
    requested_at: datetime
    ended_at: datetime | None


async def newest(database: Database, collection: str, shop_key: str | None, limit: int) -> list[Document]:
    """The newest documents, of one shop or of all, without their long lists."""
    query = {} if shop_key is None else {"shop_key": shop_key}
    return await database[collection].find(query, _LONG).sort("requested_at", -1).limit(limit).to_list()


async def page_of_shop(
    database: Database, collection: str, shop_key: str, limit: int, after: str | None
) -> tuple[list[Document], str | None]:
    """One shop's documents, newest first, after the cursor of the page before; and the next cursor.

    A cursor is the time of the last one and the ids that stood there with that time. Raises WrongCursor.
    """
    seen: list[str] = []
    query: Document = {"shop_key": shop_key}
    if after is not None:
        moment, seen = _moment_and_ids(after)
        query["requested_at"] = {"$lte": moment}
    found = database[collection].find(query, _LONG).sort("requested_at", -1).limit(limit + len(seen) + 1)
    unseen = [one for one in await found.to_list() if one["_id"] not in seen]
    page = unseen[:limit]
    if len(unseen) <= limit:
        return page, None
    last = page[-1]["requested_at"]
    again = seen if after is not None and _moment_and_ids(after)[0] == last else []
    ids = [*again, *(str(one["_id"]) for one in page if one["requested_at"] == last)]
    return page, _SEPARATOR.join([last.isoformat(), *ids])


_SEPARATOR = "~"


def _moment_and_ids(cursor: str) -> tuple[datetime, list[str]]:
    time, *ids = cursor.split(_SEPARATOR)
    try:
        moment = datetime.fromisoformat(time)
        if moment.tzinfo is None or not ids:
            raise WrongCursor(cursor)
        return moment.astimezone(UTC), ids
    except (ValueError, OverflowError):
        raise WrongCursor(cursor) from None


async def find_of_shop(database: Database, collection: str, shop_key: str, run_id: str) -> Document:
    """The one with this id, if it is this shop's. Raises NoRun."""
    found = await database[collection].find_one({"_id": run_id, "shop_key": shop_key})
    if found is None:
        raise NoRun(f"shop {shop_key!r} has no {collection.removesuffix('s')} {run_id!r}", collection, shop_key)
    return dict(found)


async def newest_by_shop(database: Database, collection: str, end: str, shop_key: str | None) -> dict[str, LastRun]:
    """The newest of each shop, or of one. `end`: the member with the time at which it ended. One step per shop."""
    chosen: Document = {} if shop_key is None else {"shop_key": shop_key}
    fields = {"state": {"$first": "$state"}, "asked": {"$first": "$requested_at"}, "ended": {"$first": f"${end}"}}
    pipeline: list[Document] = [
        {"$match": chosen},
        {"$sort": {"shop_key": -1, "requested_at": -1}},
        {"$group": {"_id": "$shop_key", **fields}},
    ]
    found = await if_allowed(_rows(database, collection, pipeline))
    return {str(row["_id"]): LastRun(row["state"], row["asked"], row.get("ended")) for row in found or ()}


async def _rows(database: Database, collection: str, pipeline: list[Document]) -> list[Document]:
    return await (await database[collection].aggregate(pipeline)).to_list()


async def find(database: Database, collection: str, wanted: str) -> Document:
    """The one with this id, or whose id begins so, or that a request with this id asked for. Raises NoRun."""
    ids = {"$or": [{"_id": wanted}, {"request_id": wanted}, {"_id": {"$gte": wanted, "$lt": wanted + "\uffff"}}]}
    found = await database[collection].find(ids).limit(2).to_list()
    if len(found) == 1:
        return found[0]
    what = "no" if not found else "more than one"
    raise NoRun(f"{what} {collection.removesuffix('s')} has an id that begins with {wanted!r}", collection)
