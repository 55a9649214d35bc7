"""Which products a form or an address of the list is about: a filter, or the ticked ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import FormData

from shopsync_readmodel.products.search import ProductFilter, ProductRow
from shopsync_readmodel.statuses import StatusName

_LONGEST_KEYWORD = 255
_SYNC = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """The list's filter as it stands in an address: empty means all (LS-2 to LS-4)."""

    keyword: str = ""
    status: str = ""
    sync: str = ""

    @classmethod
    def of(cls, values: Mapping[str, object]) -> "Asked":
        """Unknown values count as all."""
        keyword = str(values.get("keyword") or "").strip()[:_LONGEST_KEYWORD]
        status, sync = str(values.get("status") or ""), str(values.get("sync") or "")
        return cls(keyword, status if status in set(StatusName) else "", sync if sync in _SYNC else "")

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.keyword or self.status or self.sync)

    @property
    def is_status_alone(self) -> bool:
        """Whether the counts per 状態 say how many are found."""
        return bool(self.status) and not (self.keyword or self.sync)

    def filter(self, shop_key: str) -> ProductFilter:
        """For the read model."""
        return ProductFilter(
            shop_key=shop_key,
            statuses=(self.status,) if self.status else (),
            keyword=self.keyword or None,
            sync_enabled=_SYNC.get(self.sync),
        )

    def takes(self, product: ProductRow) -> bool:
        """Whether a row that is already there would be found."""
        return (
            self.keyword.casefold() in product.name.casefold()
            and self.status in {"", product.status}
            and _SYNC.get(self.sync, product.sync_enabled) is product.sync_enabled
        )

    def values(self) -> dict[str, str]:
        """As fields of a form or an address."""
        named = {"keyword": self.keyword, "status": self.status, "sync": self.sync}
        return {name: value for name, value in named.items() if value}

    @property
    def query(self) -> str:
        """At the end of an address."""
        return f"?{urlencode(self.values())}" if self.values() else ""

    def address(self, **changed: str) -> str:
        """Of the list with this filter, with members changed or added; an empty text leaves one out."""
        values = {name: value for name, value in {**self.values(), **changed}.items() if value}
        return f"/products?{urlencode(values)}" if values else "/products"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the list's form posted: ticked numbers, or all that the filter takes; neither: everything of the shop."""

    numbers: tuple[str, ...] = ()
    all_of: Asked | None = None

    @classmethod
    def of(cls, form: FormData) -> "Selection":
        """From `product_no` (repeated), or `all=1` with the filter."""
        if form.get("all") == "1":
            return cls((), Asked.of({name: form.get(name) for name in ("keyword", "status", "sync")}))
        return cls(tuple(dict.fromkeys(str(one) for one in form.getlist("product_no") if one)))

    @property
    def is_everything(self) -> bool:
        """Whether no product of the shop is left out."""
        return not self.numbers and (self.all_of is None or self.all_of.is_everything)

    def fields(self) -> list[tuple[str, str]]:
        """To post the same selection again."""
        if self.all_of is not None:
            return [("all", "1"), *self.all_of.values().items()]
        return [("product_no", one) for one in self.numbers]
