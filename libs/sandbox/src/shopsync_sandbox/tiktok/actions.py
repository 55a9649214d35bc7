"""What a test, a seller or TikTok itself can do to the sandbox, apart from the calls of the API."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal

from pydantic import TypeAdapter

from shopsync_sandbox.tiktok.faults.registry import Fault
from shopsync_sandbox.tiktok.limits import Rate
from shopsync_sandbox.tiktok.products.checks.shop import BARRED, CONDITIONS
from shopsync_sandbox.tiktok.products.lifecycle import Lifecycle
from shopsync_sandbox.tiktok.reasons import PREREQUISITES
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.settings import Settings
from shopsync_sandbox.tiktok.state.model import Product
from shopsync_sandbox.tiktok.state.world import Clock
from shopsync_sandbox.tiktok.summary import shop_facts, summary
from shopsync_sandbox.tiktok.tokens import TokenPair


class Actions:
    """The state of the server, and everything that a test or the control API can do to it.

    `shops` are keys; ids, ciphers and credentials follow from `seed`. `clock` returns Unix seconds and may be replaced
    to move time: reviews and webhook retries wait while it stands still. `faults` are active from the start. State is
    in memory.
    """

    def __init__(
        self,
        *,
        seed: str = "shopsync",
        shops: Sequence[str] = ("demo",),
        settings: Settings | None = None,
        clock: Clock = time.time,
        faults: Sequence[Fault] = (),
    ) -> None:
        if not shops or len(set(shops)) != len(shops):
            raise ValueError("shops must be a non-empty list of different keys")
        self.settings = settings or Settings()
        self.services = Services(seed, shops, self.settings, clock, faults)
        self.world = self.services.world
        self.identity = self.world.app
        self.journal = self.services.journal
        self.tokens = self.services.tokens
        self.reviews = self.services.reviews
        self.webhooks = self.services.webhooks
        self.faults = self.services.faults
        self.expiries = self.services.expiries
        self.limits = self.services.limits
        self.lifecycle: Lifecycle = self.services.lifecycle

    def facts(self) -> dict[str, Any]:
        """What a client needs, for the ready line: the app's credentials, and a fresh code and token pair per shop."""
        return {
            **asdict(self.identity),
            "shops": [self._shop_facts(key) for key in self.world.shops],
        }

    def authorise(self, *shop_keys: str, scopes: Iterable[str] | None = None, user_type: int = 0) -> TokenPair:
        """Consent and exchange in one step. No shop keys: all shops. `user_type` 1 is a creator, who has no shop."""
        code = self.tokens.mint_code(shop_keys, None if scopes is None else tuple(scopes), user_type=user_type)
        return self.tokens.exchange(code.value)

    def deauthorise(self, shop_key: str) -> None:
        """The seller withdraws the consent: its tokens become invalid, webhook 6 is sent."""
        self.tokens.revoke(shop_key)
        message = {"message": "The seller has cancelled the authorization."}
        self.webhooks.emit(self.world.shop(shop_key), "SELLER_DEAUTHORIZATION", message)

    def summary(self) -> dict[str, Any]:
        return summary(self.services)

    def product(self, product_id: str | None = None, *, shop: str = "", seller_sku: str = "") -> Product:
        """By id, or the first one with this seller_sku in a shop. Raises KeyError."""
        if product_id is not None:
            return self.world.product(product_id)
        owners = self.world.shop(shop).by_seller_sku.get(seller_sku)
        if not owners:
            raise KeyError(f"no product with seller_sku {seller_sku!r} in shop {shop!r}")
        return self.world.product(next(iter(owners)))

    def edit_title(self, product: Product, title: str) -> None:
        """The seller edits the title in Seller Center."""
        self.services.listings.edit_by_seller(product, title)

    def set_stock(self, product: Product, sku_id: str, quantity: int) -> None:
        """The seller changes a SKU's stock in Seller Center, or something is sold."""
        self.services.stock.set_by_seller(product, sku_id, quantity)
        self.webhooks.observe(self.world.shop(product.shop_key), product, "SELLER_CENTER")

    def set_clock_offset(self, seconds: float) -> None:
        """Make the server's clock wrong by so many seconds."""
        self.world.offset = seconds

    def set_rate(
        self,
        per_second: float | None,
        *,
        burst: int | None = None,
        shop: str | None = None,
        per: Literal["endpoint", "shop"] = "endpoint",
    ) -> None:
        """Set the rate of one shop, or of all without their own rate, per endpoint or over all endpoints.

        Their buckets are full afterwards.
        """
        if per not in {"endpoint", "shop"}:
            raise ValueError(f"per {per!r} is not endpoint or shop")
        if shop is not None:
            rates = self.limits.endpoint_rates if per == "endpoint" else self.limits.shop_rates
            rates[self.world.shop(shop).key] = Rate(per_second, burst)
        elif per == "endpoint":
            self.settings.requests_per_second, self.settings.burst = per_second, burst
        else:
            self.settings.shop_requests_per_second, self.settings.shop_burst = per_second, burst
        self.limits.forget(shop)

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Raises ValueError, and changes nothing, for an unknown setting or a value of the wrong type."""
        known = {f.name for f in fields(Settings)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no setting {unknown[0]!r}; known: {', '.join(sorted(known))}")
        checked = TypeAdapter(Settings).validate_python({**asdict(self.settings), **changes})
        for name in changes:
            setattr(self.settings, name, getattr(checked, name))

    def remove_sales_warehouses(self, shop_key: str) -> None:
        self.remove_warehouses(shop_key, "SALES_WAREHOUSE")

    def remove_warehouses(self, shop_key: str, kind: str) -> None:
        """Remove the warehouses of a type, SALES_WAREHOUSE or RETURN_WAREHOUSE."""
        shop = self.world.shop(shop_key)
        shop.removed_warehouses += [w for w in shop.warehouses if w.type == kind]
        shop.warehouses = [w for w in shop.warehouses if w.type != kind]

    def restore_warehouses(self, shop_key: str) -> None:
        """Restore the removed ones. The return warehouse comes first again."""
        shop = self.world.shop(shop_key)
        restored = [*shop.warehouses, *shop.removed_warehouses]
        shop.warehouses = sorted(restored, key=lambda warehouse: warehouse.type != "RETURN_WAREHOUSE")
        shop.removed_warehouses = []

    def fail_prerequisites(self, shop_key: str, failed: dict[str, list[str]]) -> None:
        """Set which prerequisites fail, with their reasons. While any fails, reviews end PRE_APPROVED."""
        unknown = sorted(set(failed) - set(PREREQUISITES))
        if unknown:
            raise ValueError(f"no prerequisite {unknown[0]!r}; known: {', '.join(PREREQUISITES)}")
        self.world.shop(shop_key).failed_prerequisites = failed

    def set_conditions(self, shop_key: str, conditions: Iterable[str]) -> None:
        """Set what is wrong with the seller. Each condition refuses listings, or every call, by its code."""
        wanted = set(conditions)
        unknown = sorted(wanted - CONDITIONS.keys() - BARRED.keys())
        if unknown:
            raise ValueError(f"no condition {unknown[0]!r}; known: {', '.join([*CONDITIONS, *BARRED])}")
        self.world.shop(shop_key).conditions = wanted

    def set_category_version(self, shop_key: str, version: Literal["v1", "v2"]) -> None:
        """Move the shop to another category tree. Once moved to v2, v1 is refused everywhere (12052217)."""
        if version not in {"v1", "v2"}:
            raise ValueError(f"version {version!r} is not v1 or v2")
        self.world.shop(shop_key).needs_category_v2 = version == "v2"

    def _shop_facts(self, key: str) -> dict[str, Any]:
        code, pair = self.tokens.mint_code([key]), self.authorise(key)
        return {
            **shop_facts(self.world.shop(key)),
            "auth_code": code.value,
            "access_token": pair.access.value,
            "access_token_expire_in": int(pair.access.expires),
            "refresh_token": pair.refresh.value,
            "refresh_token_expire_in": int(pair.refresh.expires),
        }
