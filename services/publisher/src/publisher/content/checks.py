"""Finds what TikTok Shop would refuse before a call is made, and names the field (ED-5, scenario 39). Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from publisher.content.description import (
    MAX_DESCRIPTION,
    image_sources,
    reduce_description,
    run_in,
    shows_something,
)
from publisher.content.mapping import main_images, price_of, sku_key, unsent_stock
from publisher.content.text import MAX_TITLE, clean_line, long_run, says_something
from publisher.content.variations import axes_in_use, run_problem, sku_path, variation_problems
from publisher.model import Listing
from shopsync_contracts.events import ProductSnapshot

MAX_SKUS = 300
MAX_QUANTITY = 99_999
MAX_ATTRIBUTE_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field; `field`: a path in the snapshot."""

    field: str
    text: str


def problems(product: ProductSnapshot, listing: Listing | None) -> tuple[Problem, ...]:
    """Everything that prevents sending the product; empty when it may be sent."""
    found = [
        *_content_problems(product),
        *_attribute_problems(product),
        *variation_problems(product),
        *_axes_gone(product, listing),
        *_sku_problems(product, listing),
    ]
    return tuple(Problem(field, text) for field, text in found)


def in_words(found: Iterable[Problem]) -> str:
    """The problems in one line, for the merchant."""
    return "; ".join(f"{problem.field}: {problem.text}" for problem in found)


def _content_problems(product: ProductSnapshot) -> list[tuple[str, str]]:
    content = product.content
    title = clean_line(content.name)
    found = []
    if not says_something(title):
        found.append(("name", "no letter or digit is left after what TikTok forbids is removed"))
    elif len(title) > MAX_TITLE:
        found.append(("name", f"has {len(title)} characters, TikTok allows {MAX_TITLE}"))
    elif (run := long_run(title)) is not None:
        found.append(("name", run_problem(run)))
    found += _description_problems(content.description)
    if not main_images(product):
        found.append(("images", "at least one image is needed"))
    if not content.category_id:
        found.append(("category_id", "is needed"))
    if (content.package_weight_g or 0) < 1:
        found.append(("package_weight_g", "is needed, in whole grams"))
    sides = content.package_dimensions_cm
    if sides is None or any((side or 0) < 1 for side in (sides.length, sides.width, sides.height)):
        found.append(("package_dimensions_cm", "length, width and height are needed, in whole centimetres"))
    return found


def _description_problems(description: str) -> list[tuple[str, str]]:
    """Without the images, which are not uploaded yet: those that do not fit are left out later, with a warning."""
    reduced = reduce_description(description, {})
    if len(reduced) > MAX_DESCRIPTION:
        return [("description", f"has {len(reduced)} characters after cleaning, TikTok allows {MAX_DESCRIPTION}")]
    if not shows_something(reduced) and not image_sources(description):
        return [("description", "no letter, digit or image is left after what TikTok forbids is removed")]
    run = run_in(reduced)
    return [] if run is None else [("description", run_problem(run))]


def _attribute_problems(product: ProductSnapshot) -> list[tuple[str, str]]:
    """Problems in any category; `category_problems` finds the others."""
    attributes = product.content.attributes
    found = [
        (f"attributes.{name}", "the attribute stands twice")
        for name, count in Counter(attribute.id for attribute in attributes).items()
        if count > 1
    ]
    for attribute in attributes:
        names = [clean_line(value.name or "") for value in attribute.values if value.id is None]
        given = [value.id for value in attribute.values if value.id is not None] + names
        if any(not says_something(name) for name in names):
            found.append((f"attributes.{attribute.id}", "a value has no letter or digit"))
        elif any(len(name) > MAX_ATTRIBUTE_VALUE for name in names):
            found.append((f"attributes.{attribute.id}", f"a value has more than {MAX_ATTRIBUTE_VALUE} characters"))
        elif (run := next(filter(None, map(long_run, names)), None)) is not None:
            found.append((f"attributes.{attribute.id}", run_problem(run)))
        if len(set(given)) < len(given):
            found.append((f"attributes.{attribute.id}", "a value stands twice"))
    return found


def _axes_gone(product: ProductSnapshot, listing: Listing | None) -> list[tuple[str, str]]:
    """TikTok does not remove the last variation axis of a listing."""
    had_axes = listing is not None and any(any(sku.key) for sku in listing.skus)
    if had_axes and not axes_in_use(product):
        return [("axes", "the listing has variations at TikTok, which does not take them all away: keep one axis")]
    return []


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
