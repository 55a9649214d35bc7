"""Faults that the server shows on request: once, a number of times, or until they are removed."""

import codecs
import itertools
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"  # the HTTP status `status` instead of an answer
    MAINTENANCE = "maintenance"  # 503 and an HTML page on everything, tokens and images included
    FAILED = "failed"  # HTTP 200 with status "failed"
    HTML = "html"  # HTTP 200 with an HTML page
    MALFORMED_JSON = "malformed_json"  # the answer is cut off in the middle
    SLOW = "slow"  # `ms` milliseconds late; other faults still apply
    EXPIRE_TOKENS = "expire_tokens"  # the shop's tokens become invalid and the call is refused with 401
    EMPTY_PAGE = "empty_page"  # no products, no nextUrl
    SHORT_PAGE = "short_page"  # `keep` products; the rest of the page comes next, or never with `lose`
    END_EARLY = "end_early"  # the page has no nextUrl though more remain
    SHRINK = "shrink"  # this page and all after it show only the share `ratio` of the products
    DUPLICATE_PAGE = "duplicate_page"  # nextUrl leads to the same products again
    ENDLESS_CURSOR = "endless_cursor"  # this page repeats without end; with `distinct`, under new cursors
    FOREIGN_NEXT_URL = "foreign_next_url"  # nextUrl points to `url`
    OMIT = "omit"  # the products `product_nos` are left out of the page
    REPEAT = "repeat"  # the products `product_nos` are on the page again, in front
    REVERSE = "reverse"  # from this page to its end the listing runs backwards, the highest id first
    SPOIL = "spoil"  # members of `records` are set in the answer
    DROP = "drop"  # the connection is closed after `share` of the body
    DRIP = "drip"  # `bytes` of the body every `ms` milliseconds
    ENCODING = "encoding"  # the body in `encoding` instead of UTF-8
    GZIP_BOMB = "gzip_bomb"  # a body of `mebibytes`, compressed to a thousandth
    REDIRECT = "redirect"  # 302 to `url`


_LISTING = frozenset(
    {
        FaultKind.EMPTY_PAGE,
        FaultKind.SHORT_PAGE,
        FaultKind.END_EARLY,
        FaultKind.SHRINK,
        FaultKind.DUPLICATE_PAGE,
        FaultKind.ENDLESS_CURSOR,
        FaultKind.FOREIGN_NEXT_URL,
        FaultKind.OMIT,
        FaultKind.REPEAT,
        FaultKind.REVERSE,
        FaultKind.SPOIL,
    }
)


class Endpoint(StrEnum):
    """Which calls a fault hits; `any` means products, inventory and token."""

    PRODUCTS = "products"
    INVENTORY = "inventory"
    TOKEN = "token"  # noqa: S105 - the name of a call
    IMAGE = "image"
    ANY = "any"


class Fault(BaseModel):
    """One fault. `times` null: until it is removed. `page` 1 is the first of a listing; null means any page."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    shop_key: str | None = None
    endpoint: Endpoint = Endpoint.PRODUCTS
    page: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int = Field(default=500, ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)
    ms: int = Field(default=1000, ge=0, le=600_000)
    keep: int = Field(default=1, ge=0)
    lose: bool = False
    ratio: float = Field(default=0.4, ge=0, le=1)
    distinct: bool = False
    url: str = "http://elsewhere.invalid/admin-api/v1/products?cursor=x"
    product_nos: tuple[str, ...] = ()
    records: dict[str, dict[str, Any]] = Field(default_factory=dict)
    share: float = Field(default=0.5, ge=0, lt=1)
    bytes: int = Field(default=100, ge=1)
    encoding: str = "cp932"
    mebibytes: int = Field(default=64, ge=1, le=1024)
    code: str = "ErrorsPresent"
    message: str = "the sandbox was asked to fail"
    html: str | None = None
    charset: str = "utf-8"
    declared: Literal["header", "meta", "nothing"] = "header"
    _id: int = PrivateAttr(default_factory=itertools.count(1).__next__)

    @property
    def id(self) -> int:
        """Its number, for removing it."""
        return self._id

    @field_validator("encoding", "charset")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"Python knows no encoding {name!r}") from None

    @model_validator(mode="after")
    def _fits_its_endpoint(self) -> Self:
        paged = self.endpoint in (Endpoint.PRODUCTS, Endpoint.INVENTORY, Endpoint.ANY)
        if self.kind in _LISTING and not paged:
            raise ValueError(f"{self.kind} needs endpoint products, inventory or any")
        if self.page is not None and not paged:
            raise ValueError("page needs endpoint products, inventory or any")
        if self.endpoint is Endpoint.IMAGE and self.shop_key is not None:
            raise ValueError("image calls carry no shop key; leave shop_key out")
        return self

    def hits(self, shop_key: str | None, endpoint: Endpoint, page: int | None) -> bool:
        """Whether it applies to a call."""
        if self.shop_key not in (None, shop_key):
            return False
        if self.kind is FaultKind.MAINTENANCE:
            return True
        if self.endpoint is Endpoint.ANY:
            matching = endpoint is not Endpoint.IMAGE and not (endpoint is Endpoint.TOKEN and self.kind in _LISTING)
        else:
            matching = self.endpoint is endpoint
        return matching and self.page in (None, page)


class Faults:
    """The faults that are still active, oldest first."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Add a fault. It counts down when it happens."""
        self._pending.append(fault)
        return fault

    def remove(self, id_: int) -> bool:
        """Remove one; False when it is over or never existed."""
        kept = [fault for fault in self._pending if fault.id != id_]
        found = len(kept) < len(self._pending)
        self._pending = kept
        return found

    def clear(self) -> None:
        """Remove all."""
        self._pending.clear()

    def pending(self) -> list[dict[str, object]]:
        """The active faults, with their numbers and how often they will still happen."""
        return [{"id": fault.id, **fault.model_dump(mode="json", exclude_defaults=True)} for fault in self._pending]

    def maintenance(self, shop_key: str | None) -> Fault | None:
        """The maintenance in force for a call, counted down."""
        found = (fault for fault in self._pending if fault.kind is FaultKind.MAINTENANCE)
        return self._used([fault for fault in found if fault.hits(shop_key, Endpoint.ANY, None)][:1])

    def take(self, shop_key: str | None, endpoint: Endpoint, page: int | None = None) -> list[Fault]:
        """The faults that apply to one call, counted down.

        Every `slow`, then either the oldest fault that replaces the answer, or the oldest of each kind of those that
        change a listing.
        """
        hits = [fault for fault in self._pending if fault.hits(shop_key, endpoint, page)]
        hits = [fault for fault in hits if fault.kind is not FaultKind.MAINTENANCE]
        slow = [fault for fault in hits if fault.kind is FaultKind.SLOW]
        others = [fault for fault in hits if fault.kind is not FaultKind.SLOW]
        replacing = [fault for fault in others if fault.kind not in _LISTING][:1]
        changing = {fault.kind: fault for fault in reversed(others) if fault.kind in _LISTING}
        taken = slow + (replacing or list(changing.values()))
        self._used(taken)
        return taken

    def _used(self, faults: list[Fault]) -> Fault | None:
        for fault in faults:
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self.remove(fault.id)
        return faults[0] if faults else None
