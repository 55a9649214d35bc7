"""A shop's consent as the publisher stores it, for tests of the read model and of what prints it."""

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def consent(**members: Any) -> dict[str, Any]:
    """A document of `authorization_states`."""
    return {
        "tiktok_shop_id": "7000",
        "seller_name": "靴下店",
        "scopes": ["seller.product.write"],
        "ended": None,
        "authorized_at": NOW,
        "access_expires_at": NOW + timedelta(days=7),
        "webhook_url": None,
        "refresh_expires_at": NOW + timedelta(days=365),
        **members,
    }
