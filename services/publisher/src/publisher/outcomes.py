"""What a reply of TikTok makes of the listing. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from publisher.errors import Unavailable
from publisher.mapping import seller_sku_of, sku_key
from publisher.model import Intent, ListedSku, Listing, Review, SkuKey
from publisher.remote import RemoteProduct
from publisher.replies import Data
from shopsync_contracts.events import ProductSnapshot, PushAction, PushSucceeded, ReviewAfterPush, SkuSent


def after_write(product: ProductSnapshot, listing: Listing, intent: Intent, data: Data) -> Listing:
    """The listing once a create or edit was accepted: ids, content and the stock that went with it.

    A SKU whose id the reply lacks counts as not sent; the next look finds it missing. Raises Unavailable (outcome
    unknown) when the reply names no product or no SKU at all.
    """
    product_id = str(data.get("product_id") or listing.tiktok_product_id or "")
    ids = _ids_by_name(product, listing, data)
    if not product_id or not ids:
        raise Unavailable("reply", "the reply names no ids of product and SKUs", outcome_unknown=True)
    return replace(
        listing,
        tiktok_product_id=product_id,
        skus=_skus(product, ids, {**listing.stock_sent, **intent.stock}),
        pushed_content_version=intent.content_version,
        fingerprint=intent.fingerprint,
        live_digest=None,
        intent=None,
    )


def after_finding(product: ProductSnapshot, listing: Listing, intent: Intent, found: RemoteProduct) -> Listing:
    """The listing once a write of unknown outcome turned out to have been done.

    A SKU that stands there has its stock: it is not sent again (ST-13).
    """
    remote = {sku.seller_sku: sku for sku in found.skus}
    ids: dict[SkuKey, str] = {}
    stock = dict(listing.stock_sent)
    for sku in product.skus:
        there = remote.get(seller_sku_of(product, sku))
        if there is not None:
            ids[sku_key(sku)] = there.id
            stock.setdefault(sku_key(sku), intent.stock.get(sku_key(sku), there.quantity))
    is_create = intent.kind == "create"
    return replace(
        listing,
        tiktok_product_id=found.id,
        skus=_skus(product, ids, stock),
        pushed_content_version=intent.content_version if is_create else listing.pushed_content_version,
        # Of an edit nobody knows whether the content arrived: it is sent again, which does no harm.
        fingerprint=intent.fingerprint if is_create else None,
        intent=None,
    )


def succeeded(
    listing: Listing,
    action: PushAction,
    review: ReviewAfterPush,
    *,
    stock: Mapping[SkuKey, int],
    warnings: tuple[str, ...] = (),
) -> PushSucceeded:
    """The event. `stock`: what went out in this push."""
    return PushSucceeded(
        shop_key=listing.shop_key,
        product_no=listing.product_no,
        content_version=listing.pushed_content_version or 0,
        action=action,
        tiktok_product_id=listing.tiktok_product_id or "",
        skus=tuple(
            SkuSent(
                vertical_no=sku.vertical_no,
                horizontal_no=sku.horizontal_no,
                tiktok_sku_id=sku.tiktok_sku_id,
                stock_sent=stock.get(sku.key),
            )
            for sku in listing.skus
        ),
        review=review,
        warnings=warnings,
    )


def reviewed(listing: Listing, review: ReviewAfterPush) -> Listing:
    """The listing with the review that its newest push begins."""
    return replace(listing, review=Review(review, listing.pushed_content_version))


def review_after_edit(data: Data, seen: RemoteProduct | None) -> ReviewAfterPush:
    """Changes of price alone on a live product need no review; everything else is assumed to."""
    audit = data.get("audit")
    status = audit.get("status") if isinstance(audit, Mapping) else None
    is_live = seen is not None and seen.status == "ACTIVATE"
    return "live" if is_live and status in {"NONE", "APPROVED"} else "in_review"


def warnings_of(data: Data) -> tuple[str, ...]:
    """TikTok's warnings: fields it dropped."""
    rows: Any = data.get("warnings")
    if not isinstance(rows, list):
        return ()
    return tuple(str(row.get("message", "")) for row in rows if isinstance(row, Mapping))


def _ids_by_name(product: ProductSnapshot, listing: Listing, data: Data) -> dict[SkuKey, str]:
    ids = {sku.key: sku.tiktok_sku_id for sku in listing.skus}
    names = {seller_sku_of(product, sku): sku_key(sku) for sku in product.skus}
    for row in data.get("skus") or ():
        key = names.get(str(row.get("seller_sku") or ""))
        if key is not None and row.get("id"):
            ids[key] = str(row["id"])
    wanted = {sku_key(sku) for sku in product.skus}
    return {key: value for key, value in ids.items() if key in wanted}


def _skus(product: ProductSnapshot, ids: Mapping[SkuKey, str], stock: Mapping[SkuKey, int]) -> tuple[ListedSku, ...]:
    return tuple(
        ListedSku(
            vertical_no=sku.vertical_no,
            horizontal_no=sku.horizontal_no,
            seller_sku=seller_sku_of(product, sku),
            tiktok_sku_id=ids[sku_key(sku)],
            stock_sent=stock.get(sku_key(sku)),
        )
        for sku in product.skus
        if sku_key(sku) in ids
    )
