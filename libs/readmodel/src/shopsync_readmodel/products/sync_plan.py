"""What a sync would do now: which products go, and why the others wait (RB-4, ED-5)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_readmodel.products.hidden import HiddenProducts, read_hidden
from shopsync_readmodel.products.search import ProductFilter
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Counts of products. `incomplete` are ON and lack a value; `no_category` of these lack their category.

    `unknown`: numbers that the shop does not have. `first_incomplete`: number and name of some.
    """

    go: int
    off: int
    incomplete: int
    no_category: int
    unknown: int
    first_incomplete: tuple[tuple[str, str], ...]
    hidden: HiddenProducts


async def plan_sync(
    database: Database,
    shop_key: str,
    *,
    chosen: ProductFilter | None = None,
    numbers: Sequence[str] | None = None,
    limit: int,
) -> SyncPlan:
    """Of the whole shop, of what a filter takes, or of these numbers. At most `limit` products are named of a kind."""
    queries = list(_queries(shop_key, chosen, numbers))
    counts: Counter[str] = Counter()
    first: list[tuple[str, str]] = []
    for query in queries:
        counts.update(await _counts(database, query))
        if len(first) < limit:
            first += await _incomplete(database, query, limit - len(first))
    hidden = [await read_hidden(database, shop_key, limit, among=query) for query in queries]
    return SyncPlan(
        go=counts["go"],
        off=counts["off"],
        incomplete=counts["incomplete"],
        no_category=counts["no_category"],
        unknown=0 if numbers is None else len(set(numbers)) - counts["all"],
        first_incomplete=tuple(first),
        hidden=HiddenProducts(sum(one.count for one in hidden), tuple(p for one in hidden for p in one.first)[:limit]),
    )


def _queries(shop_key: str, chosen: ProductFilter | None, numbers: Sequence[str] | None) -> list[dict[str, Any]]:
    if numbers is not None:
        ids = [f"{shop_key}/{one}" for one in dict.fromkeys(numbers)]
        return [{"_id": {"$in": some}} for some in batched(ids, _AT_ONCE)]
    return [{**({} if chosen is None else chosen.query()), "shop_key": shop_key}]


async def _counts(database: Database, query: dict[str, Any]) -> Counter[str]:
    lacks_category = {"$in": ["category_id", {"$ifNull": ["$missing", []]}]}
    kinds = {"on": "$sync_enabled", "is_incomplete": {"$eq": ["$status", "incomplete"]}, "no_category": lacks_category}
    found: Counter[str] = Counter()
    rows = await database["products"].aggregate([{"$match": query}, {"$group": {"_id": kinds, "n": {"$sum": 1}}}])
    async for row in rows:
        kind, n = row["_id"], row["n"]
        found["all"] += n
        if not kind["on"]:
            found["off"] += n
        elif kind["is_incomplete"]:
            found["incomplete"] += n
            found["no_category"] += n if kind["no_category"] else 0
        else:
            found["go"] += n
    return found


async def _incomplete(database: Database, query: dict[str, Any], limit: int) -> list[tuple[str, str]]:
    # Conditions of the filter stay: one that asks for other products takes none of these.
    lacking = {"$and": [query, {"sync_enabled": True, "status": "incomplete"}]}
    found = database["products"].find(lacking, {"product_no": 1, "content.name": 1}).limit(limit)
    return [(one["product_no"], (one.get("content") or {}).get("name", "")) async for one in found]
