"""Category picker and brand search of 商品詳細: what TikTok Shop alone knows, and how far a picker is."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from console.category_demands import CategoryDemands
from console.errors import PublisherUnavailable
from console.forms.errors import FieldError
from console.forms.fields import private_addresses
from console.forms.product import Errors
from console.publisher_api import AttributeField, Brand, Category, CategoryTree, PublisherApi, Requirements
from shopsync_contracts.events import EditChanges

_PATIENCE_SECONDS = 6.0
"""A page is not held up for longer: it works without the lists."""
_MOST_BRANDS = 50
"""Of so many an answer may leave some out."""


@dataclass(frozen=True, slots=True)
class Picking:
    """Where the merchant is in the pickers. `…_was`: the texts of the search that the page shows.

    `brand_name`: of the chosen brand, as the merchant saw it.
    """

    category_at: str = ""
    category_text: str = ""
    category_text_was: str = ""
    brand_text: str = ""
    brand_text_was: str = ""
    brand_name: str = ""
    is_category_open: bool = False
    is_brand_open: bool = False

    @classmethod
    def from_form(cls, form: FormData) -> "Picking":
        """As the form has it."""

        def text(name: str) -> str:
            return str(form.get(name, "")).strip()[:200]

        return cls(
            category_at=text("category_at"),
            category_text=text("category_text"),
            category_text_was=text("category_text_was"),
            brand_text=text("brand_text"),
            brand_text_was=text("brand_text_was"),
            brand_name=text("brand_name"),
            is_category_open=text("category_open") == "1",
            is_brand_open=text("brand_open") == "1",
        )

    @property
    def wanted_by_enter(self) -> str:
        """The enter key searches from a search field whose text is new; else it saves."""
        if self.category_text != self.category_text_was:
            return "category_search"
        return "brand_search" if self.brand_text != self.brand_text_was else "save"

    def step(self, step: str, value: str) -> tuple["Picking", dict[str, str]]:
        """The next state of the pickers, and what was chosen by it. An unknown step changes nothing."""
        match step:
            case "category_at":
                at = replace(self, category_at=value, category_text="", category_text_was="", is_category_open=True)
                return at, {}
            case "category_search":
                return replace(self, category_text_was=self.category_text, is_category_open=True), {}
            case "category":
                closed = replace(self, category_text="", category_text_was="", is_category_open=False)
                return closed, {"category_id": value}
            case "brand_search":
                return replace(self, brand_text_was=self.brand_text, is_brand_open=True), {}
            case "brand":
                brand_id, _, name = value.partition(":")
                closed = replace(self, brand_text="", brand_text_was="", brand_name=name[:200], is_brand_open=False)
                return closed, {"brand_id": brand_id}
            case _:
                return self, {}


@dataclass(frozen=True, slots=True)
class Lists:
    """What is known now. Without `tree` the ids are entered by hand; `trouble` says why.

    `requirements` None: of no category, or not known.
    """

    tree: CategoryTree | None = None
    category_id: str = ""
    requirements: Requirements | None = None
    brands: tuple[Brand, ...] = ()
    found: tuple[Category, ...] = ()
    below: tuple[Category, ...] = ()
    above: tuple[Category, ...] = ()
    trouble: PublisherUnavailable | None = None

    @property
    def fields(self) -> tuple[AttributeField, ...] | None:
        """The category's attributes; None: of no category, or not known."""
        return None if self.requirements is None else self.requirements.fields

    @property
    def leaves_out_brands(self) -> bool:
        """Whether TikTok may know more than are here."""
        return len(self.brands) >= _MOST_BRANDS

    @property
    def needs_size_chart(self) -> bool:
        """Whether the category is known to require one."""
        return self.requirements is not None and self.requirements.needs_size_chart

    @property
    def category_path(self) -> tuple[Category, ...]:
        """Of the chosen category, from the first level."""
        return self.tree.path(self.category_id) if self.tree is not None and self.category_id else ()

    def path_of(self, category_id: str) -> str:
        """`衣類 > シャツ`."""
        return " > ".join(one.name for one in self.tree.path(category_id)) if self.tree is not None else ""

    def brand_name(self, brand_id: str) -> str:
        """`""` for one that is not among those that were found."""
        return next((one.name for one in self.brands if one.id == brand_id), "")

    def category_fault(self, category_id: str) -> FieldError | None:
        """Why this category cannot be chosen; None too when nobody can say."""
        if self.tree is None or not category_id:
            return None
        category = self.tree.get(category_id)
        if category is None:
            return FieldError("no_such_category")
        return None if category.is_leaf else FieldError("no_leaf")


