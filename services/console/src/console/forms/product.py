"""The form of one product: what it was rendered with, what was entered, and so what the merchant changed.

Only what differs from the rendered value is sent. So a field that somebody else changed meanwhile is not overwritten by
an input that nobody touched (scenario 44).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import FormData

from console.errors import WrongForm
from console.forms import attributes as attr
from console.forms.attributes import Choices, Values
from console.forms.errors import FieldError, Wrong
from console.forms.fields import SIDES, TEXTS, plain, texts_of, value_of
from console.forms.numbers import AMOUNTS, STOCK, whole_number
from console.publisher_api import AttributeField
from shopsync_contracts.events import EditChanges, ProductSnapshot
from shopsync_readmodel.products.fields import SkuRow

Sku = tuple[str, str, str]
"""Vertical and horizontal number, and the stock that the form shows."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The values that a form was made with. It travels in the form; of the description its digest does."""

    texts: Mapping[str, str]
    attributes: Choices
    skus: tuple[Sku, ...]

    def to_json(self) -> str:
        """For a hidden field."""
        document = {"texts": self.texts, "attributes": self.attributes, "skus": self.skus}
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Rendered":
        """Raises WrongForm."""
        try:
            document = json.loads(text)
            return cls(
                texts={name: str(document["texts"][name]) for name in TEXTS},
                attributes={
                    str(one): tuple((_text_or_none(id_), _text_or_none(name)) for id_, name in values)
                    for one, values in document["attributes"].items()
                },
                skus=tuple(
                    (str(vertical), str(horizontal), str(stock)) for vertical, horizontal, stock in document["skus"]
                ),
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise WrongForm("the form does not say what it was made with") from None


@dataclass(frozen=True, slots=True)
class Entered:
    """What stands in the inputs. `texts` and `attributes` of those that the form had; `stock` by place in `skus`.

    `lines`: attributes by hand, where TikTok's list was not there.
    """

    texts: Mapping[str, str]
    attributes: Choices = field(default_factory=dict)
    stock: Mapping[int, str] = field(default_factory=dict)
    lines: str | None = None
    drops_unknown: bool = False


Errors = dict[str, FieldError]


def rendered(snapshot: ProductSnapshot, skus: Sequence[SkuRow]) -> Rendered:
    """Of the product as it is now. SKUs whose stock was sent have no input (ST-10)."""
    texts = texts_of(snapshot.content)
    return Rendered(
        texts={**texts, "description": digest(texts["description"])},
        attributes=attr.choices_of(snapshot.content.attributes),
        skus=tuple(
            (row.vertical_no, row.horizontal_no, "" if row.stock is None else str(row.stock))
            for row in skus
            if row.is_upstream and row.stock_sent is None
        ),
    )


def untouched(snapshot: ProductSnapshot, was: Rendered) -> Entered:
    """What stands in a form that was just made."""
    return Entered(
        texts=texts_of(snapshot.content),
        attributes=was.attributes,
        stock={place: stock for place, (_, _, stock) in enumerate(was.skus)},
    )


def read_form(form: FormData, was: Rendered) -> Entered:
    """The inputs. Those that are not there count as untouched."""
    several = set(form.getlist("several"))
    shown = [str(one) for one in form.getlist("shown")]
    stock = {place: _text(form, f"stock.{place}") for place in range(len(was.skus)) if f"stock.{place}" in form}
    return Entered(
        texts={name: plain(name, _text(form, f"f.{name}")) for name in TEXTS if f"f.{name}" in form},
        attributes={
            one: attr.entered_values(
                [str(value) for value in form.getlist(f"a.{one}")],
                _text(form, f"t.{one}"),
                several=one in several,
            )
            for one in shown
        },
        stock=stock,
        lines=plain("images", _text(form, "lines")) if "lines" in form else None,
        drops_unknown="drop" in form,
    )


def changes_of(
    was: Rendered, entered: Entered, snapshot: ProductSnapshot, fields: Sequence[AttributeField] | None
) -> tuple[EditChanges, Errors]:
    """What is new, and what is wrong with it by the name of its input. With errors nothing is to be sent.

    `fields`: those of the entered category; None when they are not known.
    """
    document, errors = _texts(was, entered)
    attributes = _attributes(was, entered, snapshot, fields, errors)
    if attributes is not None:
        document["attributes"] = attr.as_attributes(attributes) or None
    stock, places = _stock(was, entered, errors)
    if stock:
        document["stock"] = stock
    changes, faults = validated(document, places)
    return changes, {**faults, **errors}


def validated(document: Mapping[str, Any], places: Sequence[int] = ()) -> tuple[EditChanges, Errors]:
    """The changes, or what the contract finds wrong by the name of its input. `places`: of the stock's entries."""
    errors: Errors = {}
    try:
        return EditChanges.model_validate(document, strict=False), errors
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=True):
            errors.setdefault(_input_name(one["loc"], places), _in_words(one))
        return EditChanges(), errors


