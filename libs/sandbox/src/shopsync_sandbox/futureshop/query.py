"""The parameters of productsSearch and inventorySearch. They are read strictly: an error names the wrong one."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopsync_sandbox.futureshop.errors import bad_parameter
from shopsync_sandbox.shop import JST, Filter

PRODUCT_TYPES = frozenset(
    [
        "option",
        "variation",
        "optionPrice",
        "subscription",
        "preorder",
        "image",
        "comment",
        "plannedStock",
        "stockNotification",
    ]
)
INVENTORY_TYPES = frozenset(["regular", "preorder", "planned", "realstore"])
LONGEST_UPDATE_RANGE = timedelta(days=31)
_INVENTORY_PAGE = 100
_STAMP = "%Y-%m-%dT%H:%M:%S"
_STAMP_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

Range = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing continues: above product id `after`, below it when `backwards`.

    `ratio`, `loop` and `backwards` carry faults through the listing.
    """

    after: int = 0
    page: int = 1
    ratio: float | None = None
    loop: str | None = None  # "same" or "distinct"
    backwards: bool = False

    def cursor(self, digest: str) -> str:
        """The opaque text for nextUrl. It is valid for its own query only."""
        plain = json.dumps(
            [self.after, self.page, self.ratio, self.loop, self.backwards, digest], separators=(",", ":")
        )
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Query:
    """A listing request that can be answered."""

    types: frozenset[str]
    size: int
    wanted: Filter
    position: Position
    digest: str


def products_query(params: Mapping[str, str], now: datetime) -> Query:
    """A productsSearch request. Raises ApiError 400 with code and path."""
    updated = _range(params, "updateDate", now)
    if updated and updated[1] - updated[0] > LONGEST_UPDATE_RANGE:
        raise bad_parameter(
            "InvalidValue", "updateDateStart", "updateDateStart to updateDateEnd spans more than 31 days"
        )
    return _query(
        params,
        types=_types(params, PRODUCT_TYPES),
        size=_count(params),
        wanted=Filter(
            product_nos=_product_nos(params),
            jan_codes=_listed(params, "janCode"),
            updated=updated,
            created=_range(params, "createDate", now),
        ),
    )


def inventory_query(params: Mapping[str, str], now: datetime) -> Query:
    """An inventorySearch request; `types` is required. Raises ApiError 400 with code and path."""
    types = _types(params, INVENTORY_TYPES)
    if not types:
        raise bad_parameter("Required", "types", "types is required: regular, preorder, planned or realstore")
    return _query(
        params,
        types=types,
        size=_INVENTORY_PAGE,
        wanted=Filter(
            product_nos=_product_nos(params),
            jan_codes=_listed(params, "janCode"),
            created=_range(params, "createDate", now),
        ),
    )


def _query(params: Mapping[str, str], *, types: frozenset[str], size: int, wanted: Filter) -> Query:
    filters = sorted((name, value) for name, value in params.items() if name != "cursor")
    digest = hashlib.sha256(json.dumps(filters).encode()).hexdigest()[:12]
    return Query(types, size, wanted, _position(params, digest), digest)


def _position(params: Mapping[str, str], digest: str) -> Position:
    text = params.get("cursor", "")
    if not text:
        return Position()
    try:
        after, page, ratio, loop, backwards, owner = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError):
        raise bad_parameter("InvalidValue", "cursor", "cursor is not one that this API gave out") from None
    if owner != digest:
        raise bad_parameter("InvalidValue", "cursor", "cursor belongs to a request with other parameters")
    return Position(after, page, ratio, loop, backwards)


def _listed(params: Mapping[str, str], name: str) -> frozenset[str] | None:
    """The comma-separated values; None when the parameter is missing or empty."""
    values = frozenset(part.strip() for part in params.get(name, "").split(",")) - {""}
    return values or None


def _product_nos(params: Mapping[str, str]) -> frozenset[str] | None:
    numbers = _listed(params, "productNo")
    for number in numbers or ():
        if len(number.encode()) > 32:
            raise bad_parameter("InvalidValue", "productNo", f"productNo {number!r} is longer than 32 bytes")
    return numbers


def _types(params: Mapping[str, str], known: frozenset[str]) -> frozenset[str]:
    types = _listed(params, "types") or frozenset()
    if unknown := sorted(types - known):
        raise bad_parameter(
            "InvalidValue", "types", f"types does not know {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    return types


def _count(params: Mapping[str, str]) -> int:
    text = params.get("count", "50")
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 50 <= int(text) <= 250:
        raise bad_parameter("InvalidValue", "count", f"count must be a number from 50 to 250, not {text!r}")
    return int(text)


def _range(params: Mapping[str, str], prefix: str, now: datetime) -> Range | None:
    """The closed range between {prefix}Start and {prefix}End; a missing End is now, a missing Start an error."""
    start, end = (_stamp(params, f"{prefix}{edge}") for edge in ("Start", "End"))
    if start is None and end is None:
        return None
    if start is None:
        raise bad_parameter("Required", f"{prefix}Start", f"{prefix}End needs {prefix}Start")
    end = end or now
    if end < start:
        raise bad_parameter("InvalidValue", f"{prefix}End", f"{prefix}End is before {prefix}Start")
    return start, end


def _stamp(params: Mapping[str, str], name: str) -> datetime | None:
    text = params.get(name, "")
    if not text:
        return None
    wrong = bad_parameter("InvalidDateFormat", name, f"{name} must be yyyy-mm-ddThh:mm:ss, not {text!r}")
    if not _STAMP_FORM.fullmatch(text):
        raise wrong
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=JST)
    except ValueError:
        raise wrong from None
