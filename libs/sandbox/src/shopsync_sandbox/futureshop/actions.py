import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from shopsync_sandbox.futureshop.access import Access, Credentials, credentials_for
from shopsync_sandbox.futureshop.clock import Clock
from shopsync_sandbox.futureshop.faults import Fault, FaultKind, Faults
from shopsync_sandbox.futureshop.journal import Entry, Journal
from shopsync_sandbox.shop import Product, Shop, generate

DEFAULT_SEED = 1
_SPEC = re.compile(r"(?P<key>[^/:\s]+)(?::(?P<products>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class ShopSpec:
    """A shop to generate: 店舗KEY and number of products."""

    shop_key: str
    products: int = 200

    @classmethod
    def parse(cls, text: str) -> Self:
        """`demo` or `demo:200`. Raises ValueError saying what is wrong."""
        parts = _SPEC.fullmatch(text)
        if parts is None or len(parts["key"].encode()) > 32 or parts["products"] == "0":
            raise ValueError(f"{text!r} is no shop; write KEY or KEY:PRODUCTS, for example demo:200")
        return cls(parts["key"], int(parts["products"] or 200))


class Actions:
    """The state of a futureshop with generated shops, and what merchants or tests can do to it while it serves.

    `requests_per_second` 0 removes the rate limit. The control API works on the same `shops`, `access`, `faults`,
    `clock` and `journal`. All of it belongs to one event loop.
    """

    def __init__(
        self,
        shops: Iterable[ShopSpec | str] = ("demo:200",),
        *,
        seed: int = DEFAULT_SEED,
        requests_per_second: float = 1.0,
        token_seconds: int = 3600,
    ) -> None:
        specs = [ShopSpec.parse(each) if isinstance(each, str) else each for each in shops]
        keys = [spec.shop_key for spec in specs]
        if not keys or len(set(keys)) != len(keys):
            raise ValueError(f"shops must be one or more with different keys, not {keys}")
        self.seed = seed
        self.shops = {spec.shop_key: Shop(generate(seed, spec.products, spec.shop_key)) for spec in specs}
        self.clock = Clock()
        self.faults = Faults()
        self.journal = Journal()
        self.access = Access(
            {key: credentials_for(key, seed) for key in self.shops},
            self.clock,
            token_seconds=token_seconds,
            requests_per_second=requests_per_second,
        )

    def credentials(self, shop_key: str = "demo") -> Credentials:
        """What a client of the shop needs besides the URL. Raises KeyError for an unknown shop."""
        return self.access.credentials[shop_key]

    def connections(self, base_url: str) -> dict[str, dict[str, str]]:
        """shop_key → base_url, client_id, client_secret: the content of an ingestor's shops file."""
        return {
            key: {"base_url": base_url, "client_id": known.client_id, "client_secret": known.client_secret}
            for key, known in self.access.credentials.items()
        }

    def facts(self) -> dict[str, Any]:
        """The ready line: the first shop's credentials, those of every shop by key, and paths of the control API."""
        return {
            **asdict(next(iter(self.access.credentials.values()))),
            "shops": {
                key: {"client_id": known.client_id, "client_secret": known.client_secret}
                for key, known in self.access.credentials.items()
            },
            "connections": "/_sandbox/connections",
            "control": "/_sandbox/",
        }

    def product(self, product_no: str, *, shop_key: str = "demo") -> Product:
        """The product as it is now. Raises UnknownProduct."""
        return self.shops[shop_key].get(product_no)

    def upsert(
        self, product_no: str, *, shop_key: str = "demo", touch: bool = True, changes: Mapping[str, Any]
    ) -> Product:
        """Edit a product, or register it when the shop has no product of that number (then `name` is required).

        `touch` False leaves 更新日 unchanged (RA-5). Raises ValueError, pydantic's ValidationError among them.
        """
        shop, now = self.shops[shop_key], self.clock.now()
        if product_no in shop:
            return shop.edit(product_no, changes, now=now, touch=touch)
        return shop.add(product_no, changes, now=now)

    def set_stock(
        self,
        product_no: str,
        stock: int | Mapping[tuple[str, str], Mapping[str, int]],
        *,
        shop_key: str = "demo",
        touch: bool = False,
    ) -> Product:
        """Set stock. See `Shop.set_stock`."""
        return self.shops[shop_key].set_stock(product_no, stock, now=self.clock.now(), touch=touch)

    def delete(self, product_nos: Iterable[str], *, shop_key: str = "demo") -> list[str]:
        """Delete products. Returns their numbers. Raises UnknownProduct before anything is deleted."""
        numbers = list(dict.fromkeys(product_nos))
        shop = self.shops[shop_key]
        for number in numbers:
            shop.get(number)
        for number in numbers:
            shop.delete(number)
        return numbers

    def delete_some(self, count: int, *, seed: int = DEFAULT_SEED, shop_key: str = "demo") -> list[str]:
        """Delete `count` products chosen by `seed`. Returns their numbers."""
        return self.delete(self.shops[shop_key].choose(count, seed), shop_key=shop_key)

    def recreate(self, product_no: str, *, shop_key: str = "demo", changes: Mapping[str, Any] | None = None) -> Product:
        """Delete a product, if it exists, and register its number again under a new id."""
        return self.shops[shop_key].recreate(product_no, changes or {}, now=self.clock.now())

    def fail(self, kind: FaultKind | str, **options: Any) -> Fault:
        """Add a fault. The options are the members of Fault."""
        return self.faults.add(Fault.model_validate({"kind": kind, **options}))

    def writes(self) -> list[Entry]:
        """Every call that tried to write. Empty as long as NV-2 is kept."""
        return self.journal.entries(kind="write")