def digest(text: str) -> str:
    """Of a long text, to see whether it was changed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _texts(was: Rendered, entered: Entered) -> tuple[dict[str, Any], Errors]:
    document: dict[str, Any] = {}
    errors: Errors = {}
    for name, text in entered.texts.items():
        if (digest(text) if name == "description" else text) == was.texts[name]:
            continue
        try:
            value = value_of(name, text)
        except Wrong as wrong:
            errors[name] = wrong.error
            continue
        if name in AMOUNTS and str(value) == was.texts[name]:
            continue  # the same number, written in another way
        if name in SIDES:
            document.setdefault("package_dimensions_cm", {})[name] = value
        else:
            document[name] = value
    return document, errors


def _attributes(
    was: Rendered,
    entered: Entered,
    snapshot: ProductSnapshot,
    fields: Sequence[AttributeField] | None,
    errors: Errors,
) -> dict[str, Values] | None:
    """All attributes as they are to be; None when none changes. What others changed meanwhile stays."""
    stored = attr.choices_of(snapshot.content.attributes)
    wanted = _wanted(was, entered, stored, fields, errors)
    if wanted is None or wanted == stored:
        return None
    if fields is not None:
        errors |= attr.faults(fields, wanted)
    return wanted


def _wanted(
    was: Rendered, entered: Entered, stored: Choices, fields: Sequence[AttributeField] | None, errors: Errors
) -> dict[str, Values] | None:
    if entered.lines is not None:
        return _wanted_by_hand(was, entered.lines, stored, errors)
    by_id = {one.id: one for one in fields or ()}
    wanted = dict(stored)
    category_changed = entered.texts.get("category_id", was.texts["category_id"]) != was.texts["category_id"]
    if fields is not None and (entered.drops_unknown or category_changed):
        wanted = {one: values for one, values in wanted.items() if one in by_id}
    for one, values in entered.attributes.items():
        if fields is not None and one not in by_id:
            continue
        known = by_id.get(one)
        if attr.canonical(values, known) == attr.canonical(was.attributes.get(one, ()), known):
            continue
        wanted[one] = attr.canonical(values, known)
    return {one: values for one, values in wanted.items() if values}


def _wanted_by_hand(was: Rendered, lines: str, stored: Choices, errors: Errors) -> dict[str, Values] | None:
    shown = attr.as_lines(was.attributes)
    if lines == shown:
        return None
    try:
        before, now = attr.from_lines(shown), attr.from_lines(lines)
    except Wrong as wrong:
        errors["lines"] = wrong.error
        return None
    changed = {one: now.get(one, ()) for one in {**before, **now} if now.get(one) != before.get(one)}
    return {one: values for one, values in {**stored, **changed}.items() if values}


def _stock(was: Rendered, entered: Entered, errors: Errors) -> tuple[tuple[dict[str, Any], ...], tuple[int, ...]]:
    """The entries to send, and the place of each in the form."""
    entries, places = [], []
    for place, text in entered.stock.items():
        vertical, horizontal, before = was.skus[place]
        if text.strip() == before:
            continue
        try:
            quantity = whole_number(text, STOCK) if text.strip() else None
        except Wrong as wrong:
            errors[f"stock.{place}"] = wrong.error
            continue
        if quantity is None:
            errors[f"stock.{place}"] = FieldError("needed")
            continue
        if str(quantity) == before:
            continue
        entries.append({"vertical_no": vertical, "horizontal_no": horizontal, "quantity": quantity})
        places.append(place)
    return tuple(entries), tuple(places)


def _input_name(path: Sequence[int | str], places: Sequence[int]) -> str:
    match [*path]:
        case ["package_dimensions_cm", str(side), *_]:
            return side
        case ["stock", int(place), *_]:
            return f"stock.{places[place]}"
        case [str(name), *_]:
            return name
        case _:
            return "form"


def _in_words(error: Any) -> FieldError:
    limits = error.get("ctx") or {}
    match error["type"]:
        case "string_too_long":
            return FieldError("too_long", {"n": limits["max_length"], "has": len(error["input"])})
        case "too_long":
            return FieldError("too_many", {"n": limits["max_length"]})
        case "attributes_too_long":
            return FieldError("too_long", {"n": limits["limit"], "has": limits["size"]})
        case _:
            return FieldError("not_taken", {"why": error["msg"]})


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, ""))


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def settled(was: Rendered, entered: Entered) -> Rendered:
    """Once it was sent: what is entered now counts as known."""
    texts = {**was.texts, **entered.texts}
    if "description" in entered.texts:
        texts["description"] = digest(entered.texts["description"])
    attributes = {**was.attributes, **entered.attributes}
    if entered.lines is not None:
        attributes = attr.from_lines(entered.lines)
    skus = tuple(
        (vertical, horizontal, plain("stock", entered.stock.get(place, stock)))
        for place, (vertical, horizontal, stock) in enumerate(was.skus)
    )
    return Rendered(texts, attributes, skus)
