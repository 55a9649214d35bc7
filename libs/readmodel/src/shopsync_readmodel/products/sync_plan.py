"""What a sync would do now: which products go, and why the others wait (RB-4, ED-5)."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_readmodel.products.demands import CHECKED, Demands, Lacking, find_lacking
from shopsync_readmodel.products.hidden import HiddenProducts, read_hidden
from shopsync_readmodel.products.listed import asked
from shopsync_readmodel.products.search import ProductFilter
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database, Document

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Counts of products. `incomplete` are ON and lack a value; `no_category` of these have no category.

    `unknown`: numbers that the shop does not have. `first_incomplete`: number and name of some. `lacking`: complete
    for the catalog, but without what their category requires, so that the push refuses them; `go` is without them.
    """

    go: int
    off: int
    incomplete: int
    no_category: int
    unknown: int
    first_incomplete: tuple[tuple[str, str], ...]
    hidden: HiddenProducts
    lacking: Lacking


async def plan_sync(
    database: Database,
    shop_key: str,
    *,
    chosen: ProductFilter | None = None,
    numbers: Sequence[str] | None = None,
    demands: Demands,
    limit: int,
) -> SyncPlan:
    """Of the whole shop, of what a filter takes, or of these numbers. At most `limit` products are named of a kind."""
    queries = list(_queries(shop_key, chosen, numbers))
    counts: Counter[str] = Counter()
    checked: list[tuple[Document, Counter[str]]] = []
    first: list[tuple[str, str]] = []
    for query in queries:
        found, by_category = await _counts(database, query)
        counts.update(found)
        checked.append((query, by_category))
        if found["incomplete"] and len(first) < limit:
            first += await _incomplete(database, query, limit - len(first))
    lacking, hidden = await asyncio.gather(
        find_lacking(database, checked, demands),
        _hidden(database, shop_key, queries, limit),
    )
    return SyncPlan(
        go=max(0, counts["go"] - lacking.count),
        off=counts["off"],
        incomplete=counts["incomplete"],
        no_category=counts["no_category"],
        unknown=0 if numbers is None else len(set(numbers)) - counts["all"],
        first_incomplete=tuple(first),
        hidden=hidden,
        lacking=lacking,
    )


async def _hidden(database: Database, shop_key: str, queries: Sequence[Document], limit: int) -> HiddenProducts:
    found = [await read_hidden(database, shop_key, limit, among=query) for query in queries]
    return HiddenProducts(sum(one.count for one in found), tuple(p for one in found for p in one.first)[:limit])


def _queries(shop_key: str, chosen: ProductFilter | None, numbers: Sequence[str] | None) -> list[Document]:
    if numbers is not None:
        ids = [f"{shop_key}/{one}" for one in dict.fromkeys(numbers)]
        return [{"_id": {"$in": some}} for some in batched(ids, _AT_ONCE)]
    return [{**({} if chosen is None else chosen.query()), "shop_key": shop_key}]


def sync_groups(query: Document) -> list[Document]:
    """The aggregation behind the counts: it reads nothing that the index of the list does not hold."""
    category = {"$ifNull": ["$content.category_id", ""]}
    kinds = {"on": "$sync_enabled", "status": "$status", "category": {"$cond": ["$sync_enabled", category, ""]}}
    return [{"$match": query}, {"$group": {"_id": kinds, "n": {"$sum": 1}}}]


async def _counts(database: Database, query: Document) -> tuple[Counter[str], Counter[str]]:
    """All of them by kind, and those that a push would check by category."""

    async def ask(hint: Mapping[str, Any]) -> list[Document]:
        return await (await database["products"].aggregate(sync_groups(query), **hint)).to_list()

    found: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    for row in await asked(query, ask):
        kind, n = row["_id"], row["n"]
        found["all"] += n
        if not kind["on"]:
            found["off"] += n
        elif kind["status"] == "incomplete":
            found["incomplete"] += n
            found["no_category"] += 0 if kind["category"] else n
        else:
            found["go"] += n
            if kind["status"] in CHECKED:
                checked[kind["category"]] += n
    return found, checked


async def _incomplete(database: Database, query: Document, limit: int) -> list[tuple[str, str]]:
    # Conditions of the filter stay: one that asks for other products takes none of these.
    lacking = {"$and": [query, {"sync_enabled": True, "status": "incomplete"}]}

    async def ask(hint: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = database["products"].find(lacking, {"content.name": 1}, **hint).sort("_id", 1).limit(limit)
        return [(str(one["_id"]).partition("/")[2], (one.get("content") or {}).get("name", "")) async for one in found]

    return await asked(query, ask)
