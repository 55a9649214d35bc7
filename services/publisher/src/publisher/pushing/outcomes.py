"""The listing after a reply of TikTok, and the events that report it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from publisher.content.mapping import sku_key
from publisher.content.seller_sku import seller_sku
from publisher.errors import Unavailable
from publisher.model import Intent, ListedSku, Listing, Review, SkuKey
from publisher.tiktok.remote_product import OverviewRow, RemoteProduct
from publisher.tiktok.replies import Data
from shopsync_contracts.events import (
    ProductSnapshot,
    PushAction,
    PushSucceeded,
    ReviewAfterPush,
    SkuSent,
    SnapshotSku,
)


def after_write(product: ProductSnapshot, listing: Listing, intent: Intent, data: Data) -> Listing:
    """The listing once a create or edit was accepted: ids, content and the stock that went with it.

    A SKU without an id in the reply is left out, see `without_id`. Raises Unavailable with `outcome_unknown` when the
    reply has no product id.
    """
    product_id = str(data.get("product_id") or listing.tiktok_product_id or "")
    if not product_id:
        raise Unavailable("reply", "the reply names no product id", outcome_unknown=True)
    known = {sku.key: sku.tiktok_sku_id for sku in listing.skus}
    told = _told(listing, intent, product, data)
    wanted = dict.fromkeys(map(sku_key, product.skus))
    ids = {key: told.get(key) or known.get(key, "") for key in {**wanted, **dict.fromkeys(told)}}
    stock = {**listing.stock_sent, **intent.stock}
    return replace(
        listing,
        tiktok_product_id=product_id,
        skus=tuple(_listed(listing, key, sku_id, stock.get(key)) for key, sku_id in ids.items() if sku_id),
        pushed_content_version=intent.content_version,
        fingerprint=intent.fingerprint,
        core=intent.core,
        sent=intent.sent,
        live_digest=None,
        live_shown=None,
        intent=None,
    )


def after_finding(listing: Listing, intent: Intent, found: RemoteProduct) -> Listing:
    """The listing after TikTok was asked what became of a write.

    The stock of a SKU that TikTok has counts as sent (ST-13).
    """
    listing = replace(with_ids_of(listing, intent, found), tiktok_product_id=found.id, intent=None)
    if intent.kind == "edit":
        # Whether its content arrived is not known: it is sent again, which does no harm.
        return replace(listing, fingerprint=None, sent=None)
    return replace(
        listing,
        pushed_content_version=intent.content_version,
        fingerprint=intent.fingerprint,
        core=intent.core,
        sent=intent.sent,
    )


def with_content_of(listing: Listing, intent: Intent) -> Listing:
    """The listing with the intended content as the accepted one."""
    return replace(
        listing,
        pushed_content_version=intent.content_version,
        fingerprint=intent.fingerprint,
        core=intent.core,
        sent=intent.sent,
        live_digest=None,
        live_shown=None,
    )


def with_ids_of(listing: Listing, intent: Intent, found: RemoteProduct) -> Listing:
    """The SKUs of the listing and of the intent with TikTok's ids; those that it does not show stay as they are."""
    skus = {sku.key: sku for sku in listing.skus}
    names = {seller_sku(listing.product_no, *key): key for key in (*skus, *intent.stock)}
    for there in found.skus:
        key = names.get(there.seller_sku)
        if key is None:
            continue
        before = skus.get(key)
        sent = before.stock_sent if before is not None else None
        if sent is None:
            sent = there.quantity or intent.stock.get(key)
        skus[key] = _listed(listing, key, there.id, sent)
    return replace(listing, skus=tuple(skus.values()))


def without_id(product: ProductSnapshot, listing: Listing) -> tuple[SnapshotSku, ...]:
    """SKUs of the product for which TikTok has given no id: they count as not sent."""
    there = {sku.key for sku in listing.skus}
    return tuple(sku for sku in product.skus if sku_key(sku) not in there)


