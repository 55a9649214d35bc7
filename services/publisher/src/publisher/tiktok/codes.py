"""What TikTok Shop's codes mean for a push, and which of them prove that a write was not carried out. Pure.

One table decides both. A code that is not in it is read by its first digits, else as Unclear: after such an answer to a
write it is not known what TikTok did (ST-13, RB-8).
"""

from dataclasses import dataclass
from enum import StrEnum

from publisher.errors import (
    AppMisconfigured,
    AuthorizationEnded,
    EndpointWithdrawn,
    HourSpent,
    ProductGone,
    PublisherError,
    QuotaReached,
    RateLimited,
    Refused,
    ShopBlocked,
    TokenExpired,
    Unavailable,
    Unclear,
    WarehouseUnusable,
)


class Source(StrEnum):
    """Where the meaning of a code is known from."""

    COMMON = "TikTok Shop's page of common errors"
    PRODUCT = "TikTok Shop's list of product errors"
    LIVE = "seen on the live service by integrators"
    CHANGELOG = "TikTok Shop's changelog of June 2026 about sandbox shops and inactive sellers"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of error and its codes.

    Every kind but Unavailable and Unclear means that the request was refused before anything was done: such a code ends
    the intent of a write.
    """

    kind: type[PublisherError]
    source: Source
    codes: frozenset[int]
    means: str


def _row(kind: type[PublisherError], source: Source, means: str, *codes: int) -> Row:
    return Row(kind, source, frozenset(codes), means)


_COMMON, _PRODUCT, _LIVE, _CHANGELOG = Source.COMMON, Source.PRODUCT, Source.LIVE, Source.CHANGELOG

_PRODUCT_REFUSALS = {
    "category": """
        12052002 12052023 12052024 12052025 12052217 12052220 12052221 12052223 12052225 12052226
        12052227 12052230 12052446 12019009 12019064 12052912
    """,
    "brand": "12019013 12052026 12052200 12052201 12052208",
    "title": "12052051 12052261 12052262 12052263 12052931",
    "description": """
        12052013 12052015 12052056 12052340 12052341 12052342 12052343 12052344 12052345 12052346
        12052348 12052349 12052350 12052352 12052932
    """,
    "images": """
        12052028 12052300 12052301 12052302 12052304 12052305 12052306 12052722 12052520 12052521
        12052522 12052523 12052524 12052528 12052356 12052357
    """,
    "uploads": "12038002 12038004 12038005 12038014 12038015 12019116",
    "category attributes": """
        12052104 12052182 12052183 12052246 12052247 12052248 12052249 12052251 12052253 12052254
        12052256 12052935
    """,
    "variations": """
        12052240 12052241 12052242 12052243 12052244 12052245 12052525 12052526 12052527 12052529
        12052550 12052560 12052933 12052934
    """,
    "SKUs": """
        12052036 12052050 12052054 12052553 12052557 12052558 12052559 12052902 12019056 12019057
        12019059
    """,
    "product codes": "12052591 12052592 12052593 12052600",
    "price": """
        12052012 12052038 12052073 12052084 12052092 12052424 12052570 12052571 12052572 12019045
        12019113
    """,
    "stock": "12052037 12052055 12052310 12052393 12052533 12052534 12052555 12019024 12019028",
    "parcel": """
        12052003 12052004 12052005 12052006 12052116 12052181 12052823 12052915 12052916 12019011
        12019012 12019061
    """,
    "documents, size chart": """
        12052105 12052128 12052385 12052650 12052655 12052656 12052657 12052658 12052670 12052671
        12052673
    """,
    "cash on delivery; shipping": "12052222 12052402 12052420 12052549",
    "external ids": "12052369 12052996",
    "state of the listing": "12052308 12052332 12052488 12052547 12052901",
    "batch": "12019120 12052990",
    "search": "12019027 12019087 12019118 12019119 12052180",
}
"""What a refusal of a product is about, and its codes."""

TABLE = (
    # The shop waits -----------------------------------------------------------------------------------------------
    _row(RateLimited, _COMMON, "too many requests of the app", 36009002),
    _row(RateLimited, _PRODUCT, "too many requests of the seller", 12052109),
    _row(HourSpent, _CHANGELOG, "requests of the hour used up, a test shop's", 36009037),
    _row(QuotaReached, _LIVE, "listings of the day used up", 12052093),
    _row(QuotaReached, _PRODUCT, "listings of a new shop's probation used up", 12019068),
    # May pass; what a write did is not known ----------------------------------------------------------------------
    _row(Unavailable, _COMMON, "internal error, gateway time-out", 36009003, 36009007),
    _row(Unavailable, _COMMON, "internal error of a service behind the gateway", 33001002, 12001000),
    # The token: a refresh helps, or shows what is wrong --------------------------------------------------------------
    _row(TokenExpired, _COMMON, "access token expired", 105002),
    _row(TokenExpired, _LIVE, "access token invalid", 36009005),
    # The consent: only a new one helps ----------------------------------------------------------------------------
    _row(AuthorizationEnded, _LIVE, "refresh token expired", 36004001),
    _row(AuthorizationEnded, _LIVE, "auth code bad, used or expired; refresh token unknown", 36004004, 36004005),
    _row(AuthorizationEnded, _COMMON, "token and cipher do not fit", 101000),
    _row(AuthorizationEnded, _LIVE, "authorisation expired", 105001),
    # The shop, until somebody acts --------------------------------------------------------------------------------
    _row(ShopBlocked, _COMMON, "scope missing; shop cipher missing", 105005, 106013),
    _row(ShopBlocked, _CHANGELOG, "shop inactive, seller inactive: every call is refused", 36009043, 36009044),
    _row(ShopBlocked, _LIVE, "shop deactivated", 36009006),
    _row(ShopBlocked, _PRODUCT, "seller inactive; shop tasks unfinished", 12052700, 12019004, 12052419),
    # The app, whatever the shop -----------------------------------------------------------------------------------
    _row(AppMisconfigured, _COMMON, "signature wrong; caller's address not in the allow list", 106001, 36009033),
    _row(EndpointWithdrawn, _COMMON, "path unknown, method not allowed, version invalid", 36009009, 36009010, 36009014),
    # The listing --------------------------------------------------------------------------------------------------
    _row(ProductGone, _PRODUCT, "product unknown, invalid ids", 12052032, 12052260, 12019150, 12052031),
    _row(ProductGone, _PRODUCT, "product of another shop", 12052048, 12052034),
    # 倉庫未設定 -----------------------------------------------------------------------------------------------------
    _row(WarehouseUnusable, _PRODUCT, "warehouse unknown, not the seller's, disabled", 12052097, 12052530, 12052531),
    _row(WarehouseUnusable, _PRODUCT, "not a delivery warehouse; SKU needs one", 12052532, 12019022),
    _row(WarehouseUnusable, _PRODUCT, "seller has none, no return warehouse", 12052115, 12052535),
    _row(WarehouseUnusable, _PRODUCT, "no shipping template", 12019088),
    # The request: checked and refused before anything was done -----------------------------------------------------
    _row(Refused, _COMMON, "body too large, neither JSON nor a form, no form", 36009021, 36009022, 36009023),
    _row(Refused, _COMMON, "a parameter is invalid", 98001004, 11050001),
    *(_row(Refused, _PRODUCT, means, *map(int, codes.split())) for means, codes in _PRODUCT_REFUSALS.items()),
)


@dataclass(frozen=True, slots=True)
class Family:
    """What an unknown code means by its first digits."""

    beginning: str
    kind: type[PublisherError]
    means: str


FAMILIES = (
    Family("36009", Unavailable, "the gateway: never about one product; a write may have gone through it"),
    Family("36004", ShopBlocked, "the token host: tried again later, an unknown code does not end the consent"),
    Family("105", ShopBlocked, "what the token may do"),
    Family("106", AppMisconfigured, "how we sign and identify ourselves"),
    Family("12001", Unavailable, "internal error of the product service"),
)
"""105 and 106 have six digits, the others eight."""

_KINDS = {code: row.kind for row in TABLE for code in row.codes}


def kind_of(code: int) -> type[PublisherError]:
    """The error of a code: by the table, else by its first digits, else Unclear."""
    kind = _KINDS.get(code)
    if kind is not None:
        return kind
    digits = str(code)
    family = next((one for one in FAMILIES if digits.startswith(one.beginning) and _is_member(one, digits)), None)
    return Unclear if family is None else family.kind


def is_known(code: int) -> bool:
    """Whether the code itself is in the table."""
    return code in _KINDS


def _is_member(family: Family, digits: str) -> bool:
    return len(digits) == (6 if len(family.beginning) == 3 else 8)
