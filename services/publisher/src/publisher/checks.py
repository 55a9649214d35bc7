"""What TikTok Shop would refuse, found before any call, with the field named (ED-5, scenario 39). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from publisher.description import MAX_DESCRIPTION, reduce_description
from publisher.mapping import price_of, sku_key, unsent_stock
from publisher.model import Listing
from publisher.text import MAX_TITLE, clean_line
from publisher.variations import sku_path, variation_problems
from shopsync_contracts.events import ProductSnapshot

MAX_SKUS = 300
MAX_QUANTITY = 99_999


@dataclass(frozen=True, slots=True)
class Problem:
    """A field at fault, in the snapshot's terms, and what is wrong with it."""

    field: str
    text: str


def problems(product: ProductSnapshot, listing: Listing | None) -> tuple[Problem, ...]:
    """Everything that keeps the product from being sent; empty when it may go."""
    found = [*_content_problems(product), *variation_problems(product), *_sku_problems(product, listing)]
    return tuple(Problem(field, text) for field, text in found)


def in_words(found: Iterable[Problem]) -> str:
    """One line for the merchant."""
    return "; ".join(f"{problem.field}: {problem.text}" for problem in found)


def _content_problems(product: ProductSnapshot) -> list[tuple[str, str]]:
    content = product.content
    title = clean_line(content.name)
    found = []
    if not any(letter.isalnum() for letter in title):
        found.append(("name", "no letter or digit is left after what TikTok forbids is removed"))
    elif len(title) > MAX_TITLE:
        found.append(("name", f"has {len(title)} characters, TikTok allows {MAX_TITLE}"))
    # Images are not uploaded yet; each adds about 150 characters, which TikTok's own check has to judge.
    size = len(reduce_description(content.description, {}))
    if size > MAX_DESCRIPTION:
        found.append(("description", f"has {size} characters after cleaning, TikTok allows {MAX_DESCRIPTION}"))
    if not content.images:
        found.append(("images", "at least one image is needed"))
    if not content.category_id:
        found.append(("category_id", "is needed"))
    if not content.package_weight_g:
        found.append(("package_weight_g", "is needed"))
    sides = content.package_dimensions_cm
    if sides is None or not (sides.length and sides.width and sides.height):
        found.append(("package_dimensions_cm", "length, width and height are needed"))
    return found


def _sku_problems(product: ProductSnapshot, listing: Listing | None) -> list[tuple[str, str]]:
    found = []
    if len(product.skus) > MAX_SKUS:
        found.append(("skus", f"there are {len(product.skus)} SKUs, TikTok allows {MAX_SKUS} in Japan"))
    waiting = unsent_stock(product, listing)
    for sku in product.skus:
        if not price_of(product, sku):
            found.append((f"{sku_path(sku)}.price", "a price of at least 1 yen is needed"))
        quantity = waiting.get(sku_key(sku))
        if quantity is not None and not 1 <= quantity <= MAX_QUANTITY:
            found.append((f"{sku_path(sku)}.stock", f"1 to {MAX_QUANTITY} is needed for the first push, is {quantity}"))
    return found