class ProductLists:
    """Asks the publisher, and never raises. `allow_private`: images may be at addresses that are not public.

    `demands`: what many categories require.
    """

    def __init__(self, publisher: PublisherApi, *, allow_private: bool) -> None:
        self._publisher = publisher
        self._allow_private = allow_private
        self.demands = CategoryDemands(publisher)

    async def read(self, shop_key: str, category_id: str, picking: Picking) -> Lists:
        """For one page: as much as can be had in a few seconds."""
        lists = Lists(category_id=category_id)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                tree = await self._publisher.categories(shop_key)
                lists = replace(
                    lists,
                    tree=tree,
                    found=tree.matching(picking.category_text_was) if picking.category_text_was else (),
                    below=tree.children(picking.category_at or None),
                    above=tree.path(picking.category_at) if picking.category_at else (),
                )
                category = tree.get(category_id) if category_id else None
                is_leaf = category is not None and category.is_leaf
                if is_leaf:
                    lists = replace(lists, requirements=await self._publisher.requirements(shop_key, category_id))
                brands = await self._publisher.brands(
                    shop_key, picking.brand_text_was, category_id if is_leaf else None
                )
                return replace(lists, brands=brands)
        except PublisherUnavailable as error:
            return replace(lists, trouble=error)
        except TimeoutError:
            return replace(lists, trouble=PublisherUnavailable("publisher_away"))

    async def of_category(self, shop_key: str, category_id: str) -> Lists:
        """What a category and its attributes are called, as far as that can be had; of none nothing is asked."""
        lists = Lists(category_id=category_id)
        if not category_id:
            return lists
        with suppress(PublisherUnavailable, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                lists = replace(lists, tree=await self._publisher.categories(shop_key))
                if lists.category_fault(category_id) is None:
                    lists = replace(lists, requirements=await self._publisher.requirements(shop_key, category_id))
        return lists

    async def attribute_names(self, shop_key: str, ids: Collection[str], category_id: str) -> dict[str, str]:
        """By id, as far as they can be had. The category is asked for where this process does not know them all."""
        if any(one not in self._publisher.attribute_names for one in ids):
            await self.of_category(shop_key, category_id)
        return {one: name for one in ids if (name := self._publisher.attribute_names.get(one)) is not None}

    async def faults(self, shop_key: str, changes: EditChanges, lists: Lists, picking: Picking) -> Errors:
        """What nobody could sell with, by the name of its input; what cannot be found out now is no fault."""
        errors = {} if self._allow_private else private_addresses(changes)
        if (fault := lists.category_fault(changes.category_id or "")) is not None:
            errors["category_id"] = fault
        if (fault := await self._brand_fault(shop_key, changes.brand_id, lists, picking.brand_name)) is not None:
            errors["brand_id"] = fault
        return errors

    async def _brand_fault(self, shop_key: str, brand_id: str | None, lists: Lists, name: str) -> FieldError | None:
        """TikTok Shop cannot be asked for an id: so by the name with which the merchant chose it."""
        if not brand_id or lists.tree is None or lists.trouble is not None or lists.brand_name(brand_id):
            return None
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await self._publisher.brands(shop_key, name, None) if name else ()
        except (PublisherUnavailable, TimeoutError):
            return None
        is_listed = any(one.id == brand_id for one in found) or len(found) >= _MOST_BRANDS
        return None if is_listed else FieldError("no_such_brand")
