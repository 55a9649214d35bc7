"""What a sync would do now: which products go, and why the others wait (RB-4, ED-5)."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from shopsync_readmodel.products.hidden import HiddenProducts, read_hidden
from shopsync_readmodel.products.listed import BY_STATUS, LISTED, by_list
from shopsync_readmodel.products.search import ProductFilter
from shopsync_runtime.chunks import batched
from shopsync_runtime.mongo import Database, Document

T = TypeVar("T")

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Counts of products. `incomplete` are ON and lack a value; `no_category` of these have no category.

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
        found = await _counts(database, query)
        counts.update(found)
        if found["incomplete"] and len(first) < limit:
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


def _queries(shop_key: str, chosen: ProductFilter | None, numbers: Sequence[str] | None) -> list[Document]:
    if numbers is not None:
        ids = [f"{shop_key}/{one}" for one in dict.fromkeys(numbers)]
        return [{"_id": {"$in": some}} for some in batched(ids, _AT_ONCE)]
    return [{**({} if chosen is None else chosen.query()), "shop_key": shop_key}]


def sync_groups(query: Document) -> list[Document]:
    """The aggregation behind the counts: it reads nothing that the index of the list does not hold."""
    lacks_category = {"$in": [{"$ifNull": ["$content.category_id", ""]}, [""]]}
    kinds = {"on": "$sync_enabled", "is_incomplete": {"$eq": ["$status", "incomplete"]}, "no_category": lacks_category}
    return [{"$match": query}, {"$group": {"_id": kinds, "n": {"$sum": 1}}}]


async def _counts(database: Database, query: Document) -> Counter[str]:
    async def ask(hint: Mapping[str, Any]) -> list[Document]:
        return await (await database["products"].aggregate(sync_groups(query), **hint)).to_list()

    found: Counter[str] = Counter()
    for row in await _asked(query, ask):
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


async def _incomplete(database: Database, query: Document, limit: int) -> list[tuple[str, str]]:
    # Conditions of the filter stay: one that asks for other products takes none of these.
    lacking = {"$and": [query, {"sync_enabled": True, "status": "incomplete"}]}

    async def ask(hint: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = database["products"].find(lacking, {"content.name": 1}, **hint).sort("_id", 1).limit(limit)
        return [(str(one["_id"]).partition("/")[2], (one.get("content") or {}).get("name", "")) async for one in found]

    return await _asked(query, ask)


async def _asked(query: Document, ask: Callable[[Mapping[str, Any]], Awaitable[list[T]]]) -> list[T]:
    """Of some numbers by these, of a shop by an index of the list."""
    return await (by_list(ask, index_of(query)) if "shop_key" in query else ask({}))


def index_of(query: Document) -> str:
    """The one with the fewest entries to look at: those of a 状態, where names are not compared."""
    return BY_STATUS if "status" in query and "content.name" not in query else LISTED
