"""Webhooks: made in the API's shapes, signed over the exact bytes, sent at least once with the documented retries."""

import asyncio
import heapq
import ipaddress
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.model import Product, Shop
from shopsync_sandbox.tiktok.signing import webhook_sign
from shopsync_sandbox.tiktok.world import World

EVENT_TYPES = {
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "PRODUCT_STATUS_CHANGE": 5,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
}
_AT_ONCE = 8
_log = structlog.get_logger("tiktok-sandbox")


@dataclass(order=True, slots=True)
class Delivery:
    """One webhook to one address; `due` in Unix seconds."""

    due: float
    order: int
    address: str = field(compare=False)
    body: bytes = field(compare=False)
    attempt: int = field(compare=False, default=0)


@dataclass(slots=True)
class Tally:
    """What became of deliveries."""

    delivered: int = 0
    failed_attempts: int = 0
    dropped: int = 0


class Webhooks:
    """Makes, signs, queues and sends."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._notifications = itertools.count(1)
        self._queue: list[Delivery] = []
        self.tally = Tally()
        self._sending = 0

    @property
    def waiting(self) -> int:
        """Deliveries not yet accepted by their receiver nor given up."""
        return len(self._queue) + self._sending

    def emit(self, shop: Shop, event: str, data: dict[str, Any]) -> None:
        """Queue one event for the shop's registered address and the default address, each once."""
        subscription = shop.webhooks.get(event)
        registered = None if subscription is None else subscription.address
        addresses = {a for a in (registered, self._world.settings.webhook_url) if a is not None}
        if not addresses:
            return
        now = self._world.real_time()
        document = {
            "type": EVENT_TYPES[event],
            "tts_notification_id": f"{760_000_000_000_000_000 + next(self._notifications)}",
            "shop_id": shop.id,
            "timestamp": int(self._world.now()),
            "data": data,
        }
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        for address in sorted(addresses):
            for _ in range(self._world.settings.webhook_copies):
                self._push(Delivery(now, self._next_order(), address, body))

    def product_created(self, shop: Shop, product: Product) -> None:
        data = {"product_id": int(product.id), "product_types": ["NORMAL"], "update_time": int(product.update_time)}
        self.emit(shop, "PRODUCT_CREATION", data)

    def product_edited(self, shop: Shop, product: Product, fields: list[str], *, by_seller: bool) -> None:
        data = {
            "product_id": product.id,
            "change_source": "SELLER_CENTER" if by_seller else "OPEN_API",
            "changed_fields": fields,
            "update_time": int(product.update_time),
        }
        self.emit(shop, "PRODUCT_INFORMATION_CHANGE", data)

    def status_changed(self, shop: Shop, product: Product, status: str, reason: str = "") -> None:
        data = {
            "product_id": int(product.id),
            "status": status,
            "suspended_reason": reason,
            "update_time": int(product.update_time),
        }
        self.emit(shop, "PRODUCT_STATUS_CHANGE", data)

    def audit_changed(self, shop: Shop, product: Product) -> None:
        audit = {"status": product.audit, "pre_approved_reasons": list(product.pre_approved_reasons)}
        data = {"product_id": int(product.id), "audit": audit, "update_time": int(product.update_time)}
        self.emit(shop, "PRODUCT_AUDIT_STATUS_CHANGE", data)

    async def run(self) -> None:
        """Deliver until cancelled."""
        limits = httpx.Limits(max_connections=_AT_ONCE * 2)
        async with httpx.AsyncClient(limits=limits, follow_redirects=False, trust_env=False) as client:
            while True:
                due = self._take_due()
                if due:
                    self._sending = len(due)
                    await asyncio.gather(*(self._deliver(client, delivery) for delivery in due))
                    self._sending = 0
                else:
                    await asyncio.sleep(0.02)

    def _take_due(self) -> list[Delivery]:
        now = self._world.real_time()
        due: list[Delivery] = []
        while self._queue and self._queue[0].due <= now and len(due) < _AT_ONCE:
            due.append(heapq.heappop(self._queue))
        return due

    async def _deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        settings, app = self._world.settings, self._world.app
        headers = {
            "authorization": webhook_sign(app.app_key, app.app_secret, delivery.body),
            "content-type": "application/json",
        }
        try:
            reply = await client.post(
                delivery.address,
                content=delivery.body,
                headers=headers,
                timeout=settings.webhook_timeout_seconds,
            )
            problem = None if reply.status_code == httpx.codes.OK else f"HTTP {reply.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is None:
            self.tally.delivered += 1
        else:
            self._retry(delivery, problem)

    def _retry(self, delivery: Delivery, problem: str) -> None:
        waits = self._world.settings.webhook_retry_seconds
        self.tally.failed_attempts += 1
        if delivery.attempt >= len(waits):
            self.tally.dropped += 1
            _log.warning("webhook dropped", address=delivery.address, problem=problem)
            return
        delivery.due = self._world.real_time() + waits[delivery.attempt]
        delivery.attempt += 1
        self._push(delivery)

    def _push(self, delivery: Delivery) -> None:
        heapq.heappush(self._queue, delivery)

    def _next_order(self) -> int:
        number = next(self._numbers)
        return -number if self._world.settings.webhook_reverse else number


def check_address(address: str | None, *, loopback: bool) -> str:
    """The callback rule: https, a domain, no port; with `loopback` also plain http on this machine."""
    if not address or len(address) > 255:
        raise ApiError(Code.INVALID_PARAM, "invalid param: address must have 1 to 255 characters")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: address: {error}") from error
    if loopback and parts.scheme in {"http", "https"} and _is_loopback(host):
        return address
    if parts.scheme != "https" or port is not None or _is_ip(host) or "." not in host:
        raise ApiError(Code.INVALID_PARAM, "invalid param: address must be https with a domain and no port or IP")
    return address


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
