"""TikTok's webhooks: parsed, and stored so that others act on them. Also registers them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from publisher.errors import PublisherError
from publisher.reviewing.reviews import Reviews
from publisher.store import Authorizations, Listings
from publisher.tiktok.shops import Shops

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
_MILLISECONDS_FROM = 100_000_000_000
"""Larger numbers are milliseconds: as seconds this is the year 5138."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One webhook. `product_id`: "" when it is about the shop. `sent_at`, `expires_at`: None when absent."""

    type: int
    id: str
    tiktok_shop_id: str
    product_id: str
    sent_at: datetime | None = None
    expires_at: datetime | None = None


def read_notification(body: bytes) -> Notification | None:
    """The members we use; None when the body is no notification. Product ids come as large integers or as strings.

    The id of one without an id is a digest of its bytes.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or type(document.get("type")) is not int:
        return None
    data: Any = document.get("data")
    data = data if isinstance(data, dict) else {}
    return Notification(
        type=document["type"],
        id=_text(document.get("tts_notification_id")) or hashlib.sha256(body).hexdigest(),
        tiktok_shop_id=_text(document.get("shop_id")),
        product_id=_text(data.get("product_id")),
        sent_at=_moment(document.get("timestamp")),
        expires_at=_moment(data.get("expiration_time")),
    )


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _moment(value: Any) -> datetime | None:
    """A Unix time, number or text, in seconds or milliseconds; None for anything else."""
    text = _text(value)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return None
    number = int(text)
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    return datetime.fromtimestamp(seconds, UTC)


class Inbox:
    """Stores notifications: once `take` has returned, none is lost."""

    def __init__(
        self, listings: Listings, authorizations: Authorizations, reviews: Reviews, clock: Callable[[], datetime]
    ) -> None:
        self._listings = listings
        self._authorizations = authorizations
        self._reviews = reviews
        self._clock = clock
        self._shop_keys: dict[str, str] = {}

    async def take(self, notification: Notification) -> None:
        """Make the listing due for a reading, or store what became of the shop's consent. Repeats do nothing.

        TikTok repeats for 15 hours: a late message about a consent that was given again since is ignored.
        """
        shop_key = await self._shop_of(notification.tiktok_shop_id)
        if shop_key is None:
            log.info("webhook of a shop that is not ours", tiktok_shop_id=notification.tiktok_shop_id)
        elif notification.type == _DEAUTHORIZED:
            await self._withdrawn(shop_key, notification)
        elif notification.type == _EXPIRING:
            await self._expires(shop_key, notification)
        elif notification.product_id and await self._listings.notified(
            shop_key, notification.product_id, notification.id, self._clock()
        ):
            self._reviews.wake()

    async def _shop_of(self, tiktok_shop_id: str) -> str | None:
        shop_key = self._shop_keys.get(tiktok_shop_id) or await self._authorizations.shop_of(tiktok_shop_id)
        if shop_key is not None:  # bound permanently (NV-13), so it is read once
            self._shop_keys[tiktok_shop_id] = shop_key
        return shop_key

    async def _withdrawn(self, shop_key: str, notification: Notification) -> None:
        cause = ("deauthorized", "the seller withdrew the authorisation in Seller Center")
        at = notification.sent_at or self._clock()
        if await self._authorizations.withdrawn(shop_key, cause, at, notification.id):
            log.error("authorisation withdrawn, the merchant has to authorise again", shop_key=shop_key)

    async def _expires(self, shop_key: str, notification: Notification) -> None:
        if await self._authorizations.expires(shop_key, notification.expires_at, notification.id):
            log.warning(
                "TikTok says that the shop's authorisation ends soon, the merchant has to authorise again",
                shop_key=shop_key,
                expires_at=None if notification.expires_at is None else notification.expires_at.isoformat(),
            )


async def register(shops: Shops, authorizations: Authorizations, url: str) -> None:
    """Register `url` for every authorised shop's webhooks. What fails, or has no effect, is tried next time."""
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
