from dataclasses import dataclass, field
from typing import Literal

ALL_SCOPES = (
    "seller.authorization.info",
    "seller.product.basic",
    "seller.product.write",
    "seller.logistics",
)


@dataclass(slots=True)
class Settings:
    """What the sandbox decides where TikTok is unknown or dynamic. Every field can be changed while it runs.

    Durations are seconds, times are Unix seconds, money is whole yen.
    """

    #: Reviews decide by themselves after this long; None leaves them to the control API.
    review_seconds: float | None = 2.0
    #: Token bucket per (app, shop, endpoint); None switches the limit off. `burst` is the bucket's size.
    requests_per_second: float | None = 50.0
    burst: int | None = None
    #: TikTok's own sandbox shops: one limit per shop and hour over all endpoints (1000 there); None = off.
    requests_per_hour: int | None = None
    #: Whether a 429 carries Retry-After.
    retry_after: bool = True
    #: New listings per shop and UTC day, drafts not counted; None = no quota.
    daily_listing_quota: int | None = None
    #: HTTP status of product errors: TikTok's is not known.
    business_error_status: Literal[200, 400] = 200
    access_token_seconds: float = 7 * 86400
    refresh_token_seconds: float = 365 * 86400
    auth_code_seconds: float = 30 * 60
    #: How long a refresh token still works after it was used; 0 = dies at once.
    old_refresh_token_seconds: float = 0.0
    #: Whether a refresh also ends the earlier access token.
    refresh_ends_access_token: bool = False
    #: A repeated idempotency key gives the first product again, or an error.
    idempotency: Literal["same", "error"] = "same"
    #: `documented` refuses what the documentation refuses; `observed` is as lenient as seen live (100x100 main images).
    image_rules: Literal["documented", "observed"] = "documented"
    #: Whether a live product may get a draft beside it (12052488 where not).
    drafts_of_live_products: bool = True
    min_price: int = 1
    max_price: int = 9_999_999
    min_quantity: int = 1
    max_quantity: int = 99_999
    #: Length + width + height of the parcel in cm.
    max_parcel_sum: int = 260
    #: New products appear in searches after this long.
    search_delay_seconds: float = 0.0
    #: Where the shop sends consenting sellers back to.
    redirect_url: str | None = None
    #: Every webhook also goes here, registered or not.
    webhook_url: str | None = None
    #: Accept http callbacks with a port on a loopback address; TikTok itself wants https, a domain, no port.
    loopback_webhooks: bool = True
    webhook_timeout_seconds: float = 3.0
    webhook_retry_seconds: tuple[float, ...] = (120.0, 1800.0, 10800.0, 43200.0)
    #: How often each webhook is sent, 1 = no duplicates.
    webhook_copies: int = 1
    #: Deliver newest first, to show disorder.
    webhook_reverse: bool = False
    #: Base of image addresses; None takes the Host the upload came to.
    public_url: str | None = None
    #: Caller addresses the app accepts; empty = all.
    allowed_ips: tuple[str, ...] = ()
    scopes: tuple[str, ...] = field(default=ALL_SCOPES)
    request_log_size: int = 20_000
