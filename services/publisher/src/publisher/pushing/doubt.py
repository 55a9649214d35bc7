"""What TikTok Shop may know of a product beyond a database that was restored from a backup. Pure.

Since the backup a create may have been carried out, or an edit that added SKUs with their stock. Neither may happen
again (RB-8, ST-3, NV-3). So such a write is taken for one that was sent and refused: before the next one TikTok is
asked once whether it was done after all, as after every refusal. There is nothing to do for what it does not have.
"""

from dataclasses import replace
from typing import Literal

from publisher.content.mapping import seller_sku_of, sku_key, unsent_stock
from publisher.model import Intent, ListedSku, Listing, WriteAnswer
from shopsync_contracts.events import ProductSnapshot

_NO_CONTENT = ""
"""No fingerprint of any content: what TikTok has is not known, so the content is sent again, which does no harm."""
_ANSWER = WriteAnswer("restored", "the database was restored from a backup", "", settles=True)


def is_outlived(listing: Listing, product: ProductSnapshot) -> bool:
    """Whether the catalogue knows a later listing: the product's number had a new life since the backup (DL-13)."""
    known = product.tiktok_product_id
    return known is not None and known not in listing.former_ids and listing.tiktok_product_id not in {None, known}


def with_known_ids(listing: Listing, product: ProductSnapshot) -> Listing | None:
    """The listing with ids that the catalogue has and it has not; None when there are none.

    The catalogue has read again what the publisher told since the backup. Stock of a SKU with an id was sent.
    """
    product_id = product.tiktok_product_id
    if product_id is None or product_id in listing.former_ids or listing.tiktok_product_id not in {None, product_id}:
        return None
    there = {sku.key for sku in listing.skus}
    more = tuple(
        ListedSku(*sku_key(sku), seller_sku_of(product, sku), sku.tiktok_sku_id, sku.stock or 0)
        for sku in product.skus
        if sku.tiktok_sku_id is not None and sku_key(sku) not in there
    )
    if listing.tiktok_product_id is not None and not more:
        return None
    skus = (*listing.skus, *more)
    return replace(
        listing, tiktok_product_id=product_id, skus=skus, fingerprint=None, core=None, sent=None, intent=None
    )


def in_doubt(listing: Listing | None, product: ProductSnapshot) -> Listing | None:
    """The listing with all that may have been sent since the backup as a write to be looked up."""
    known = listing or Listing(product.shop_key, product.product_no)
    unknown = unsent_stock(product, known)
    if not unknown:
        return listing
    if known.intent is not None:
        return replace(known, intent=replace(known.intent, stock={**unknown, **known.intent.stock}))
    kind: Literal["create", "edit"] = "create" if known.tiktok_product_id is None else "edit"
    version = product.pushed_content_version or product.content_version
    return replace(known, intent=Intent(kind, "", version, _NO_CONTENT, unknown, answer=_ANSWER))
