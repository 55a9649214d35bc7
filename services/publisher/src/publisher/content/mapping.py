"""Maps a ProductSnapshot to the bodies of Create and Edit Product. Pure.

The snapshot has no member, stage, list or body prices, so none can be sent (NV-6). All SKUs are always sent (NV-7).
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publisher.content.image_sources import image_address
from publisher.content.jan import read_jan
from publisher.content.revisions import revision_mark
from publisher.content.seller_sku import seller_sku
from publisher.content.text import clean_line, cleaned_line
from publisher.content.variations import axes_in_use, choices_of, sales_attributes, sku_path, variation_notes
from publisher.model import Listing, SkuKey
from shopsync_contracts.events import ProductSnapshot, SnapshotSku

MAX_MAIN_IMAGES = 9
LOCALE = "ja-JP"
_FORMAT = "2"
"""Increase it when the mapping changes and every listing has to be sent again."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a body needs beside the product: uploads and the reduced description. `notes`: warnings for the merchant.

    `foreign_attributes`: ids of those that the category does not have.
    """

    main_image_uris: tuple[str, ...]
    description: str
    size_chart_uri: str | None
    notes: tuple[str, ...] = ()
    foreign_attributes: frozenset[str] = frozenset()


def sku_key(sku: SnapshotSku) -> SkuKey:
    """Vertical and horizontal number."""
    return (sku.vertical_no, sku.horizontal_no)


def seller_sku_of(product: ProductSnapshot, sku: SnapshotSku) -> str:
    """The SKU name at TikTok."""
    return seller_sku(product.product_no, sku.vertical_no, sku.horizontal_no)


def fingerprint(product: ProductSnapshot, category_version: str) -> str:
    """Digest of everything a push would send except stock: with an equal one no edit is needed (RB-9).

    The price counts where it is sent, in the SKUs.
    """
    content = product.content.model_dump_json(exclude={"price"})
    elsewhere = {"price", "stock", "stock_unmanaged", "tiktok_sku_id"}
    skus = "\n".join(
        f"{sku.model_dump_json(exclude=elsewhere)} {price_of(product, sku)}"
        for sku in sorted(product.skus, key=sku_key)
    )
    axes = "" if product.axes is None else product.axes.model_dump_json()
    text = f"{_FORMAT}\n{category_version}\n{content}\n{axes}\n{skus}{revision_mark(product)}"
    return hashlib.sha256(text.encode()).hexdigest()


def unsent_stock(product: ProductSnapshot, listing: Listing | None) -> dict[SkuKey, int]:
    """The stock to send now: that of SKUs whose stock was never sent (ST-3, ST-11)."""
    sent = listing.stock_sent if listing is not None else {}
    return {sku_key(sku): sku.stock or 0 for sku in product.skus if sku_key(sku) not in sent}


def main_images(product: ProductSnapshot) -> list[str]:
    """The addresses of the main images in order, without blank ones."""
    return [address for image in product.content.images if (address := image_address(image))]


def create_body(
    product: ProductSnapshot,
    material: Material,
    *,
    category_version: str,
    warehouse_id: str,
    stock: Mapping[SkuKey, int],
    idempotency_key: str,
) -> dict[str, Any]:
    """The body of Create Product. `stock`: for every SKU."""
    body = _content(product, material, category_version)
    body["idempotency_key"] = idempotency_key
    body["skus"] = _skus(product, {}, stock, warehouse_id)
    return body


def edit_body(
    product: ProductSnapshot,
    material: Material,
    listing: Listing,
    *,
    category_version: str,
    warehouse_id: str | None,
    stock: Mapping[SkuKey, int],
) -> dict[str, Any]:
    """The body of the full edit: known SKUs with their ids, all prices, and only the stock in `stock` (NV-3)."""
    body = _content(product, material, category_version)
    ids = {sku.key: sku.tiktok_sku_id for sku in listing.skus}
    body["skus"] = _skus(product, ids, stock, warehouse_id)
    return body


def mapping_notes(product: ProductSnapshot) -> tuple[str, ...]:
    """What is left out or changed on purpose, as texts for `push.succeeded.warnings`."""
    notes = [f"name: {note}" for note in cleaned_line(product.content.name).notes]
    notes += [
        f"attributes.{attribute.id}: {note}"
        for attribute in product.content.attributes
        for value in attribute.values
        if value.id is None
        for note in cleaned_line(value.name or "").notes
    ]
    notes += variation_notes(product)
    images = main_images(product)
    if len(images) > MAX_MAIN_IMAGES:
        notes.append(f"images: the first {MAX_MAIN_IMAGES} of {len(images)} were sent")
    usable = _usable_jans(product)
    notes += [
        f"{sku_path(sku)}.jan_code: {sku.jan_code} was left out, it stands twice or is no JAN "
        "(8 or 13 digits, or 12 of a UPC, the last one a check digit)"
        for sku in product.skus
        if sku.jan_code.strip() and sku_key(sku) not in usable
    ]
    return tuple(notes)


def _content(product: ProductSnapshot, material: Material, category_version: str) -> dict[str, Any]:
    content = product.content
    body: dict[str, Any] = {
        "save_mode": "LISTING",
        "locale": LOCALE,
        "category_version": category_version,
        "category_id": content.category_id,
        "title": clean_line(content.name),
        "description": material.description,
        "main_images": [{"uri": uri} for uri in material.main_image_uris],
        "external_product_id": product.product_no,
    }
    if content.brand_id:
        body["brand_id"] = content.brand_id
    if attributes := [one for one in content.attributes if one.id not in material.foreign_attributes]:
        body["product_attributes"] = [
            {"id": attribute.id, "values": [_attribute_value(value.id, value.name) for value in attribute.values]}
            for attribute in attributes
        ]
    if content.package_weight_g:
        body["package_weight"] = {"value": str(content.package_weight_g), "unit": "GRAM"}
    sides = content.package_dimensions_cm
    if sides is not None and sides.length and sides.width and sides.height:
        body["package_dimensions"] = {
            "length": str(sides.length),
            "width": str(sides.width),
            "height": str(sides.height),
            "unit": "CENTIMETER",
        }
    if material.size_chart_uri:
        body["size_chart"] = {"image": {"uri": material.size_chart_uri}}
    return body


def _attribute_value(value_id: str | None, name: str | None) -> dict[str, str]:
    return {"id": value_id} if value_id is not None else {"name": clean_line(name or "")}


def _skus(
    product: ProductSnapshot, ids: Mapping[SkuKey, str], stock: Mapping[SkuKey, int], warehouse_id: str | None
) -> list[dict[str, Any]]:
    axes, choices, jans = axes_in_use(product), choices_of(product), _usable_jans(product)
    bodies = []
    for sku in product.skus:
        key = sku_key(sku)
        body: dict[str, Any] = {
            "seller_sku": seller_sku_of(product, sku),
            "price": {"amount": str(price_of(product, sku)), "currency": "JPY"},
        }
        if key in ids:
            body["id"] = ids[key]
        if axes:
            body["sales_attributes"] = sales_attributes(sku, axes, choices)
        if key in jans:
            body["identifier_code"] = {"code": jans[key], "type": "JAN"}
        if key in stock:
            body["inventory"] = [{"warehouse_id": warehouse_id, "quantity": stock[key]}]
        bodies.append(body)
    return bodies


def price_of(product: ProductSnapshot, sku: SnapshotSku) -> int | None:
    """The price in whole yen with tax: the SKU's own, else the product's (Q7)."""
    return sku.price if sku.price is not None else product.content.price


def _usable_jans(product: ProductSnapshot) -> dict[SkuKey, str]:
    """JANs by SKU. Wrong and repeated ones are left out with a warning, so that the product can be sold."""
    codes = {sku_key(sku): read_jan(sku.jan_code) for sku in product.skus}
    counts = Counter(codes.values())
    return {key: code for key, code in codes.items() if code is not None and counts[code] == 1}
