"""The catalogue of every shop: category trees v1 and v2, attributes, rules and brands."""

from shopsync_sandbox.tiktok.taxonomy.attributes import COMMON, MORE, RULES, SALES
from shopsync_sandbox.tiktok.taxonomy.brands import BRANDS
from shopsync_sandbox.tiktok.taxonomy.market import MARKET
from shopsync_sandbox.tiktok.taxonomy.trees import V1, V2
from shopsync_sandbox.tiktok.taxonomy.types import Attribute, Category, Rules


class Catalogue:
    """Read-only, and the same for every shop and seed. Every question is one lookup."""

    def __init__(self) -> None:
        self.categories: dict[str, Category] = {
            row[0]: Category(row[0], row[1], row[2], version, *row[3:])
            for version, rows in (("v1", (*V1, *MARKET)), ("v2", V2))
            for row in rows
        }
        self.brands = {brand.id: brand for brand in BRANDS}
        self._parents = {category.parent_id for category in self.categories.values()}
        self._chains = {category_id: self._climb(category_id) for category_id in self.categories}
        self._attributes = {category_id: _attributes(chain) for category_id, chain in self._chains.items()}
        self._own = {key: {a.id: a for a in rows if not a.sales} for key, rows in self._attributes.items()}
        self._rules = {category_id: _rules(chain) for category_id, chain in self._chains.items()}
        self._sales = {attribute.id: attribute for attribute in SALES}
        self._sales_by_name = {attribute.name: attribute for attribute in SALES}
        self._value_ids = {a.id: {name: key for key, name in a.values.items()} for a in SALES}

    def is_leaf(self, category_id: str) -> bool:
        return category_id not in self._parents

    def chain(self, category_id: str) -> tuple[Category, ...]:
        """From the root to this category; empty when it is unknown."""
        return self._chains.get(category_id, ())

    def attributes(self, category_id: str) -> tuple[Attribute, ...]:
        """Sales attributes first, then product attributes; empty for an unknown category."""
        return self._attributes.get(category_id, ())

    def product_attributes(self, category_id: str) -> dict[str, Attribute]:
        """By id, without the sales attributes."""
        return self._own.get(category_id, {})

    def rules(self, category_id: str) -> Rules:
        """The rules of a category; the usual ones for an unknown category."""
        return self._rules.get(category_id, Rules())

    def sales_attribute(self, attribute_id: str) -> Attribute | None:
        return self._sales.get(attribute_id)

    def sales_attribute_named(self, name: str) -> Attribute | None:
        return self._sales_by_name.get(name)

    def sales_value_id(self, attribute_id: str, value: str) -> str | None:
        """The built-in id of a value; None for a custom one."""
        return self._value_ids.get(attribute_id, {}).get(value)

    def _climb(self, category_id: str) -> tuple[Category, ...]:
        found: list[Category] = []
        category = self.categories.get(category_id)
        while category is not None:
            found.append(category)
            category = self.categories.get(category.parent_id)
        return tuple(found[::-1])


def _attributes(chain: tuple[Category, ...]) -> tuple[Attribute, ...]:
    own = (attribute for category in chain for attribute in MORE.get(category.id, ()))
    return (*SALES, *COMMON, *own)


def _rules(chain: tuple[Category, ...]) -> Rules:
    return next((RULES[category.id] for category in reversed(chain) if category.id in RULES), Rules())
