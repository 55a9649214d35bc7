"""What stands in a form that was kept over a log-in, in the merchant's words. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import FormData

from console.errors import WrongForm
from console.forms.attributes import Values, as_lines, canonical
from console.forms.product import Rendered, digest, read_form
from console.publisher_api import AttributeField
from console.screens.product_lists import Lists
from console.text import ALL

_LONGEST: Final = 300
_MOST: Final = 10
_NAMES: Final = {
    "on": "product.target",
    "target": "bulk.target",
    "clear": "bulk.clear",
    "product_no": "bulk.product_no",
    "mode": "settings.when",
    "interval": "settings.interval",
    "times": "settings.times",
    "included": "settings.included",
    "rate": "settings.rate",
    "rounding": "settings.rounding",
    "tiktok_shop_id": "authorization.which",
}
_CHOICES: Final = {
    "on": "product.target_",
    "target": "bulk.target_",
    "clear": "fields.name_",
    "mode": "settings.mode_",
    "included": "settings.included_",
    "rounding": "settings.rounding_",
}
_SWITCHED: Final = {"1": "on", "0": "off"}
_OF_THE_PAGE: Final = frozenset(
    {
        *("action_id", "draft", "following", "told", "was", "step", "version", "shown", "several", "which"),
        *("despite", "confirm", "confirmed"),
        *("again", "all", "language", "more", "category_at", "category_open", "category_text", "category_text_was"),
        *("brand_name", "brand_open", "brand_text", "brand_text_was"),
    }
)
"""What a form says to the console and no merchant entered."""


@dataclass(frozen=True, slots=True)
class KeptValue:
    """`key`: the text that names the field, else `name` does. `choices`: texts of the values, where they have one.

    `is_unnamed`: of an attribute `name` is the id, since nobody can say now what it is called.
    """

    name: str
    key: str | None
    values: tuple[str, ...]
    choices: tuple[str | None, ...]
    more: int = 0
    is_unnamed: bool = False


def category_of(fields: Sequence[tuple[str, str]]) -> str:
    """The category by which something in a form is named; empty where none is needed."""
    form = FormData([*fields])
    try:
        was = Rendered.from_json(str(form.get("was", "")))
    except WrongForm:
        return str(form.get("f.category_id", ""))
    entered, before = read_form(form, was), was.texts["category_id"]
    category = entered.texts.get("category_id", before)
    return category if entered.attributes or category != before else ""


def kept_values(fields: Sequence[tuple[str, str]], lists: Lists) -> list[KeptValue]:
    """Of a product's form what was changed; of any other form all that is not blank.

    `lists`: of its category, for the shop of the session.
    """
    form = FormData([*fields])
    try:
        return list(_changed(form, Rendered.from_json(str(form.get("was", ""))), lists))
    except WrongForm:
        names = dict.fromkeys(name for name, _ in fields if name not in _OF_THE_PAGE)
        found = [
            _value(name, [_named(form, name, str(one), lists) for one in form.getlist(name) if one]) for name in names
        ]
        return [one for one in found if one.values]


def _changed(form: FormData, was: Rendered, lists: Lists) -> Iterator[KeptValue]:
    entered = read_form(form, was)
    for name, text in entered.texts.items():
        if (digest(text) if name == "description" else text) != was.texts[name]:
            yield _value(f"f.{name}", [_named(form, f"f.{name}", text, lists)])
    known = {one.id: one for one in lists.fields or ()}
    for one, values in entered.attributes.items():
        if canonical(values, known.get(one)) != canonical(was.attributes.get(one, ()), known.get(one)):
            yield _attribute(one, values, known.get(one))
    if entered.lines is not None and entered.lines != as_lines(was.attributes):
        yield KeptValue("", "fields.name_attributes", _short([entered.lines]), ())
    for place, text in entered.stock.items():
        vertical, horizontal, before = was.skus[place]
        if text.strip() != before:
            sku = "-".join(filter(None, (vertical, horizontal)))
            yield KeptValue(sku, "fields.name_stock", _short([text]), ())


def _named(form: FormData, name: str, text: str, lists: Lists) -> str:
    """A category and a brand as their page showed them, where that can be said; else the text itself."""
    match name:
        case "f.category_id":
            return lists.path_of(text) or text
        case "f.brand_id" if text:
            return str(form.get("brand_name", "")) or text
        case _:
            return text


def _attribute(id_: str, values: Values, field: AttributeField | None) -> KeptValue:
    names = {} if field is None else field.values
    shown = [own or "" if one is None else names.get(one, f"ID {one}") for one, own in values]
    called = id_ if field is None else field.name
    [name] = _short([called])
    return KeptValue(name, "fields.name_attributes", _short(shown), (), is_unnamed=field is None)


def _value(name: str, values: Sequence[str]) -> KeptValue:
    key = f"fields.name_{name.removeprefix('f.')}" if name.startswith("f.") else _NAMES.get(name)
    shown = values[:_MOST]
    return KeptValue(
        name=name if key not in ALL else "",
        key=key if key in ALL else None,
        values=_short(shown),
        choices=tuple(_choice(name, one) for one in shown),
        more=len(values) - len(shown),
    )


def _choice(name: str, value: str) -> str | None:
    key = f"{_CHOICES.get(name)}{_SWITCHED.get(value, value) if name == 'on' else value}"
    return key if key in ALL else None


def _short(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(one if len(one) <= _LONGEST else f"{one[:_LONGEST]}…" for one in values)
