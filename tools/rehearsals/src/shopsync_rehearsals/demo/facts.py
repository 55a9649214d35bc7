"""Gathers what the demo is judged by, from the sandboxes' own logs and from the topics."""

from typing import Any

import httpx

from shopsync_rehearsals.bus import Follower
from shopsync_rehearsals.demo.checks import Facts
from shopsync_rehearsals.demo.stack import SHOP, Stack


async def gather(
    stack: Stack, follower: Follower, *, products: int, expected: frozenset[str], deleted_upstream: frozenset[str]
) -> Facts:
    """Read both control APIs. A listing that is in no snapshot appears under its TikTok id."""
    async with stack.sandbox(stack.tiktok) as tiktok, stack.sandbox(stack.futureshop) as futureshop:
        summary = await _read(tiktok, "/_sandbox/summary")
        counters = await _read(tiktok, "/_sandbox/counters")
        listings = await _listings(tiktok)
        requests = await _read(futureshop, "/_sandbox/requests", limit=1)
    # All calls, not only those that took effect: a refused delete is one too many.
    called = summary["requests"]["by_operation"]
    snapshots = follower.snapshots.values()
    known = {s.tiktok_product_id: s.product_no for s in snapshots if s.tiktok_product_id is not None}
    return Facts(
        products=products,
        expected_listed=expected,
        listed=frozenset(known.get(listing, f"listing {listing}") for listing in listings),
        creates_per_sku=counters["creates_per_seller_sku"][SHOP],
        stock_writes_per_sku=counters["stock_writes_per_seller_sku"][SHOP],
        tiktok_deletes=called.get("delete_products", 0),
        tiktok_deactivates=called.get("deactivate_products", 0),
        futureshop_writes=requests["counts"].get("write", 0),
        sync_enabled=frozenset(s.product_no for s in snapshots if s.sync_enabled),
        deleted_upstream=deleted_upstream,
        in_catalogue=frozenset(s.product_no for s in snapshots),
        statuses={s.product_no: s.status for s in snapshots},
        dead_letters=tuple(follower.dead_letters),
    )


async def _listings(tiktok: httpx.AsyncClient) -> list[str]:
    """TikTok ids of the shop's listings, all pages."""
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await _read(tiktok, "/_sandbox/state", shop=SHOP, after=after, limit=1000)
        found += [listing["product_id"] for listing in page["listings"]]
        after = page["next_after"]
    return found


async def _read(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, params=query)
    answer.raise_for_status()
    document: dict[str, Any] = answer.json()
    return document
