"""Shops as the catalogue stores them: some products go through it, the others are written as copies of them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import WriteConcern
from pymongo.asynchronous.database import AsyncDatabase

from shopsync_contracts import ShopBody
from shopsync_contracts.events import EditChanges, ProductChanged, ProductEdited, ShopSettingsChanged, SyncTargetSet
from shopsync_rehearsals.bench.catalogue.messages import change, numbered
from shopsync_rehearsals.bus import Bus
from shopsync_testkit.polling import eventually

Documents = Mapping[str, Any]

STATUSES = ("incomplete", "pending", "synced", "synced", "synced", "incomplete", "in_review", "rejected", "sync_error")
"""In turn: the ones that a shop has most come more often."""
_AT_ONCE = 1_000
_WRITERS = 2


def shop_named(number: int) -> str:
    """The shop's key."""
    return f"shop{number:02}"


def bodies(shop_key: str, count: int, seed: int) -> list[ShopBody]:
    """What the catalogue is told: products, an edit of each, and every second one switched ON."""
    now = datetime.now(UTC)
    told: list[ShopBody] = [ShopSettingsChanged(shop_key=shop_key)]
    for place in range(count):
        number = numbered(place)
        told.append(ProductChanged.model_validate(change(number, 1, seed, shop=shop_key).data.model_dump()))
        edited = EditChanges(name=f"{number}の商品", package_weight_g=300 + place)
        told.append(ProductEdited(shop_key=shop_key, product_no=number, edited_at=now, changes=edited))
        if place % 2:
            told.append(SyncTargetSet(shop_key=shop_key, product_no=number, sync_enabled=True))
    return told


async def take_in(bus: Bus, database: AsyncDatabase[Any], shop_key: str, count: int, seed: int) -> list[Documents]:
    """The documents of products that the running catalogue took."""
    await bus.publish(bodies(shop_key, count, seed))
    done = {"shop_key": shop_key, "edited_fields": "name"}
    switched = {"shop_key": shop_key, "sync_enabled": True}

    async def all_are_there() -> bool:
        products = database["products"]
        found = await products.count_documents(done), await products.count_documents(switched)
        return found == (count, count // 2)

    await eventually(all_are_there, timeout=120, what=f"{count} products in the catalogue")
    return await database["products"].find({"shop_key": shop_key}).sort("_id", 1).to_list()


async def fill(
    database: AsyncDatabase[Any],
    templates: Sequence[Documents],
    shops: Sequence[str],
    products: int,
    seen: Callable[[int], None],
) -> None:
    """Write every shop's products in place of those that are there."""
    collection = database["products"].with_options(write_concern=WriteConcern(w=1, j=False))
    await collection.delete_many({"shop_key": {"$in": list(shops)}})
    written = 0
    blocks = iter([(shop, first) for shop in shops for first in range(0, products, _AT_ONCE)])

    async def write() -> None:
        nonlocal written
        for shop, first in blocks:
            numbers = range(first, min(products, first + _AT_ONCE))
            await collection.insert_many(list(copies(templates, shop, numbers)), ordered=False)
            written += len(numbers)
            seen(written)

    await asyncio.gather(*(write() for _ in range(_WRITERS)))


def copies(templates: Sequence[Documents], shop_key: str, numbers: range) -> Iterator[dict[str, Any]]:
    """Documents of this shop with these numbers, in every 状態."""
    for place in numbers:
        number, template = numbered(place), templates[place % len(templates)]
        yield {
            **template,
            "_id": f"{shop_key}/{number}",
            "shop_key": shop_key,
            "product_no": number,
            "status": STATUSES[place % len(STATUSES)],
        }
