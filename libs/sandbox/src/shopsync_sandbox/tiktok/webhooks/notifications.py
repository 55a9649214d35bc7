"""Webhooks in the API's form: every event becomes a notification to the addresses registered for it."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from shopsync_sandbox.tiktok.state.model import Product, Shop
from shopsync_sandbox.tiktok.state.world import World
from shopsync_sandbox.tiktok.webhooks.changes import ChangeNotices
from shopsync_sandbox.tiktok.webhooks.delivery import DeliveryQueue, Tally

#: types an address can be registered for
EVENT_TYPES = {
    "ORDER_STATUS_CHANGE": 1,
    "RECIPIENT_ADDRESS_UPDATE": 3,
    "PACKAGE_UPDATE": 4,
    "PRODUCT_STATUS_CHANGE": 5,
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "CANCELLATION_STATUS_CHANGE": 11,
    "RETURN_STATUS_CHANGE": 12,
    "NEW_CONVERSATION": 13,
    "NEW_MESSAGE": 14,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "NEW_MESSAGE_LISTENER": 33,
    "INVOICE_STATUS_CHANGE": 36,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
}
#: types that only go to the app's address; these names are ours
APP_TYPES = {"INVENTORY_STATUS_CHANGE": 27, "SKU_STATUS_CHANGE": 50, "INVENTORY_CHANGED_BY_SHOP": 71}
_NUMBERS = {**EVENT_TYPES, **APP_TYPES}


class Webhooks:
    """Creates notifications and queues their delivery."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._notifications = itertools.count(1)
        self._forgotten: set[tuple[str, str, str]] = set()
        self._changes = ChangeNotices(world, self.emit)
        self.courier = DeliveryQueue(world)

    @property
    def waiting(self) -> int:
        """Deliveries that are neither accepted by their receiver nor given up."""
        return self.courier.waiting

    @property
    def tally(self) -> Tally:
        return self.courier.tally

    def emit(self, shop: Shop, event: str, data: Mapping[str, Any]) -> None:
        """Queue one event for the shop's registered address and the app's. Raises KeyError for an unknown event."""
        number = _NUMBERS[event]
        subscription, settings = shop.webhooks.get(event), self._world.settings
        addresses = set() if subscription is None else {subscription.address}
        if settings.webhook_url is not None and number in settings.webhook_types:
            addresses.add(settings.webhook_url)
        if not addresses:
            return
        document = {
            "type": number,
            "tts_notification_id": f"{760_000_000_000_000_000 + next(self._notifications)}",
            "shop_id": shop.id,
            "timestamp": int(self._world.now()),
            "data": data,
        }
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        for address in sorted(addresses):
            self.courier.send(address, body)

    def product_created(self, shop: Shop, product: Product) -> None:
        """`product_types` only names bundles and the like: a normal product has none."""
        data = {"product_id": int(product.id), "product_types": [], "update_time": int(product.update_time)}
        self.emit(shop, "PRODUCT_CREATION", data)
        self.observe(shop, product)

    def product_edited(self, shop: Shop, product: Product, fields: list[str], *, by_seller: bool) -> None:
        data = {
            "product_id": product.id,
            "change_source": "SELLER_CENTER" if by_seller else "OPEN_API",
            "changed_fields": fields,
            "update_time": int(product.update_time),
        }
        self.emit(shop, "PRODUCT_INFORMATION_CHANGE", data)
        self.observe(shop, product)

    def status_changed(self, shop: Shop, product: Product, status: str, reason: str = "") -> None:
        data = {
            "product_id": int(product.id),
            "status": status,
            "suspended_reason": reason,
            "update_time": int(product.update_time),
        }
        self.emit(shop, "PRODUCT_STATUS_CHANGE", data)
        self.observe(shop, product)

    def audit_changed(self, shop: Shop, product: Product) -> None:
        reasons = list(product.pre_approved_reasons)
        audit: dict[str, Any] = {"status": product.audit}
        if self._world.settings.audit_reason_form == "list":
            audit["pre_approved_reasons"] = reasons
        elif reasons:
            audit["pre_approved_reason"] = reasons[0]
        data = {"product_id": int(product.id), "audit": audit, "update_time": int(product.update_time)}
        self.emit(shop, "PRODUCT_AUDIT_STATUS_CHANGE", data)
        self.observe(shop, product)

    def observe(self, shop: Shop, product: Product, source: str = "OPEN_API") -> None:
        """Report what changed about category, SKUs and stock since the last call (types 18, 50, 27, 71)."""
        self._changes.compare(shop, product, source)

    def authorization_ends(self, shop: Shop, at: float) -> None:
        """The consent runs out at `at` (Unix seconds)."""
        message = "The authorization of this shop is about to expire."
        self.emit(shop, "UPCOMING_AUTHORIZATION_EXPIRATION", {"message": message, "expiration_time": str(int(at))})

    def forgets(self, shop: Shop, event: str, address: str) -> bool:
        """Whether this registration is forgotten: the first one of each, if the setting says so."""
        registration = (shop.key, event, address)
        if not self._world.settings.webhook_put_sticks_second_time or registration in self._forgotten:
            return False
        self._forgotten.add(registration)
        return True

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self.courier.run()
