"""What TikTok tells by webhook: read from bytes, taken in durably, acted on elsewhere."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from publisher.errors import PublisherError
from publisher.reviews import Reviews
from publisher.shops import Shops
from publisher.store import Authorizations, Listings

log = structlog.get_logger(__name__)

TOPICS = (
    "PRODUCT_STATUS_CHANGE",
    "PRODUCT_AUDIT_STATUS_CHANGE",
    "PRODUCT_INFORMATION_CHANGE",
    "SELLER_DEAUTHORIZATION",
    "UPCOMING_AUTHORIZATION_EXPIRATION",
)
_DEAUTHORIZED = 6
_EXPIRING = 7


@dataclass(frozen=True, slots=True)
class Notification:
    """One webhook. `product_id` is "" for those about the shop."""

    type: int
    id: str
    tiktok_shop_id: str
    product_id: str


def read_notification(body: bytes) -> Notification | None:
    """The parts we use; None when it is no such document. Product ids come as big integers or as strings."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("type"), int):
        return None
    data: Any = document.get("data")
    product_id = data.get("product_id") if isinstance(data, dict) else None
    return Notification(
        type=document["type"],
        id=str(document.get("tts_notification_id", "")),
        tiktok_shop_id=str(document.get("shop_id", "")),
        product_id="" if product_id is None else str(product_id),
    )


class Inbox:
    """Takes notifications in: once this returned, nothing of them is lost."""

    def __init__(
        self, listings: Listings, authorizations: Authorizations, reviews: Reviews, clock: Callable[[], datetime]
    ) -> None:
        self._listings = listings
        self._authorizations = authorizations
        self._reviews = reviews
        self._clock = clock

    async def take(self, notification: Notification) -> None:
        """Make the listing due for a reading, or note that the shop withdrew its consent. Repeats do nothing."""
        shop_key = await self._authorizations.shop_of(notification.tiktok_shop_id)
        if shop_key is None:
            log.info("webhook of a shop that is not ours", tiktok_shop_id=notification.tiktok_shop_id)
            return
        if notification.type == _DEAUTHORIZED:
            await self._end(shop_key)
        elif notification.type == _EXPIRING:
            log.warning("the seller's consent expires soon: it has to be given anew", shop_key=shop_key)
        elif notification.product_id and await self._listings.notified(
            shop_key, notification.product_id, notification.id, self._clock()
        ):
            self._reviews.wake()

    async def _end(self, shop_key: str) -> None:
        authorization = await self._authorizations.get(shop_key)
        if authorization is not None:
            cause = ("deauthorized", "the seller withdrew the authorisation in Seller Center")
            await self._authorizations.end(shop_key, authorization.version, cause)
            log.warning("authorisation withdrawn", shop_key=shop_key)


async def register(shops: Shops, authorizations: Authorizations, url: str) -> None:
    """See to it that every authorised shop's webhooks come to `url`; what does not stick is tried again next time."""
    for shop_key in await authorizations.without_webhook(url):
        api = shops.api(shop_key)
        try:
            for topic in TOPICS:
                await api.register_webhook(topic, url)
            there = await api.webhooks()
        except PublisherError as error:
            log.warning("webhooks not registered", shop_key=shop_key, code=error.code, reason=error.message)
            continue
        missing = [topic for topic in TOPICS if there.get(topic) != url]
        if missing:
            log.warning("webhook registration did not stick, again later", shop_key=shop_key, topics=missing)
            continue
        await authorizations.webhook_registered(shop_key, url)
        log.info("webhooks registered", shop_key=shop_key, url=url)
