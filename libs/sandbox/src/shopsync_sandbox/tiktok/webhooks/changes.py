"""Webhooks about parts of a product, found by comparing it with its last known state."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World

Emit = Callable[[Shop, str, Mapping[str, Any]], None]
SkuStatus = Literal["NORMAL", "DEACTIVATED"]
_HIDDEN = frozenset({"SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE"})


@dataclass(slots=True)
class _Seen:
    """A product as the last webhooks described it. `stock` is the quantity per SKU."""

    category: str | None = None
    skus: dict[str, SkuStatus] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """`at` in Unix seconds. `source`: what made the change."""

    number: int
    at: float
    source: str


class ChangeNotices:
    """Keeps the last known state of every product."""

    def __init__(self, world: World, emit: Emit) -> None:
        self._world = world
        self._emit = emit
        self._events = itertools.count(1)
        self._seen: dict[str, _Seen] = {}

    def compare(self, shop: Shop, product: Product, source: str) -> None:
        """Emit what changed since the last call. The first call only reports the SKUs as created."""
        before = self._seen.get(product.id)
        now = _Seen(
            product.content.category_id,
            _statuses(product, {} if before is None else before.skus),
            {sku: sum(pieces.values()) for sku, pieces in product.stock.items()},
        )
        if before == now:
            return
        self._seen[product.id] = now
        self._emit_skus(shop, product, _Seen() if before is None else before, now)
        if before is None:
            return
        if before.category != now.category and before.category and now.category:
            self._emit_category(shop, product, before.category, now.category)
        for sku, pieces in now.stock.items():
            if before.stock.get(sku, pieces) != pieces:
                occurred = _Occurrence(next(self._events), self._world.now(), source)
                self._emit_stock(shop, product, sku, (before.stock[sku], pieces), occurred)

    def _emit_category(self, shop: Shop, product: Product, previous: str, current: str) -> None:
        data = {
            "product_id": product.id,
            "previous_category_id": previous,
            "current_category_id": current,
            "update_time": int(product.update_time),
        }
        self._emit(shop, "PRODUCT_CATEGORY_CHANGE", data)

    def _emit_skus(self, shop: Shop, product: Product, before: _Seen, now: _Seen) -> None:
        rows: list[dict[str, str]] = []
        for sku in {**before.skus, **now.skus}:
            was, status = before.skus.get(sku), now.skus.get(sku)
            if was == status:
                continue
            if status is None:
                rows.append({"sku_id": sku, "status": "DELETED"})
            elif was is None:
                rows.append({"sku_id": sku, "status": "CREATED"})
            elif status == "DEACTIVATED":
                source = product.deactivation_source or "PLATFORM"
                rows.append({"sku_id": sku, "status": "DEACTIVATED", "deactivation_source": source})
            else:
                rows.append({"sku_id": sku, "status": "ACTIVATED"})
        if rows:
            data = {"product_id": product.id, "skus": rows, "update_time": int(product.update_time)}
            self._emit(shop, "SKU_STATUS_CHANGE", data)

    def _emit_stock(
        self, shop: Shop, product: Product, sku: str, pieces: tuple[int, int], occurred: _Occurrence
    ) -> None:
        """`pieces`: the quantity before and now."""
        (before, now), low = pieces, self._world.settings.low_stock
        ids = {"shop_id": int(shop.id), "product_id": int(product.id), "sku_id": int(sku)}
        self._emit(shop, "INVENTORY_CHANGED_BY_SHOP", _stock_change(ids, now, now - before, occurred))
        if _stock_status(before, low) == _stock_status(now, low):
            return
        data = {
            "product_id": product.id,
            "sku_id": sku,
            "trigger_reason": {"alert_type": "REALTIME", "low_stock_threshold": low},
            "current_inventory_status": _stock_status(now, low),
            "inventory_distribution": {
                "total_quantity": now,
                "available_quantity": now,
                "creator_reserved_quantity": 0,
                "campaign_reserved_quantity": 0,
                "committed_quantity": 0,
            },
            "update_time": int(self._world.now()),
        }
        self._emit(shop, "INVENTORY_STATUS_CHANGE", data)


def _statuses(product: Product, before: Mapping[str, SkuStatus]) -> dict[str, SkuStatus]:
    """SKUs of a hidden product stay deactivated until it is live again. A deleted product has none."""
    if product.status == "DELETED":
        return {}
    if product.status in _HIDDEN:
        return {sku.id: "DEACTIVATED" for sku in product.content.skus}
    live = product.status == "ACTIVATE"
    return {sku.id: "NORMAL" if live else before.get(sku.id, "NORMAL") for sku in product.content.skus}


def _stock_status(pieces: int, low: int) -> str:
    if pieces == 0:
        return "OUT_OF_STOCK"
    return "LOW_STOCK" if pieces <= low else "SUFFICIENT_STOCK"


def _stock_change(ids: Mapping[str, int], pieces: int, delta: int, occurred: _Occurrence) -> dict[str, Any]:
    """Ids are integers here, times ISO 8601 in UTC. The values of trigger_source are ours."""
    at = datetime.fromtimestamp(occurred.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    locked = {"campaign_locked_quantity": 0, "creator_locked_quantity": 0}
    change = {
        "idempotency_key": f"{ids['sku_id']}-{occurred.number}",
        "trigger_source": occurred.source,
        "occurred_at": at,
        "total_quantity_delta": delta,
        "available_quantity_delta": delta,
        "committed_quantity_delta": 0,
        "in_shop_quantity_delta": delta,
        **{f"{name}_delta": 0 for name in locked},
    }
    after = {
        "total_quantity": pieces,
        "total_available_quantity": pieces,
        "total_committed_quantity": 0,
        "in_shop_quantity": pieces,
        **locked,
    }
    return {
        "event_id": f"{ids['shop_id']}-{occurred.number}",
        "occurred_at": at,
        **ids,
        "quantity_snapshot_after_change": after,
        "change_detail": [change],
    }
