from collections import Counter, deque
from dataclasses import asdict, dataclass

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call as it was answered. `kind`: token, products, inventory, image, write or other."""

    at: str  # RFC 3339, the sandbox's clock
    kind: str
    shop_key: str | None  # as X-SHOP-KEY claimed it
    method: str
    path: str
    query: str
    status: int
    milliseconds: float


class Journal:
    """Every call except those of the control API: the last 10,000 in full, all of them counted."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self.counts: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """Record a call when its answer has gone out."""
        self._entries.append(entry)
        self.counts[entry.kind] += 1

    def entries(self, *, kind: str | None = None, shop_key: str | None = None) -> list[Entry]:
        """The recorded calls, oldest first, optionally of one kind or one shop."""
        return [entry for entry in self._entries if kind in (None, entry.kind) and shop_key in (None, entry.shop_key)]

    def reset(self) -> None:
        """Forget every call."""
        self._entries.clear()
        self.counts.clear()

    def document(self, *, kind: str | None, shop_key: str | None, limit: int) -> dict[str, object]:
        """Counts by kind and the newest `limit` calls, oldest first."""
        found = self.entries(kind=kind, shop_key=shop_key)[-limit:]
        return {"counts": dict(self.counts), "entries": [asdict(entry) for entry in found]}


def kind_of(method: str, path: str) -> str:
    """The kind of call. Anything that is not a read, the token call apart, is a write (NV-2)."""
    if path == "/oauth/token" and method == "POST":
        return "token"
    if method not in ("GET", "HEAD", "OPTIONS"):
        return "write"
    if path.startswith("/images/"):
        return "image"
    return {"/admin-api/v1/products": "products", "/admin-api/v1/inventory": "inventory"}.get(path, "other")
