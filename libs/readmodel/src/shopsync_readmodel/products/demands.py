"""What categories require beyond what the catalog checks, and which products lack it (ED-8).

TikTok Shop alone knows the requirements: whoever asks here brings them along.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shopsync_readmodel.products.listed import asked
from shopsync_runtime.mongo import Database, Document

CHECKED: Final = ("pending", "warehouse_missing", "sync_error", "rejected")
"""状態 of complete products that a push checks. What TikTok Shop has taken it leaves alone while it is equal (RB-9)."""
MOST_LOOKED_AT: Final = 20_000
"""Products that are read for one answer: attributes stand in no index."""
MOST_NAMED: Final = 200
"""The list has no filter for them, since the catalog knows nothing of it."""

Choice = tuple[str, str, str]
"""Attribute, id of a value, its name: a value is stored by either."""
Named = tuple[tuple[str, str], ...]
"""Numbers and names of products."""


@dataclass(frozen=True, slots=True)
class DemandedAttribute:
    """An attribute that is required, always or only with one of these choices."""

    id: str
    only_with: tuple[Choice, ...] = ()

    def lacks(self) -> Document:
        """The condition of products without it."""
        blank: Document = {"content.attributes.id": {"$ne": self.id}}
        if not self.only_with:
            return blank
        return {"$and": [blank, {"$or": [_chosen(*one) for one in self.only_with]}]}


@dataclass(frozen=True, slots=True)
class Demand:
    """What one category requires. A certificate can be sent of no product: `certificate_with` one of these choices."""

    attributes: tuple[DemandedAttribute, ...] = ()
    needs_size_chart: bool = False
    needs_certificate: bool = False
    certificate_with: tuple[Choice, ...] = ()

    def lacks(self) -> list[Document]:
        """A product that fulfils one of these lacks something. None: nothing is required."""
        if self.needs_certificate:
            return [{}]
        blank: Document = {"content.size_chart_image": {"$in": [None, ""]}}
        return [
            *(one.lacks() for one in self.attributes),
            *([blank] if self.needs_size_chart else []),
            *(_chosen(*one) for one in self.certificate_with),
        ]


Demands = Callable[[Sequence[str]], Awaitable[Mapping[str, Demand]]]
"""Asked with categories, those of most products first. What cannot be told now is left out."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Products that lack something. `unchecked`: of so many others nobody can say."""

    count: int = 0
    first: Named = ()
    unchecked: int = 0


async def find_lacking(database: Database, parts: Sequence[tuple[Document, Counter[str]]], demands: Demands) -> Lacking:
    """Among the products of each query that a push would check, counted by category."""
    totals: Counter[str] = Counter()
    for _, found in parts:
        totals.update(found)
    known = await demands([one for one, _ in totals.most_common()]) if totals else {}
    conditions = _conditions(known)
    unchecked = sum(n for category, n in totals.items() if category not in known)
    count, left = 0, MOST_LOOKED_AT
    first: list[tuple[str, str]] = []
    for query, found in parts:
        total = sum(n for category, n in found.items() if category in conditions)
        looked_at = min(total, left)
        left, unchecked = left - looked_at, unchecked + total - looked_at
        if looked_at:
            wanted = {category: conditions[category] for category in found if category in conditions}
            n, some = await _look(database, query, wanted, looked_at)
            count, first = count + n, [*first, *some][:MOST_NAMED]
    return Lacking(count, tuple(first), unchecked)


async def find_lacking_of(
    database: Database, shop_key: str, product_nos: Sequence[str], demands: Demands
) -> frozenset[str]:
    """Which of these few products lack something, whatever their 状態."""
    these: Document = {"_id": {"$in": [f"{shop_key}/{one}" for one in product_nos]}}
    categories: Counter[str] = Counter()
    async for one in database["products"].find(these, {"content.category_id": 1}):
        categories[(one.get("content") or {}).get("category_id") or ""] += 1
    del categories[""]
    conditions = _conditions(await demands([one for one, _ in categories.most_common()])) if categories else {}
    if not conditions:
        return frozenset()
    found = database["products"].find({"$and": [these, {"$or": list(conditions.values())}]}, {"_id": 1})
    return frozenset([str(one["_id"]).partition("/")[2] async for one in found])


def _conditions(known: Mapping[str, Demand]) -> dict[str, Document]:
    """By category, of those that require anything."""
    return {
        category: {"content.category_id": category, "$or": lacks}
        for category, demand in known.items()
        if (lacks := demand.lacks())
    }


async def _look(
    database: Database, query: Document, conditions: Mapping[str, Document], most: int
) -> tuple[int, Named]:
    indexed = {
        "sync_enabled": True,
        "status": {"$in": list(CHECKED)},
        "content.category_id": {"$in": list(conditions)},
    }
    product = {"id": "$_id", "name": "$content.name"}
    pipeline: list[Document] = [
        {"$match": {"$and": [query, indexed]}},
        # Before the products are read. As part of the first condition what follows would take far longer to compare.
        {"$limit": most},
        {"$match": {"$or": list(conditions.values())}},
        {"$group": {"_id": None, "n": {"$sum": 1}, "first": {"$minN": {"n": MOST_NAMED, "input": product}}}},
    ]

    async def ask(hint: Mapping[str, Any]) -> list[Document]:
        return await (await database["products"].aggregate(pipeline, **hint)).to_list()

    found = await asked(query, ask)
    if not found:
        return 0, ()
    return found[0]["n"], tuple((str(one["id"]).partition("/")[2], one.get("name") or "") for one in found[0]["first"])


def _chosen(attribute: str, value: str, name: str) -> Document:
    values = {"$elemMatch": {"$or": [{"id": value}, {"name": name}]}}
    return {"content.attributes": {"$elemMatch": {"id": attribute, "values": values}}}
