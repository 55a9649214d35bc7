from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.services import Services
from shopsync_sandbox.tiktok.state.model import Shop
from shopsync_sandbox.tiktok.tokens import Grant

#: a picture of 10 MB and the form around it
MAX_BODY = 11 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A request that passed the gateway. `shop` is the one of its cipher, or else of its consent."""

    services: Services
    shop: Shop
    grant: Grant
    base_url: str
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    version: str = ""

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
    """One operation. `template` has no version: `product/products/{product_id}`. `max_body` in bytes."""

    name: str
    method: str
    template: str
    versions: tuple[str, ...]
    scope: str
    handle: Handler
    cipher: bool = True
    multipart: bool = False
    max_body: int = MAX_BODY

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.template.split("/"))
