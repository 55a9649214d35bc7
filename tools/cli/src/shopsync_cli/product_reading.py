"""Everything MongoDB holds about one product."""

import difflib
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shopsync_cli.errors import CommandFailed
from shopsync_cli.layers import Document, Held, Layers, Tombstone, read_held, read_layers, read_tombstone
from shopsync_cli.optional_reading import if_allowed, optional_by_id
from shopsync_cli.publisher_records import ListingRecord, PushJob, read_job, read_listing
from shopsync_cli.pushes import Pause, pause_of
from shopsync_contracts import describe
from shopsync_contracts.events import ProductSnapshot, SyncSettings, TaxDefaults
from shopsync_runtime.mongo import Database

PAGE = 500
_NEAREST = 5


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's settings; the defaults where members are missing."""

    sync: SyncSettings
    tax: TaxDefaults


@dataclass(frozen=True, slots=True)
class Found:
    """All that is known of one product. `snapshot` and `layers` are None for one that is not (or no longer) there.

    `unreadable` names the collections that the user may not read. `pause`: an operator lets the shop's pushes wait.
    """

    shop_key: str
    product_no: str
    snapshot: ProductSnapshot | None
    layers: Layers
    tombstone: Tombstone | None
    shop: Shop | None
    held: tuple[Held, ...] = ()
    job: PushJob | None = None
    listing: ListingRecord | None = None
    unreadable: tuple[str, ...] = ()
    pause: Pause | None = None

    @property
    def tax(self) -> TaxDefaults:
        """By which prices are reckoned."""
        return TaxDefaults() if self.shop is None else self.shop.tax


async def read_product(database: Database, shop_key: str, product_no: str) -> Found:
    """The product, alive, deleted or only waited for. Raises CommandFailed naming the nearest when there is none."""
    one = f"{shop_key}/{product_no}"
    document = await database["products"].find_one({"_id": one})
    unreadable: list[str] = []
    tombstone = await _optional(database, "tombstones", one, unreadable)
    job = await _optional(database, "push_jobs", one, unreadable)
    listing = await _optional(database, "listings", one, unreadable)
    held = await _held(database, shop_key, product_no, unreadable)
    if document is None and tombstone is None and not held:
        raise CommandFailed(await _not_there(database, shop_key, product_no))
    return Found(
        shop_key=shop_key,
        product_no=product_no,
        snapshot=None if document is None else snapshot_of(document),
        layers=Layers() if document is None else read_layers(document),
        tombstone=None if tombstone is None else read_tombstone(tombstone),
        shop=await read_shop(database, shop_key),
        held=held,
        job=None if job is None else read_job(job),
        listing=None if listing is None else read_listing(listing),
        unreadable=tuple(unreadable),
        pause=pause_of((await optional_by_id(database, "push_pauses", shop_key)).get(shop_key)),
    )


def snapshot_of(document: Document) -> ProductSnapshot:
    """The merged product. Raises CommandFailed that names the member which breaks the contract."""
    try:
        return ProductSnapshot.from_document(document)
    except ValidationError as error:
        raise CommandFailed(f"{document.get('_id')} in products breaks the contract: {describe(error)}") from None


async def read_shop(database: Database, shop_key: str) -> Shop | None:
    """The shop's settings, None when it has none."""
    document = await database["shops"].find_one({"_id": shop_key})
    if document is None:
        return None
    return Shop(
        sync=SyncSettings.model_validate(document.get("sync") or {}, strict=False),
        tax=TaxDefaults.model_validate(document.get("tax") or {}, strict=False),
    )


async def require_shop(database: Database, shop_key: str) -> Shop | None:
    """Its settings. Raises CommandFailed that names the shops there are, when it has neither settings nor products."""
    shop = await read_shop(database, shop_key)
    if shop is None and await database["products"].find_one({"shop_key": shop_key}, {"_id": 1}) is None:
        raise CommandFailed(await _no_shop(database, shop_key))
    return shop


async def last_import(database: Database, shop_key: str) -> tuple[str, datetime] | None:
    """Mode and end of the newest import that brought values; None when there is none, or it may not be read."""
    brought = {"shop_key": shop_key, "finished": True, "failure": None, "mode": {"$ne": "enumerate"}}
    newest = database["imports"].find_one(brought, {"mode": 1, "ended_at": 1}, sort=[("ended_at", -1)])
    document = await if_allowed(newest)
    return None if document is None or not document.get("ended_at") else (document["mode"], document["ended_at"])


async def pages(database: Database, query: dict[str, Any], fields: dict[str, int]) -> AsyncIterator[list[Document]]:
    """Documents of `products` page by page, by `_id`: constant memory, and no cursor that could time out."""
    after = ""
    while True:
        found = database["products"].find({**query, "_id": {"$gt": after}}, fields).sort("_id", 1).limit(PAGE)
        page: list[Document] = list(await found.to_list())
        if not page:
            return
        yield page
        after = page[-1]["_id"]


async def _optional(database: Database, name: str, one: str, unreadable: list[str]) -> Document | None:
    found = await if_allowed(database[name].find({"_id": one}).to_list())
    if found is None:
        unreadable.append(name)
    return found[0] if found else None


async def _held(database: Database, shop_key: str, product_no: str, unreadable: list[str]) -> tuple[Held, ...]:
    subjects = [f"{shop_key}/{product_no}", shop_key]
    found = await if_allowed(
        database["held_messages"].find({"subject": {"$in": subjects}}).sort("held_at", 1).to_list()
    )
    if found is None:
        unreadable.append("held_messages")
    return tuple(held for one in found or () if (held := read_held(one, product_no)) is not None)


async def _not_there(database: Database, shop_key: str, product_no: str) -> str:
    nearest: list[str] = []
    any_there = False
    async for page in pages(database, {"shop_key": shop_key}, {"product_no": 1}):
        any_there = True
        numbers = {str(one.get("product_no")) for one in page} | set(nearest)
        nearest = difflib.get_close_matches(product_no, sorted(numbers), n=_NEAREST, cutoff=0.5)
    if any_there:
        hint = f"nearest: {', '.join(nearest)}" if nearest else "nothing is near; `shopsync products --shop` lists them"
        return f"product {shop_key}/{product_no} is not in the tool; {hint}"
    if await read_shop(database, shop_key) is None:
        return f"product {shop_key}/{product_no}: {await _no_shop(database, shop_key)}"
    return f"product {shop_key}/{product_no}: the shop has no products yet; import it first"


async def _no_shop(database: Database, shop_key: str) -> str:
    found = await database["shops"].find({}, {"_id": 1}).sort("_id", 1).limit(21).to_list()
    names = [str(one["_id"]) for one in found]
    there = ", ".join([*names[:20], *(["…"] if len(names) > 20 else [])]) or "none"
    add = f"`shopsync shops put {shlex.quote(shop_key)}` adds it"
    return f"no shop {shop_key!r} in MongoDB; shops with settings: {there}; {add}"
