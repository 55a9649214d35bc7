"""The messages of the load: one product's life in stamps that only grow, so that its end is known in any order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shopsync_contracts import Event, ShopBody, new_event
from shopsync_contracts.events import EditChanges, ProductChanged, ProductEdited, SyncTargetSet, UpstreamProduct
from shopsync_contracts.times import JST
from shopsync_rehearsals.bench.catalogue.messages import product

SOURCE = "/endurance"
# Long past on every machine's clock: the catalogue refuses stamps from the future.
_BEGIN = datetime(2025, 1, 6, 9, 0, tzinfo=JST)
_STEP = timedelta(minutes=1)
_UPSTREAM = ("name", "price")
_OWN = ("category_id", "brand_id", "package_weight_g")
_POISON = (
    b"this is no JSON",
    b"",
    b'{"specversion":"1.0","id":"1","source":"/x","type":"jp.shopsync.nobody.knows.v1","data":{}}',
    b'{"specversion":"1.0","id":"2","source":"/x","type":"jp.shopsync.product.changed.v1","data":{"shop_key":1}}',
    b"\xff\xfe\x00",
)


@dataclass(slots=True)
class Life:
    """What has been said of one product so far."""

    product_no: str
    upstream: UpstreamProduct
    minutes: int = 0
    version: int = 0

    def now(self) -> datetime:
        """The next moment of this product."""
        self.minutes += 1
        return _BEGIN + self.minutes * _STEP


@dataclass(slots=True)
class Lives:
    """Draws the next message of a shop. The same seed draws the same messages."""

    shop: str
    products: int
    seed: int
    lives: list[Life] = field(default_factory=list)
    _count: int = 0
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(f"{self.seed}/endurance")  # noqa: S311 - repeatable, no secret

    def first(self) -> Iterator[Event[ProductChanged]]:
        """Every product's first change."""
        for number in range(self.products):
            product_no = f"E-{number:05}"
            life = Life(product_no, product(product_no, 1, self.seed))
            self.lives.append(life)
            yield self._change(life)

    def next(self) -> Event[Any]:
        """A change, an edit or a switch of one of the products."""
        life = self._rng.choice(self.lives)
        kind = self._rng.random()
        if kind < 0.6:
            return self._change(life)
        return self._edit(life) if kind < 0.9 else self._target(life)

    def poison(self) -> tuple[bytes, bytes]:
        """Key and value of a message that nobody can read."""
        return f"{self.shop}/{self._rng.choice(self.lives).product_no}".encode(), self._rng.choice(_POISON)

    def _change(self, life: Life) -> Event[ProductChanged]:
        life.version += 1
        at = life.now()
        name, price = f"{life.upstream.name} 改{life.version}", (life.upstream.regular_price or 0) + 10 * life.version
        changed = life.upstream.model_copy(update={"updated_at": at, "name": name, "regular_price": price})
        seen = at + timedelta(seconds=20)
        body = ProductChanged(
            shop_key=self.shop, product_no=life.product_no, mode="changed_only", observed_at=seen, product=changed
        )
        return self._event(body, seen)

    def _edit(self, life: Life) -> Event[ProductEdited]:
        at = life.now()
        values: dict[str, Any] = {
            "name": f"編集 {life.minutes}",
            "price": 1000 + life.minutes,
            "category_id": str(600_000 + life.minutes),
            "brand_id": str(7_000 + life.minutes),
            "package_weight_g": 100 + life.minutes % 1000,
        }
        chosen = self._rng.sample((*_UPSTREAM, *_OWN), 2)
        changes = {name: None if self._rng.random() < 0.1 else values[name] for name in chosen}
        if self._rng.random() < 0.2:
            sku = self._rng.choice(life.upstream.skus)
            edit = {"vertical_no": sku.vertical_no, "horizontal_no": sku.horizontal_no, "quantity": life.minutes % 90}
            changes["stock"] = [edit]
        edited = EditChanges.model_validate(changes, strict=False)
        body = ProductEdited(shop_key=self.shop, product_no=life.product_no, edited_at=at, changes=edited)
        return self._event(body, at)

    def _target(self, life: Life) -> Event[SyncTargetSet]:
        enabled = self._rng.random() < 0.5
        return self._event(
            SyncTargetSet(shop_key=self.shop, product_no=life.product_no, sync_enabled=enabled), life.now()
        )

    def _event(self, body: ShopBody, time: datetime) -> Event[Any]:
        self._count += 1
        return new_event(body, source=SOURCE, id=f"{self.shop}-{self._count}", time=time)
