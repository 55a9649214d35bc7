"""The differences between the services and the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shopsync_rehearsals.month.model.listing import Listing, Sale
from shopsync_rehearsals.month.model.record import Record
from shopsync_rehearsals.month.model.shop import Model
from shopsync_rehearsals.month.world import SHOP, World
from shopsync_sandbox.tiktok.state.model import Product

Document = dict[str, Any]

_STATES = {
    Sale.REVIEWING: {("PENDING", "AUDITING"), ("ACTIVATE", "AUDITING")},
    Sale.LIVE: {("ACTIVATE", "APPROVED")},
    Sale.REJECTED: {("FAILED", "FAILED"), ("ACTIVATE", "FAILED")},
    Sale.HIDDEN: {("SELLER_DEACTIVATED", "NONE")},
    Sale.DELETED: {("DELETED", "NONE")},
}


@dataclass(frozen=True, slots=True)
class Difference:
    """`product_no` None: it concerns the whole shop."""

    product_no: str | None
    what: str
    expected: object
    found: object

    def __str__(self) -> str:
        where = self.product_no or "the shop"
        return f"{where}: {self.what}: the rules say {self.expected!r}, found {self.found!r}"


async def differences(world: World, model: Model) -> list[Difference]:
    """Everything that differs now."""
    found = [document async for document in world.database["products"].find({"shop_key": SHOP})]
    documents = {document["product_no"]: document for document in found}
    tombstones = {document["product_no"] async for document in world.database["tombstones"].find({"shop_key": SHOP})}
    return [
        *_members("products", set(model.records), set(documents)),
        *_members("tombstones", set(model.buried), tombstones),
        *_products(world, model, documents),
        *_seller_center(world, model),
        *_forbidden(world),
    ]


def _members(what: str, expected: set[str], found: set[str]) -> Iterator[Difference]:
    for number in sorted(expected ^ found):
        yield Difference(number, f"is in {what}", number in expected, number in found)


def _products(world: World, model: Model, documents: dict[str, Document]) -> Iterator[Difference]:
    for number in sorted(model.records.keys() & documents.keys()):
        record, document = model.records[number], documents[number]
        yield from differing(number, record_facts(record), document_facts(document))
        yield from _open_facts(number, record, document)
        yield from _listing_link(world, number, record, document)


def record_facts(record: Record) -> Document:
    """What the rules say of a product, by name."""
    prices = record.prices()
    return {
        "sync_enabled": record.on,
        "name": record.name,
        "description": record.description,
        "images": list(record.observed.images),
        "price": record.price,
        "tool-only values": record.own,
        "edited_fields": sorted(record.edits),
        "SKUs": {key: (prices[key], record.stock[key]) for key in sorted(record.observed.skus)},
        "upstream_updated_at": record.observed.updated_at,
        "has a listing": record.listing is not None,
        "former_listing": record.former,
    }


def document_facts(document: Document) -> Document:
    """The same of a document of `products`."""
    content = document["content"]
    own = ("category_id", "brand_id", "package_weight_g", "package_dimensions_cm", "attributes")
    skus = {(sku["vertical_no"], sku["horizontal_no"]): (sku["price"], sku["stock"]) for sku in document["skus"]}
    return {
        "sync_enabled": document["sync_enabled"],
        "name": content["name"],
        "description": content["description"],
        "images": list(content["images"]),
        "price": content["price"],
        "tool-only values": {name: _plain(content[name]) for name in own if content.get(name)},
        "edited_fields": sorted(document["edited_fields"]),
        "SKUs": dict(sorted(skus.items())),
        "upstream_updated_at": document["upstream_updated_at"],
        "has a listing": document["tiktok_product_id"] is not None,
        "former_listing": document.get("former_listing") is not None,
    }


def _plain(value: Any) -> Any:
    """The value without members that are null."""
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items() if member is not None}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def differing(number: str, expected: Document, found: Document) -> Iterator[Difference]:
    """The facts of one product that differ."""
    for what, value in expected.items():
        if value != found[what]:
            yield Difference(number, what, value, found[what])


def _open_facts(number: str, record: Record, document: Document) -> Iterator[Difference]:
    """Facts that the rules sometimes leave open."""
    if document["status"] not in record.statuses():
        yield Difference(number, "status", sorted(record.statuses()), document["status"])
    removed = document["removed_upstream"] is not None
    if record.removed is not None and removed is not record.removed:
        yield Difference(number, "removed_upstream", record.removed, removed)
    listing = record.listing
    if (listing is None or listing.sale is not Sale.REVIEWING) and document["live"] is not _on_sale(listing):
        yield Difference(number, "live", _on_sale(listing), document["live"])


def _on_sale(listing: Listing | None) -> bool:
    return listing is not None and listing.on_sale


def _listing_link(world: World, number: str, record: Record, document: Document) -> Iterator[Difference]:
    listing, found = record.listing, document["tiktok_product_id"]
    if listing is None or found is None:
        return
    if found != listing.tiktok_id:  # RB-8, NV-8
        yield Difference(number, "tiktok_product_id", listing.tiktok_id, found)
        return
    product = world.tiktok.product(found)
    yield from _listing(number, listing, product)


def _listing(number: str, listing: Listing, product: Product) -> Iterator[Difference]:
    content = product.under_review or product.content
    keys = {sku.id: listing.ids.get(sku.id) for sku in content.skus}
    if (product.status, product.audit) not in _STATES[listing.sale]:
        yield Difference(number, "Seller Center: state", listing.sale.value, f"{product.status}/{product.audit}")
    if (product.status == "ACTIVATE") is not listing.on_sale:
        yield Difference(number, "Seller Center: on sale", listing.on_sale, product.status)
    if content.title != listing.offer.title:
        yield Difference(number, "Seller Center: title", listing.offer.title, content.title)
    prices = {keys[sku.id]: product.prices.get(sku.id) for sku in content.skus}
    if prices != listing.offer.prices:  # NV-6, NV-7
        yield Difference(number, "Seller Center: prices", listing.offer.prices, prices)
    stock = {keys[sku.id]: sum(product.stock.get(sku.id, {}).values()) for sku in content.skus}
    if stock != listing.stock:  # NV-3
        yield Difference(number, "Seller Center: stock", listing.stock, stock)


def _seller_center(world: World, model: Model) -> Iterator[Difference]:
    """NV-8, DL-5: as many listings as expected; those of deleted products are unchanged."""
    shop = world.tiktok.world.shop(SHOP)
    expected = len(model.listings()) + len(model.orphans)
    if len(shop.products) != expected:
        yield Difference(None, "listings in Seller Center", expected, len(shop.products))
    for number, listing in model.orphans:
        if listing.tiktok_id is not None:
            product = world.tiktok.product(listing.tiktok_id)
            found = (product.status, product.audit)
            if found not in _STATES[listing.sale]:
                yield Difference(number, "Seller Center: orphaned listing", listing.sale.value, found)


def _forbidden(world: World) -> Iterator[Difference]:
    """What must never happen."""
    done = world.tiktok.journal.done
    for what in ("deletes", "deactivates", "inventory_updates"):  # NV-1, NV-3
        if done[what]:
            yield Difference(None, f"TikTok calls: {what}", 0, done[what])
    if writes := world.futureshop.writes():  # NV-2
        yield Difference(None, "writes to futureshop", [], [f"{entry.method} {entry.path}" for entry in writes])
