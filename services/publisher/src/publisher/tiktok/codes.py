"""What TikTok Shop's codes mean for a push. Pure."""

from dataclasses import dataclass

from publisher.errors import (
    AppMisconfigured,
    AuthorizationEnded,
    ProductGone,
    PublisherError,
    QuotaReached,
    RateLimited,
    Refused,
    ShopBlocked,
    TokenExpired,
    Unavailable,
    WarehouseUnusable,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of trouble and its codes."""

    kind: type[PublisherError]
    codes: frozenset[int]
    means: str


def _row(kind: type[PublisherError], means: str, *codes: int) -> Row:
    return Row(kind, frozenset(codes), means)


TABLE = (
    # wait
    _row(RateLimited, "too many requests of the app, of the seller", 36009002, 12052109),
    _row(QuotaReached, "listings of the day used up; of a new shop's probation", 12052093, 12019068),
    # may pass; a write's outcome is unknown
    _row(Unavailable, "internal error, gateway time-out", 36009003, 36009007),
    _row(Unavailable, "internal error of a service behind the gateway", 33001002, 12001000),
    # a refresh helps or tells more
    _row(TokenExpired, "access token expired", 105002),
    # only a new consent helps
    _row(AuthorizationEnded, "auth code or refresh token bad, used, expired", 36004004, 36004005),
    _row(AuthorizationEnded, "token and cipher do not fit; authorisation expired", 101000, 105001),
    # the shop's, until somebody acts
    _row(ShopBlocked, "scope missing; shop cipher missing", 105005, 106013),
    _row(ShopBlocked, "seller inactive; shop tasks unfinished", 12052700, 12019004, 12052419),
    # the app's, for every shop
    _row(AppMisconfigured, "signature wrong; caller's address not in the allow list", 106001, 36009033),
    # the listing
    _row(ProductGone, "product unknown, invalid ids", 12052032, 12052260, 12019150, 12052031),
    _row(ProductGone, "product of another shop", 12052048, 12052034),
    # 倉庫未設定
    _row(WarehouseUnusable, "warehouse unknown, not the seller's, disabled", 12052097, 12052530, 12052531),
    _row(WarehouseUnusable, "not a delivery warehouse; SKU needs one", 12052532, 12019022),
    _row(WarehouseUnusable, "seller has none, no return warehouse, no shipping template", 12052115, 12052535, 12019088),
)
"""Every code that is not plainly Refused: content, images, attributes, SKUs, prices, state … stay the product's."""

_KINDS = {code: row.kind for row in TABLE for code in row.codes}


def kind_of(code: int) -> type[PublisherError]:
    """The error a code stands for; Refused, that is for good, for codes nobody knows."""
    return _KINDS.get(code, Refused)
