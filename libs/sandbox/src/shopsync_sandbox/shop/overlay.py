"""A shop that can be changed: edits, deletions and new products over a generated shop. Only changes take memory."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_sandbox.shop.generate import FIRST_ID, GeneratedShop
from shopsync_sandbox.shop.model import Product
from shopsync_sandbox.shop.numbers import index_of_jan
from shopsync_sandbox.shop.times import Range

_FIXED = frozenset({"id", "product_no"})


class UnknownProduct(LookupError):
    """The shop has no such product: it never existed, or is deleted."""

    def __init__(self, shop_key: str, product_no: str) -> None:
        super().__init__(f"shop {shop_key!r} has no product {product_no!r}")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a listing asks for; None: no condition. Ranges are closed, in Asia/Tokyo."""

    product_nos: frozenset[str] | None = None
    jan_codes: frozenset[str] | None = None
    updated: Range | None = None
    created: Range | None = None

    def accepts(self, product: Product) -> bool:
        """Whether the product meets every condition."""
        return (
            (self.product_nos is None or product.product_no in self.product_nos)
            and (self.jan_codes is None or any(sku.jan_code in self.jan_codes for sku in product.skus))
            and (self.updated is None or self.updated[0] <= product.updated_at <= self.updated[1])
            and (self.created is None or self.created[0] <= product.created_at <= self.created[1])
        )


