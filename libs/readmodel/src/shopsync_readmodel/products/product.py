"""Everything MongoDB holds about one product."""

import asyncio
import difflib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from shopsync_contracts import describe
from shopsync_contracts.events import ProductSnapshot, TaxDefaults
from shopsync_readmodel.errors import BrokenDocument, NoProduct, NotFound
from shopsync_readmodel.permitted import if_allowed, optional_by_id
from shopsync_readmodel.shops.pauses import Pause, pause_of
from shopsync_readmodel.shops.settings import ShopSettings, no_shop, read_settings
from shopsync_readmodel.stored.held import HeldMessage, read_held
from shopsync_readmodel.stored.layers import Document, Layers, read_layers
from shopsync_readmodel.stored.listings import ListingRecord, read_listing
from shopsync_readmodel.stored.push_jobs import PushJob, read_job
from shopsync_readmodel.stored.tombstones import Tombstone, read_tombstone
from shopsync_runtime.mongo import Database

PAGE = 500
_NEAREST = 5
_OPTIONAL = ("tombstones", "push_jobs", "listings")


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """All that is known of one product. `snapshot` is None for one that is not, or no longer, in the catalogue.

    `unreadable`: collections that the user may not read. `pause`: an operator paused the shop's pushes.
    """

    shop_key: str
    product_no: str
    snapshot: ProductSnapshot | None
    layers: Layers
    tombstone: Tombstone | None
    shop: ShopSettings | None
    held: tuple[HeldMessage, ...] = ()
    job: PushJob | None = None
    listing: ListingRecord | None = None
    unreadable: tuple[str, ...] = ()
    pause: Pause | None = None

    @property
    def tax(self) -> TaxDefaults:
        """How prices are calculated."""
        return TaxDefaults() if self.shop is None else self.shop.tax


async def read_product(database: Database, shop_key: str, product_no: str) -> StoredProduct:
    """The product, alive, deleted or only waited for. Raises NotFound, BrokenDocument."""
    found = await find_product(database, shop_key, product_no)
    if found is None:
        raise await _not_found(database, shop_key, product_no)
    return found


async def find_product(database: Database, shop_key: str, product_no: str) -> StoredProduct | None:
    """The same, None when there is no such product: nothing like it is searched for. Raises BrokenDocument."""
    one = f"{shop_key}/{product_no}"
    # All at once: one after the other they would wait for each other's way to the database and back.
    document, settings, others, held, pauses = await asyncio.gather(
        database["products"].find_one({"_id": one}),
        read_settings(database, shop_key),
        asyncio.gather(*(_optional(database, name, one) for name in _OPTIONAL)),
        _held(database, shop_key, product_no),
        optional_by_id(database, "push_pauses", shop_key),
    )
    tombstone, job, listing = (found[0] if found else None for found in others)
    if document is None and tombstone is None and not held:
        return None
    names = [*_OPTIONAL, "held_messages"]
    unreadable = [name for name, found in zip(names, (*others, held), strict=True) if found is None]
    return StoredProduct(
        shop_key=shop_key,
        product_no=product_no,
        snapshot=None if document is None else snapshot_of(document),
        layers=Layers() if document is None else read_layers(document),
        tombstone=None if tombstone is None else read_tombstone(tombstone),
        shop=settings,
        held=tuple(held or ()),
        job=None if job is None else read_job(job),
        listing=None if listing is None else read_listing(listing),
        unreadable=tuple(unreadable),
        pause=pause_of(pauses.get(shop_key)),
    )


def snapshot_of(document: Document) -> ProductSnapshot:
    """The merged product. Raises BrokenDocument that names the member at fault."""
    try:
        return ProductSnapshot.from_document(document)
    except ValidationError as error:
        raise BrokenDocument(f"{document.get('_id')} in products breaks the contract: {describe(error)}") from None


async def scan_products(
    database: Database, query: dict[str, Any], fields: dict[str, int]
) -> AsyncIterator[list[Document]]:
    """Documents of `products` page by page, by `_id`: constant memory, and no cursor that could time out."""
    after = ""
    while True:
        found = database["products"].find({**query, "_id": {"$gt": after}}, fields).sort("_id", 1).limit(PAGE)
        page: list[Document] = list(await found.to_list())
        if not page:
            return
        yield page
        after = page[-1]["_id"]


async def _optional(database: Database, name: str, one: str) -> Sequence[Document] | None:
    """None: the user may not read it."""
    return await if_allowed(database[name].find({"_id": one}).to_list())


async def _held(database: Database, shop_key: str, product_no: str) -> list[HeldMessage] | None:
    """None: the user may not read them."""
    # A bulk edit's subject is the shop.
    subjects = [f"{shop_key}/{product_no}", shop_key]
    found = await if_allowed(database["held_messages"].find({"subject": {"$in": subjects}}).to_list())
    if found is None:
        return None
    # Sorted here: asked for this order, MongoDB may take the index of it and read all that is held.
    oldest_first = sorted(found, key=lambda one: one["held_at"])
    return [held for one in oldest_first if (held := read_held(one, product_no)) is not None]


async def _not_found(database: Database, shop_key: str, product_no: str) -> NotFound:
    one = f"{shop_key}/{product_no}"
    nearest: list[str] = []
    shop_is_empty = True
    async for page in scan_products(database, {"shop_key": shop_key}, {"product_no": 1}):
        shop_is_empty = False
        numbers = {str(one.get("product_no")) for one in page} | set(nearest)
        nearest = difflib.get_close_matches(product_no, sorted(numbers), n=_NEAREST, cutoff=0.5)
    if shop_is_empty and await read_settings(database, shop_key) is None:
        return await no_shop(database, shop_key, asked_for=f"product {one}")
    return NoProduct(one, nearest=tuple(nearest), shop_is_empty=shop_is_empty)