def succeeded(
    listing: Listing,
    action: PushAction,
    review: ReviewAfterPush,
    *,
    stock: Mapping[SkuKey, int],
    warnings: tuple[str, ...] = (),
) -> PushSucceeded:
    """The event push.succeeded. `stock`: the numbers that this push sent."""
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


def with_notes(listing: Listing, notes: tuple[str, ...]) -> Listing:
    """The listing with what the push told that it left out or changed."""
    return listing if listing.sent is None else replace(listing, sent=replace(listing.sent, notes=notes))


def reviewed(listing: Listing, review: ReviewAfterPush) -> Listing:
    """The listing with the review that its newest push started."""
    return replace(listing, review=Review(review, listing.pushed_content_version))


def review_after_edit(data: Data, seen: RemoteProduct | None) -> ReviewAfterPush:
    """A change of price alone on a live product needs no review; everything else is assumed to need one."""
    audit = data.get("audit")
    status = audit.get("status") if isinstance(audit, Mapping) else None
    is_live = seen is not None and seen.status == "ACTIVATE"
    return "live" if is_live and status in {"NONE", "APPROVED"} else "in_review"


def warnings_of(data: Data) -> tuple[str, ...]:
    """TikTok's warnings in a reply to a write: fields that it dropped."""
    rows: Any = data.get("warnings")
    if not isinstance(rows, list):
        return ()
    return tuple(str(row.get("message", "")) for row in rows if isinstance(row, Mapping) and row.get("message"))


def is_ours(listing: Listing, seen: RemoteProduct) -> bool:
    """Whether buyers see what we sent, by the parts that TikTok returns unaltered (LY-3)."""
    return listing.core is None or seen.core == listing.core or seen.digest == listing.overwritten


def adopted(listing: Listing, seen: RemoteProduct) -> Listing:
    """The listing with the digest of our content as TikTok returns it; that of somebody else's content is not kept."""
    if not seen.is_settled or not seen.digest:
        return replace(listing, live_shown=None)
    digest = listing.live_digest
    if digest is None and is_ours(listing, seen):
        digest = seen.digest
    return replace(listing, live_digest=digest, live_shown=(seen.shown or None) if digest == seen.digest else None)


def confirmed(listing: Listing, row: OverviewRow) -> ReviewAfterPush | None:
    """The state of the listing when a search row shows what is stored; None: it has to be read.

    On sale, nothing may have changed since a reading found our content. In review, the row has to show what we sent.
    """
    state = listing.review.state if listing.review is not None else None
    if row.state == "live" and state in {"live", "approved"} and row.mark == listing.live_shown:
        return "live"
    if row.state == "in_review" and state == "in_review" and row.mark == listing.core:
        return "in_review"
    return None


def strangers(listing: Listing, seen: RemoteProduct | None) -> tuple[str, ...]:
    """Names of live SKUs that somebody added in Seller Center: the next full edit removes them (LY-3, VA-1)."""
    if seen is None or not seen.is_settled:
        return ()
    ours = {sku.tiktok_sku_id for sku in listing.skus}
    return tuple(sku.seller_sku or sku.id for sku in seen.skus if sku.id not in ours)


def _told(listing: Listing, intent: Intent, product: ProductSnapshot, data: Data) -> dict[SkuKey, str]:
    """SKU ids in the reply. To a repeated create it may be the reply to the first one, with the SKUs of that time."""
    keys = (*(sku.key for sku in listing.skus), *intent.stock, *map(sku_key, product.skus))
    names = {seller_sku(listing.product_no, *key): key for key in keys}
    rows: Any = data.get("skus")
    told = {}
    for row in rows if isinstance(rows, list) else ():
        key = names.get(str(row.get("seller_sku") or "")) if isinstance(row, Mapping) else None
        if key is not None and row.get("id"):
            told[key] = str(row["id"])
    return told


def _listed(listing: Listing, key: SkuKey, sku_id: str, stock_sent: int | None) -> ListedSku:
    return ListedSku(*key, seller_sku(listing.product_no, *key), sku_id, stock_sent)
