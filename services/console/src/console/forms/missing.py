"""What a product still lacks once its form is saved, by the names of the inputs. Pure."""

from collections.abc import Sequence
from typing import Final

from console.forms.attributes import AttributeInput
from console.forms.errors import Wrong
from console.forms.fields import SIDES, UPSTREAM, missing_fields, texts_of
from console.forms.numbers import STOCK, whole_number
from console.forms.product import Entered, Rendered
from shopsync_contracts.events import ProductSnapshot

REQUIRED: Final = ("category_id", "brand_id", "package_weight_g", *SIDES, *UPSTREAM)
"""As the catalog asks for them (ED-4, Q9), beside the category's attributes and stock."""
_STOCK: Final = "stock."
_ATTRIBUTE: Final = "a."
_CATEGORY: Final = "category_id"
_SIZE_CHART: Final = "size_chart_image"


def still_missing(
    snapshot: ProductSnapshot,
    was: Rendered,
    entered: Entered,
    attributes: Sequence[AttributeInput],
    before: Sequence[AttributeInput],
    *,
    needs_size_chart: bool,
) -> tuple[str, ...]:
    """What is blank with what was entered, and what a service found missing and nobody has changed since.

    `snapshot`: from before the edit. `attributes`: as they are entered; `before`: as they are in the snapshot.
    """
    found = missing_fields(snapshot)
    texts = texts_of(snapshot.content)
    now = {**texts, **entered.texts}
    required = (*REQUIRED, _SIZE_CHART) if needs_size_chart else REQUIRED
    blank = [name for name in (*REQUIRED, _SIZE_CHART) if _lacks(name, now, texts, found, required)]
    return (*blank, *_attributes(snapshot, attributes, before), *_stock(was, entered))


def demanded(
    attributes: Sequence[AttributeInput], size_chart: str, *, needs_size_chart: bool, needs_certificate: bool
) -> tuple[str, ...]:
    """What the category requires and is blank: the catalog knows nothing of it, only a push finds it out (ED-8).

    A certificate has no input: another category is what helps.
    """
    blank = [f"{_ATTRIBUTE}{one.id}" for one in attributes if one.is_missing]
    category = (_CATEGORY,) if needs_certificate else ()
    chart = (_SIZE_CHART,) if needs_size_chart and not size_chart else ()
    return (*category, *blank, *chart)


def fields_of(names: Sequence[str]) -> frozenset[str]:
    """The fields of the page to which these inputs belong."""
    return frozenset(_field(name) for name in names)


def _lacks(
    name: str, now: dict[str, str], texts: dict[str, str], found: frozenset[str], required: Sequence[str]
) -> bool:
    if name in required and not now[name]:
        return True
    return name in found and now[name] == texts[name]


def _attributes(
    snapshot: ProductSnapshot, attributes: Sequence[AttributeInput], before: Sequence[AttributeInput]
) -> list[str]:
    named = {path.removeprefix("attributes.") for path in snapshot.missing if path.startswith("attributes.")}
    stored = {one.id: (one.chosen, one.own) for one in before}
    return [
        f"{_ATTRIBUTE}{one.id}"
        for one in attributes
        if one.is_missing or (one.id in named and stored.get(one.id) == (one.chosen, one.own))
    ]


def _stock(was: Rendered, entered: Entered) -> list[str]:
    """Of every SKU whose stock was not sent yet: all SKUs are sent together (VA-1, ST-8)."""
    texts = {place: entered.stock.get(place, stock) for place, (_, _, stock) in enumerate(was.skus)}
    return [f"{_STOCK}{place}" for place, text in texts.items() if not _has_stock(text)]


def _has_stock(text: str) -> bool:
    try:
        return whole_number(text, STOCK) > 0
    except Wrong as wrong:
        return wrong.error.key == "out_of_range"  # futureshop's own may be more than can be entered here


def _field(name: str) -> str:
    if name.startswith(_ATTRIBUTE):
        return "attributes"
    if name.startswith(_STOCK):
        return "stock"
    return "package_dimensions_cm" if name in SIDES else name