class Shop:
    """Products are ordered by id. New ones always get the highest id so far."""

    def __init__(self, base: GeneratedShop) -> None:
        self.base = base
        self._edited: dict[int, Product] = {}  # index in the base → its current form
        self._gone: set[int] = set()  # indexes of the base that are deleted
        self._added: dict[int, Product] = {}  # id → product, ids ascending
        self._added_ids: dict[str, int] = {}  # product number → id
        self._next_id = FIRST_ID + base.count

    @property
    def shop_key(self) -> str:
        """店舗KEY."""
        return self.base.shop_key

    def __len__(self) -> int:
        return self.base.count - len(self._gone) + len(self._added)

    def __contains__(self, product_no: str) -> bool:
        return self._place(product_no) is not None

    def counts(self) -> dict[str, int]:
        """The number of products, and of changes from the generated shop."""
        return {
            "products": len(self),
            "generated": self.base.count,
            "edited": len(self._edited),
            "deleted": len(self._gone),
            "added": len(self._added),
        }

    def get(self, product_no: str) -> Product:
        """The product as it is now. Raises UnknownProduct."""
        place = self._place(product_no)
        if place is None:
            raise UnknownProduct(self.shop_key, product_no)
        return self._at(place)

    def select(self, wanted: Filter, after: int = 0) -> Iterator[Product]:
        """Products that `wanted` accepts with an id above `after`, ascending by id. Each is generated when needed."""
        for place in self._places(wanted, after):
            if self._exists(place):
                product = self._at(place)
                if wanted.accepts(product):
                    yield product

    def product_nos(self, after: int = 0) -> Iterator[tuple[int, str]]:
        """(id, product number) of every product with an id above `after`, without generating the products."""
        for index in range(max(0, after - FIRST_ID + 1), self.base.count):
            if index not in self._gone:
                yield FIRST_ID + index, self.base.product_no(index)
        yield from ((id_, product.product_no) for id_, product in list(self._added.items()) if id_ > after)

    def edit(self, product_no: str, changes: Mapping[str, Any], *, now: datetime, touch: bool = True) -> Product:
        """Change members of a product. The update time becomes `now`, unless it is given or `touch` is False (RA-5).

        Raises UnknownProduct, and pydantic's ValidationError naming the member that cannot have its value.
        """
        old = self.get(product_no)
        if fixed := _FIXED & changes.keys():
            raise ValueError(f"{min(fixed)} cannot be edited; re-create the product instead")
        stamp = {"updated_at": now} if touch and "updated_at" not in changes else {}
        new = Product.model_validate({**old.model_dump(), **changes, **stamp})
        self._put(new)
        return new

    def set_stock(
        self,
        product_no: str,
        stock: int | Mapping[tuple[str, str], Mapping[str, int]],
        *,
        now: datetime,
        touch: bool = False,
    ) -> Product:
        """Set the stock of every SKU, or `stock` and `preorder_stock` of some by (vertical_no, horizontal_no).

        The update time stays unless `touch`, as stock moves without an edit. Raises UnknownProduct, ValueError.
        """
        skus = self.get(product_no).skus
        wanted = {sku.key: {"stock": stock} for sku in skus} if isinstance(stock, int) else stock
        if unknown := wanted.keys() - {sku.key for sku in skus}:
            raise ValueError(f"product {product_no!r} has no SKU {min(unknown)}")
        changed = [{**sku.model_dump(), **wanted.get(sku.key, {})} for sku in skus]
        return self.edit(product_no, {"skus": changed}, now=now, touch=touch)

    def add(self, product_no: str, members: Mapping[str, Any], *, now: datetime) -> Product:
        """Register a product under a new id. Raises ValueError when the number is taken or a member is wrong."""
        if product_no in self:
            raise ValueError(f"shop {self.shop_key!r} already has a product {product_no!r}")
        stamps = {"created_at": now, "updated_at": now}
        product = Product.model_validate({**stamps, **members, "id": self._next_id, "product_no": product_no})
        self._next_id += 1
        self._added[product.id] = product
        self._added_ids[product_no] = product.id
        return product

    def delete(self, product_no: str) -> Product:
        """Remove a product. Returns its last form. Raises UnknownProduct."""
        last = self.get(product_no)
        index = last.id - FIRST_ID
        if index < self.base.count:
            self._gone.add(index)
            self._edited.pop(index, None)
        else:
            del self._added[last.id], self._added_ids[product_no]
        return last

    def recreate(self, product_no: str, changes: Mapping[str, Any], *, now: datetime) -> Product:
        """Register the number again under a new id, with its current or generated content changed by `changes`."""
        index = self.base.index_of(product_no)
        if product_no in self:
            last = self.delete(product_no)
        elif index is not None:
            last = self.base.product(index)
        else:
            raise UnknownProduct(self.shop_key, product_no)
        kept = last.model_dump(exclude={"id", "product_no", "created_at", "updated_at"})
        return self.add(product_no, {**kept, **changes}, now=now)

    def choose(self, count: int, seed: int) -> list[str]:
        """`count` existing product numbers (all, when there are fewer) chosen by `seed`, in order of id."""
        rng = random.Random(f"choose/{seed}")  # noqa: S311 - test data, not cryptography
        total = self.base.count + len(self._added)
        added = list(self._added)
        picked: set[int] = set()
        while len(picked) < min(count, len(self)):
            slot = rng.randrange(total)
            if slot not in self._gone:
                picked.add(FIRST_ID + slot if slot < self.base.count else added[slot - self.base.count])
        return [self._number_at(place) for place in sorted(picked)]

    def _place(self, product_no: str) -> int | None:
        """The current id of a product number; None when there is no such product."""
        if product_no in self._added_ids:
            return self._added_ids[product_no]
        index = self.base.index_of(product_no)
        return None if index is None or index in self._gone else FIRST_ID + index

    def _at(self, place: int) -> Product:
        index = place - FIRST_ID
        if index >= self.base.count:
            return self._added[place]
        return self._edited.get(index) or self.base.product(index)

    def _number_at(self, place: int) -> str:
        index = place - FIRST_ID
        return self._added[place].product_no if index >= self.base.count else self.base.product_no(index)

    def _put(self, product: Product) -> None:
        index = product.id - FIRST_ID
        if index < self.base.count:
            self._edited[index] = product
        else:
            self._added[product.id] = product

    def _exists(self, place: int) -> bool:
        index = place - FIRST_ID
        return index not in self._gone if index < self.base.count else place in self._added

    def _places(self, wanted: Filter, after: int) -> Iterable[int]:
        """Ids above `after` that may match, ascending. An index narrows them where there is one."""
        indexes = self._indexes(wanted)
        start = max(0, after - FIRST_ID + 1)
        if isinstance(indexes, range):
            yield from (FIRST_ID + index for index in indexes[max(0, start - indexes.start) :])
        else:
            yield from (FIRST_ID + index for index in indexes if index >= start)
        yield from (place for place in list(self._added) if place > after)

    def _indexes(self, wanted: Filter) -> range | list[int]:
        stamps = self.base.stamps
        if wanted.product_nos is not None:
            found = (self.base.index_of(number) for number in wanted.product_nos)
            return sorted({index for index in found if index is not None})
        if wanted.jan_codes is not None:
            owners = {index for code in wanted.jan_codes if (index := index_of_jan(code)) is not None}
            return sorted({index for index in owners if index < self.base.count} | self._edited.keys())
        if wanted.updated is not None:
            return sorted({*stamps.updated_between(wanted.updated), *self._edited})
        if wanted.created is not None:
            matching = stamps.registered_between(wanted.created)
            return sorted({*matching, *self._edited}) if self._edited else matching
        return range(self.base.count)
