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
    """How the sandbox behaves where TikTok's behaviour is unknown or changes. All fields can be changed at run time.

    Durations are seconds, times are Unix seconds, money is whole yen.
    """

    #: Reviews are decided automatically after this long; None leaves them to the control API.
    review_seconds: float | None = 2.0
    #: Token bucket per (app, shop, endpoint); None: no limit. `burst` is the bucket's size.
    requests_per_second: float | None = 50.0
    burst: int | None = None
    #: The same per (app, shop) over all endpoints.
    shop_requests_per_second: float | None = None
    shop_burst: int | None = None
    #: Like TikTok's own sandbox shops: a limit per shop and hour over all endpoints (1000 there, 36009037); None: off.
    requests_per_hour: int | None = None
    #: Whether a rate-limit answer has Retry-After, in which form, and its HTTP status.
    retry_after: bool = True
    retry_after_form: Literal["seconds", "date"] = "seconds"
    rate_limit_status: Literal[429, 200] = 429
    #: New listings per shop and UTC day, drafts not counted; None = no quota.
    daily_listing_quota: int | None = None
    #: HTTP status of product errors: TikTok's is not known.
    business_error_status: Literal[200, 400] = 200
    #: The code for a version the path does not have: the documentation names both.
    version_error: Literal[36009014, 36009004] = 36009014
    #: The code for an access token that is unknown or withdrawn: both were seen, with the same message.
    token_error: Literal[36009005, 36009004] = 36009005
    #: The oldest `timestamp` of a call. A test that moves the clock raises it, so that calls in flight are not refused.
    oldest_timestamp_seconds: int = 300
    #: Operations that no longer exist: 36009009.
    withdrawn: tuple[str, ...] = ()
    #: The code for a member that is missing or of a wrong type: of the gateway, in Go's names, or of the older API.
    member_error: Literal[36009004, 98001004] = 36009004
    #: Whether create and edit bodies may have the member `locale`, which no generated client has.
    locale_in_bodies: Literal["taken", "refused"] = "taken"
    access_token_seconds: float = 7 * 86400
    refresh_token_seconds: float = 365 * 86400
    auth_code_seconds: float = 30 * 60
    #: How long a refresh token still works after it was used; 0: not at all.
    old_refresh_token_seconds: float = 0.0
    #: Whether a refresh also ends the earlier access token.
    refresh_ends_access_token: bool = False
    #: A repeated idempotency key returns the first product again, or an error.
    idempotency: Literal["same", "error"] = "same"
    #: `documented` refuses what the documentation refuses; `observed` is as lenient as seen live (100x100 main images).
    image_rules: Literal["documented", "observed"] = "documented"
    #: Whether a live product may have a draft (12052488 if not).
    drafts_of_live_products: bool = True
    min_price: int = 1
    max_price: int = 9_999_999
    min_quantity: int = 1
    max_quantity: int = 99_999
    #: Length + width + height of the parcel in cm.
    max_parcel_sum: int = 260
    max_parcel_grams: int = 100_000
    #: Values one sales attribute may have over all SKUs.
    max_values_per_attribute: int = 300
    #: Refuse v1 bodies (12052217), as in regions where v2 is mandatory.
    category_v2_required: bool = False
    #: An unknown brand is removed with a warning, or refused (12052026).
    unknown_brand: Literal["clear", "refuse"] = "clear"
    #: Whether two products of a shop may not have the same external_product_id (12052996).
    unique_external_ids: bool = False
    #: Whether a submitted identifier code can no longer be changed (12052593).
    identifier_codes_fixed: bool = True
    #: All are accepted by default, because Japanese has kanji; "refused" refuses those of simplified Chinese only.
    chinese_characters: Literal["taken", "refused"] = "taken"
    #: Beginnings of titles that are refused (12052263).
    illegal_title_prefixes: tuple[str, ...] = ()
    #: Media types of product images; empty: all that an upload accepts. One integrator saw only JPEG accepted.
    image_formats: tuple[str, ...] = ()
    max_image_bytes: int = 10 * 1024 * 1024
    #: Listings that a shop may have, without drafts and deleted ones; None: no limit (12052093).
    total_listing_limit: int | None = None
    #: Whether Get returns products that are DELETED or FREEZE; two copies of the documentation disagree.
    get_removed: bool = True
    #: As seen live: Delete reports success but keeps drafts and products with a draft.
    delete_ignores_drafts: bool = False
    #: New products appear in searches after this long.
    search_delay_seconds: float = 0.0
    #: Where sellers are sent back to after their consent.
    redirect_url: str | None = None
    #: Every webhook also goes here, registered or not.
    webhook_url: str | None = None
    #: Accept http callbacks with a port on a loopback address; TikTok itself wants https, a domain, no port.
    loopback_webhooks: bool = True
    #: As seen live: registering a webhook reports success but is forgotten; the same call again is kept.
    webhook_put_sticks_second_time: bool = False
    #: Event types that the app receives at `webhook_url`. A registered address always gets its own type.
    webhook_types: tuple[int, ...] = (5, 6, 7, 15, 16, 18, 37)
    #: Webhook 37 has the reasons of a pre-approval as a list, or as one string like the documentation's sample.
    audit_reason_form: Literal["list", "string"] = "list"
    #: Webhook 27 reports when a SKU's stock falls to this or below.
    low_stock: int = 10
    webhook_timeout_seconds: float = 3.0
    webhook_retry_seconds: tuple[float, ...] = (120.0, 1800.0, 10800.0, 43200.0)
    #: How often each webhook is sent; 1: no duplicates.
    webhook_copies: int = 1
    #: Deliver newest first and one at a time, to test for disorder. Best used with held deliveries.
    webhook_reverse: bool = False
    #: An image optimisation is done after this long.
    optimize_seconds: float = 1.0
    #: Base of image addresses; None: the host that the upload was sent to.
    public_url: str | None = None
    #: Caller addresses that the app accepts; empty: all.
    allowed_ips: tuple[str, ...] = ()
    scopes: tuple[str, ...] = field(default=ALL_SCOPES)
    request_log_size: int = 20_000
