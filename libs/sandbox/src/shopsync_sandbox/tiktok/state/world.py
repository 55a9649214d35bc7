"""The app, its shops and uploads, and the clock that everything reads."""

import string
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from shopsync_sandbox.tiktok.identity import AppIdentity, Ids, RequestIds, derive
from shopsync_sandbox.tiktok.settings import Settings
from shopsync_sandbox.tiktok.state.files import FileStore
from shopsync_sandbox.tiktok.state.images import ImageStore
from shopsync_sandbox.tiktok.state.model import Product, Shop, Warehouse
from shopsync_sandbox.tiktok.taxonomy.catalogue import Catalogue

Clock = Callable[[], float]


class World:
    """The clock returns Unix seconds. `offset` makes the server's time wrong on purpose."""

    def __init__(self, seed: str, shop_keys: Sequence[str], settings: Settings, clock: Clock = time.time) -> None:
        self.seed = seed
        self.settings = settings
        self.app = AppIdentity.of(seed)
        self.ids = Ids(seed)
        self.request_ids = RequestIds(seed)
        self.catalogue = Catalogue()
        self.images = ImageStore()
        self.files = FileStore(self.ids)
        self.offset = 0.0
        self._clock = clock
        self.shops = {key: _shop(seed, key) for key in shop_keys}
        self.by_cipher = {shop.cipher: shop for shop in self.shops.values()}

    def now(self) -> float:
        return self._clock() + self.offset

    def real_time(self) -> float:
        """The clock without the offset, for limits and delays: a wrong time does not change them."""
        return self._clock()

    def request_id(self) -> str:
        return self.request_ids.next(self.now())

    def today(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).date().isoformat()

    def shop(self, key: str) -> Shop:
        """The shop of this key. Raises KeyError naming the known keys."""
        if key not in self.shops:
            raise KeyError(f"no shop {key!r}; known: {', '.join(self.shops)}")
        return self.shops[key]

    def product(self, product_id: str) -> Product:
        """The product of this id, in any shop. Raises KeyError."""
        for shop in self.shops.values():
            if product_id in shop.products:
                return shop.products[product_id]
        raise KeyError(f"no product {product_id!r}")


def _shop(seed: str, key: str) -> Shop:
    def number(label: str, prefix: str) -> str:
        return prefix + derive(seed, key, label, length=19 - len(prefix), alphabet=string.digits)

    back = Warehouse(number("w-return", "74"), number("e-return", "74"), "返品倉庫", "RETURN_WAREHOUSE")
    tokyo = Warehouse(number("w-sales", "74"), number("e-sales", "74"), "東京倉庫", "SALES_WAREHOUSE", is_default=True)
    osaka = Warehouse(number("w-off", "74"), number("e-off", "74"), "大阪倉庫", "SALES_WAREHOUSE", "DISABLED")
    return Shop(
        key=key,
        id=number("shop", "7000"),
        cipher="ROW_" + derive(seed, key, "cipher", length=26),
        name=f"サンドボックス {key}",
        code="JPLC" + derive(seed, key, "code", length=6, alphabet=string.ascii_uppercase + string.digits),
        warehouses=[back, tokyo, osaka],
    )
