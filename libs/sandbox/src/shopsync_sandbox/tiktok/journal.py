"""The request log, and the counters that demos and tests check."""

import hashlib
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from shopsync_sandbox.tiktok.traffic import Traffic

_SECRET = frozenset({"sign", "app_secret", "access_token", "refresh_token", "auth_code", "code"})


@dataclass(slots=True)
class Entry:
    """One request. Secrets in the query are masked, the body is only a hash (SHA-256, hex).

    `at` is when it arrived, by the server's clock. `status` None: the connection was dropped.
    """

    at: float
    method: str
    path: str
    query: dict[str, str]
    operation: str | None
    shop: str | None
    status: int | None
    code: int | None
    body_sha256: str
    request_id: str | None
    fault: str | None = None


def masked(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The query with secrets masked."""
    return {key: "***" if key in _SECRET else value for key, value in query}


def body_hash(body: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(body).hexdigest()


class Journal:
    """API calls only: what a seller does through the control API is not counted."""

    def __init__(self, size: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=size)
        self.traffic = Traffic()
        self.reset()

    def reset(self) -> None:
        self.entries.clear()
        self.traffic.reset()
        self.requests: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()
        #: what took effect, e.g. creates, edits, activates, deactivates, deletes
        self.done: Counter[str] = Counter()
        self.reviews: Counter[str] = Counter()
        #: (shop, seller_sku or SKU id) -> times
        self.creates_per_sku: Counter[tuple[str, str]] = Counter()
        self.stock_writes: Counter[tuple[str, str]] = Counter()
        #: product id -> what -> times
        self.per_product: dict[str, Counter[str]] = {}

    def log(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.requests[entry.operation or "unknown"] += 1
        if entry.code is not None:
            self.codes[entry.code] += 1

    def did(self, what: str, product_id: str) -> None:
        self.done[what] += 1
        self.per_product.setdefault(product_id, Counter())[what] += 1

    def find(self, *, operation: str | None, shop: str | None, limit: int) -> list[dict[str, Any]]:
        """The newest `limit` requests that match, oldest first."""
        found: list[Entry] = []
        for entry in reversed(self.entries):
            if len(found) == limit:
                break
            if operation in {None, entry.operation} and shop in {None, entry.shop}:
                found.append(entry)
        return [asdict(entry) for entry in reversed(found)]
