"""Reasons of reviews and prerequisites, in the API's form."""

from typing import Any

PREREQUISITES = (
    "SHOP_STATUS",
    "SHOP_TAX",
    "PICKUP_WAREHOUSE",
    "RETURN_WAREHOUSE",
    "DELIVERY_OPTION",
    "SHIPPING_TEMPLATE",
    "PRODUCT_QUANTITY_LIMIT",
    "EXTENDED_PRODUCER_RESPONSIBILITY",
    "BANk_ACCOUNT",
    "CONTACT_INFO",
)
KYC_PENDING = "KYC_PENDING"
RESTRICTED_CATEGORY_PENDING = "RESTRICTED_CATEGORY_PENDING"


def failed_reason(reason: str, position: str = "Product", suggestion: str = "") -> dict[str, Any]:
    """One entry of `audit_failed_reasons`."""
    return {
        "position": position,
        "reasons": [reason],
        "suggestions": [suggestion] if suggestion else [],
        "listing_platform": "TIKTOK_SHOP",
    }
