"""What imports and sweeps have in common: how one is found, and the newest of them."""

from shopsync_readmodel.errors import NoRun
from shopsync_runtime.mongo import Database, Document

_LONG = {"verdicts": 0, "candidates": 0, "report": 0, "refused": 0, "doubts": 0, "position": 0}


async def newest(database: Database, collection: str, shop_key: str | None, limit: int) -> list[Document]:
    """The newest documents, of one shop or of all, without their long lists."""
    query = {} if shop_key is None else {"shop_key": shop_key}
    return await database[collection].find(query, _LONG).sort("requested_at", -1).limit(limit).to_list()


async def find(database: Database, collection: str, wanted: str) -> Document:
    """The one with this id, or whose id begins so, or that a request with this id asked for. Raises NoRun."""
    ids = {"$or": [{"_id": wanted}, {"request_id": wanted}, {"_id": {"$gte": wanted, "$lt": wanted + "\uffff"}}]}
    found = await database[collection].find(ids).limit(2).to_list()
    if len(found) == 1:
        return found[0]
    what = "no" if not found else "more than one"
    raise NoRun(f"{what} {collection.removesuffix('s')} has an id that begins with {wanted!r}", collection)
