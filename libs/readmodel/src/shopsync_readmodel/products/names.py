"""Name and 状態 of some products, for lists that know only their numbers."""

from collections.abc import Iterable
from dataclasses import dataclass

from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NamedProduct:
    """One product that the tool has."""

    product_no: str
    name: str
    status: str


async def read_named(database: Database, shop_key: str, product_nos: Iterable[str]) -> dict[str, NamedProduct]:
    """By number; those that the shop does not have are left out."""
    named: dict[str, NamedProduct] = {}
    fields = {"product_no": 1, "content.name": 1, "status": 1}
    for some in batched(dict.fromkeys(product_nos), _AT_ONCE):
        ids = [f"{shop_key}/{number}" for number in some]
        async for one in database["products"].find({"_id": {"$in": ids}}, fields):
            name = (one.get("content") or {}).get("name", "")
            named[one["product_no"]] = NamedProduct(one["product_no"], name, one.get("status", ""))
    return named
