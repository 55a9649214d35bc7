from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shopsync_sandbox.tiktok.codes import ApiError, Code
from shopsync_sandbox.tiktok.model import Shop
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.tokens import Grant


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the gateway. `shop` is the one its cipher (or else its consent) stands for."""

    services: Services
    shop: Shop
    grant: Grant
    base_url: str
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def page_size(self) -> int:
        """1 to 100. Raises ApiError when it is missing or out of range."""
        value = self.query.get("page_size", "")
        if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 100:
            raise ApiError(Code.INVALID_PARAM, f"invalid param: page_size {value!r} is not 1 to 100")
        return int(value)


Handler = Callable[[Call], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API. `template` leaves the version out: `product/products/{product_id}`."""

    name: str
    method: str
    template: str
    versions: tuple[str, ...]
    scope: str
    handle: Handler
    cipher: bool = True
    multipart: bool = False

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """Path parameters when the segments (version taken out) fit, else None."""
        parts = self.template.split("/")
        if len(parts) != len(segments):
            return None
        found: dict[str, str] = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                found[part[1:-1]] = segment
            elif part != segment:
                return None
        return found

    @property
    def literals(self) -> int:
        return sum(not part.startswith("{") for part in self.template.split("/"))
