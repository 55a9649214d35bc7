"""Products whose listing is hidden in Seller Center while they are ON: the next sync puts them on sale again (LY-6)."""

from dataclasses import dataclass

from shopsync_readmodel.products.sale import HIDDEN_QUERY
from shopsync_runtime.mongo import Database, Document


@dataclass(frozen=True, slots=True)
class HiddenProducts:
    """How many there are; product number and name of the first ones."""

    count: int
    first: tuple[tuple[str, str], ...]


async def read_hidden(
    database: Database, shop_key: str, limit: int, *, among: Document | None = None
) -> HiddenProducts:
    """Those of the shop that a sync would send: ON and complete. `among`: a condition that they fulfil, too."""
    query: Document = {
        "shop_key": shop_key,
        "sync_enabled": True,
        "status": {"$ne": "incomplete"},
        **HIDDEN_QUERY,
    }
    query = query if among is None else {"$and": [query, among]}
    fields = {"product_no": 1, "content.name": 1}
    found = await database["products"].find(query, fields).sort("_id", 1).limit(limit + 1).to_list()
    first = tuple((one["product_no"], (one.get("content") or {}).get("name", "")) for one in found[:limit])
    count = len(found) if len(found) <= limit else await database["products"].count_documents(query)
    return HiddenProducts(count, first)
