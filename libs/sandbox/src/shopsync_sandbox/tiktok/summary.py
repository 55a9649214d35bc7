"""What the control API shows: counts for tests and demos, and the whole state for people."""

from collections import Counter
from typing import Any

from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.state.model import Content, Product, Shop

_DONE = (
    "creates",
    "creates_repeated",
    "edits",
    "activates",
    "deactivates",
    "deletes",
    "recovers",
    "inventory_updates",
    "price_updates",
)


def summary(services: Services) -> dict[str, Any]:
    """Counts of what API calls did. What a seller did by hand is in `listings` only."""
    journal, world = services.journal, services.world
    products = [product for shop in world.shops.values() for product in shop.products.values()]
    creates, writes = journal.creates_per_sku, journal.stock_writes
    refused = sum(count for code, count in journal.codes.items() if code != 0)
    return {
        "listings": dict(Counter(product.status for product in products)),
        "listings_total": len(products),
        **{name: journal.done[name] for name in _DONE},
        "max_creates_per_seller_sku": max(creates.values(), default=0),
        "stock_writes": {"max_per_sku": max(writes.values(), default=0), "total": writes.total()},
        "reviews": services.reviews.describe(),
        "images": len(world.images),
        "webhooks": {
            "waiting": services.webhooks.waiting,
            "delivered": services.webhooks.tally.delivered,
            "failed_attempts": services.webhooks.tally.failed_attempts,
            "dropped": services.webhooks.tally.dropped,
        },
        "requests": {
            "total": journal.requests.total(),
            "refused": refused,
            "by_operation": dict(journal.requests),
            "by_code": {str(code): count for code, count in journal.codes.items()},
        },
    }


def counters(services: Services) -> dict[str, Any]:
    """Per shop and seller_sku: products created with it by API calls, and calls that wrote its stock."""
    journal = services.journal
    tables = {"creates_per_seller_sku": journal.creates_per_sku, "stock_writes_per_seller_sku": journal.stock_writes}
    found: dict[str, Any] = {name: {shop: {} for shop in services.world.shops} for name in tables}
    for name, table in tables.items():
        for (shop, seller_sku), count in table.items():
            found[name][shop][seller_sku] = count
    return {**found, "per_product": {product: dict(counts) for product, counts in journal.per_product.items()}}


def state(services: Services, shop_key: str, *, status: str | None, after: str, limit: int) -> dict[str, Any]:
    """A shop's listings in creation order: `limit` of them after product id `after`."""
    shop = services.world.shop(shop_key)
    rows = [p for p in shop.products.values() if p.id > after and status in {None, p.status}]
    page = rows[:limit]
    return {
        "shop": shop_facts(shop),
        "counts": dict(Counter(product.status for product in shop.products.values())),
        "listings": [_row(product) for product in page],
        "next_after": page[-1].id if len(rows) > limit else None,
    }


def detail(services: Services, product: Product) -> dict[str, Any]:
    """Everything about one product: all its versions, and counts of what API calls did to it."""
    versions = {"content": product.content, "under_review": product.under_review, "draft": product.draft}
    return {
        **_row(product),
        "versions": {name: _dump(version) for name, version in versions.items()},
        "failed_reasons": product.failed_reasons,
        "pre_approved_reasons": product.pre_approved_reasons,
        "api": dict(services.journal.per_product.get(product.id, {})),
    }


def shop_facts(shop: Shop) -> dict[str, str]:
    """The shop's key, ids and names."""
    return {name: getattr(shop, name) for name in ("key", "id", "cipher", "name", "code", "region")}


def _row(product: Product) -> dict[str, Any]:
    skus = [
        {
            "id": sku.id,
            "seller_sku": sku.seller_sku,
            "price": product.prices.get(sku.id),
            "stock": sum(product.stock.get(sku.id, {}).values()),
        }
        for sku in product.content.skus
    ]
    return {
        "product_id": product.id,
        "shop": product.shop_key,
        "status": product.status,
        "audit": product.audit,
        "title": product.content.title,
        "has_draft": product.draft is not None,
        "under_review": product.under_review is not None,
        "skus": skus,
    }


def _dump(version: Content | None) -> dict[str, Any] | None:
    return None if version is None else version.model_dump(exclude_none=True)
