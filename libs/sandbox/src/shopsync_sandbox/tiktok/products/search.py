"""Search Products: filters and pages. Like TikTok's, the token is a position: changes between pages move products."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from shopsync_sandbox.tiktok.products.read_shape import Reader
from shopsync_sandbox.tiktok.protocol.bodies import SearchFilters
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World

STATUSES = frozenset(
    {
        "ALL",
        "DRAFT",
        "PENDING",
        "FAILED",
        "ACTIVATE",
        "SELLER_DEACTIVATED",
        "PLATFORM_DEACTIVATED",
        "FREEZE",
        "DELETED",
    },
)
#: members that rows of older versions do not have
_LACKING = {
    "202309": ("audit", "has_draft", "is_not_for_sale", "status_info"),
    "202312": ("has_draft", "status_info"),
}
RESULTS_MAX = 10_000
#: puts "+" and "/" into every token, so that a client which does not encode it fails
_TOKEN_HEAD = b"\xfb\xef\xff"


@dataclass(frozen=True, slots=True)
class Page:
    """Which page is asked for. `token` is the previous page's, None for the first."""

    size: int
    token: str | None = None


def search(
    world: World, shop: Shop, reader: Reader, filters: SearchFilters, page: Page, *, version: str = "202502"
) -> dict[str, Any]:
    """One page, newest change first. DELETED products are part of ALL."""
    _check(filters)
    start = offset_of(page.token, filters) if page.token else 0
    following = start + page.size
    if following > RESULTS_MAX:
        raise ApiError(Code.SEARCH_TOO_DEEP, f"more than {RESULTS_MAX} results cannot be read, narrow the search")
    visible_until = world.now() - world.settings.search_delay_seconds
    found = [p for p in _candidates(shop, filters) if p.create_time <= visible_until and _matches(p, filters)]
    found.sort(key=lambda product: (-product.update_time, product.id))
    draft = bool(filters.return_draft_version)
    rows = [
        reader.row(shop, product, draft=draft, lacks=_LACKING.get(version, ())) for product in found[start:following]
    ]
    token = token_for(following, filters) if following < len(found) else ""
    return {"total_count": len(found), "products": rows, "next_page_token": token}


def _check(filters: SearchFilters) -> None:
    if filters.status is not None and filters.status not in STATUSES:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: status {filters.status!r}")
    if len(filters.seller_skus or []) > 10:
        raise ApiError(Code.SEARCH_SELLER_SKUS, "seller_skus has more than 10 entries")
    if len(filters.sku_ids or []) > 10:
        raise ApiError(Code.SEARCH_SKU_IDS, "sku_ids has more than 10 entries")
    _check_span("create", filters.create_time_ge, filters.create_time_le, Code.SEARCH_CREATE_TIMES)
    _check_span("update", filters.update_time_ge, filters.update_time_le, Code.SEARCH_UPDATE_TIMES)


def _check_span(what: str, low: int | None, high: int | None, code: Code) -> None:
    if (low or 0) < 0 or (high or 0) < 0 or (low is not None and high is not None and low > high):
        raise ApiError(code, f"search {what} time is invalid: {low} to {high}")


def _candidates(shop: Shop, filters: SearchFilters) -> list[Product]:
    """The products to look at. SKU filters use an index, so that one SKU does not read the whole shop."""
    if filters.seller_skus:
        owners = {owner for sku in filters.seller_skus for owner in shop.by_seller_sku.get(sku, ())}
        return [shop.products[owner] for owner in owners]
    if filters.sku_ids:
        return [shop.products[owner] for owner in {shop.by_sku.get(s) for s in filters.sku_ids} - {None} if owner]
    return list(shop.products.values())


def _matches(product: Product, filters: SearchFilters) -> bool:
    spans = (
        (product.create_time, filters.create_time_ge, filters.create_time_le),
        (product.update_time, filters.update_time_ge, filters.update_time_le),
    )
    return (
        filters.status in {None, "ALL", product.status}
        and (not filters.audit_status or product.audit in filters.audit_status)
        and filters.category_version in {None, product.content.category_version}
        and all((low is None or at >= low) and (high is None or int(at) <= high) for at, low, high in spans)
    )


def token_for(offset: int, filters: SearchFilters) -> str:
    """An opaque token. It always contains + and /."""
    document = json.dumps([offset, _fingerprint(filters)], separators=(",", ":"))
    return base64.b64encode(_TOKEN_HEAD + document.encode()).decode()


def offset_of(token: str, filters: SearchFilters) -> int:
    """Raises ApiError when the token is not ours or belongs to another search."""
    try:
        raw = base64.b64decode(token, validate=True)
        offset, fingerprint = json.loads(raw.removeprefix(_TOKEN_HEAD))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ApiError(Code.INVALID_PARAM, "invalid param: page_token") from error
    if fingerprint != _fingerprint(filters) or not isinstance(offset, int):
        raise ApiError(Code.INVALID_PARAM, "invalid param: page_token belongs to another search")
    return offset


def _fingerprint(filters: SearchFilters) -> str:
    return hashlib.sha256(filters.model_dump_json().encode()).hexdigest()[:12]
