"""What happened to a product while its form was open: what others changed, and what was saved from the form. Pure.

A value of the form has a key: the name of its input, `a.` and the id of an attribute, or `stock` and a SKU's numbers.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from console.forms import attributes as attr
from console.forms.attributes import Values
from console.forms.errors import Wrong
from console.forms.numbers import AMOUNTS, STOCK, whole_number
from console.forms.product import Entered, Rendered, Sku, digest
from console.publisher_api import AttributeField
from shopsync_contracts.ownership import DIMENSIONS
from shopsync_readmodel.stored.effects import EditMarks

Value = str | Values
Key = str

_ATTRIBUTE: Final = "a."
_ATTRIBUTES: Final = "attributes"
_STOCK: Final = "stock "
_NOTHING: Final[Values] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """What was sent from this form. `refused`: what of it was not taken, and is still to be saved."""

    taken: tuple[EditMarks, ...] = ()
    refused: tuple[EditMarks, ...] = ()

    def has(self, key: Key) -> bool:
        """Whether this value was sent."""
        return _is_in(self.taken, key) or _is_in(self.refused, key)

    def has_in_vain(self, key: Key) -> bool:
        """Whether this value was sent and refused."""
        return _is_in(self.refused, key)


def values_of(was: Rendered) -> dict[Key, Value]:
    """Of a form as it was made."""
    attributes = {f"{_ATTRIBUTE}{one}": values for one, values in was.attributes.items()}
    stock = {_stock(vertical, horizontal): text for vertical, horizontal, text in was.skus}
    return {**was.texts, **attributes, **stock}


def changed_by_others(was: Rendered, now: Rendered, saved: Saved, fields: Sequence[AttributeField] = ()) -> set[Key]:
    """What is not as the form was made, and was not saved from it."""
    before, after = values_of(was), values_of(now)
    keys = {key for key in {**before, **after} if not _is_same(key, _of(before, key), _of(after, key), fields)}
    return {key for key in keys if not saved.has(key)}


def overtaken(
    was: Rendered, entered: Entered, now: Rendered, saved: Saved, fields: Sequence[AttributeField] = ()
) -> list[Key]:
    """What the form changes and somebody else has changed to something else. `saved`: what is on its way from it."""
    before, after, others = values_of(was), values_of(now), changed_by_others(was, now, saved, fields)
    return [
        key
        for key, value in _entered(was, entered).items()
        if key in others
        and (key in after or not key.startswith(_STOCK))  # its stock was sent, or the SKU is gone
        and not _is_same(key, value, _of(before, key), fields)
        and not _is_same(key, value, _of(after, key), fields)
    ]


def knowing(was: Rendered, now: Rendered, keys: Collection[Key]) -> Rendered:
    """The form with these values as they are now: what is entered in their place differs from them, and is sent."""
    after = values_of(now)
    texts = {name: str(after[name]) if name in keys else text for name, text in was.texts.items()}
    source = {one: now if f"{_ATTRIBUTE}{one}" in keys else was for one in {**was.attributes, **now.attributes}}
    attributes = {one: values for one, of in source.items() if (values := of.attributes.get(one, _NOTHING))}
    return Rendered(texts, attributes, tuple(_known_sku(sku, after, keys) for sku in was.skus))


def input_of(key: Key, was: Rendered, entered: Entered) -> str:
    """The name of the input in which it stands."""
    if key.startswith(_ATTRIBUTE) and entered.lines is not None:
        return "lines"
    places = {_stock(vertical, horizontal): place for place, (vertical, horizontal, _) in enumerate(was.skus)}
    return f"stock.{places[key]}" if key in places else key


def renewed(
    was: Rendered, entered: Entered, now: Rendered, texts: Mapping[str, str], saved: Saved
) -> tuple[Rendered, Entered]:
    """The form with the values of now, and with what was entered since it was made or saved.

    `texts`: those of now, the description too. What others and the merchant have both changed stays as it is in the
    form; it is named when it is saved.
    """
    before, mine = values_of(was), _entered(was, entered)
    touched = {key for key, value in mine.items() if not _is_same(key, value, _of(before, key))}
    stays = touched | {key for key in mine if saved.has_in_vain(key)}
    both = {key for key in touched if not saved.has(key)}
    skus = _skus(was, now)
    shown = knowing(Rendered(was.texts, was.attributes, skus), now, {*before, *values_of(now)} - both)
    # Lines that were refused are no longer among those that differ: the form counted them as known when it sent them.
    differ = saved.has_in_vain(_ATTRIBUTE) or any(key.startswith(_ATTRIBUTE) for key in stays)
    keeps_lines = entered.lines is not None and differ
    attributes = {
        one: values if f"{_ATTRIBUTE}{one}" in stays else now.attributes.get(one, _NOTHING)
        for one, values in entered.attributes.items()
    }
    stock = {
        place: str(mine[key]) if (key := _stock(vertical, horizontal)) in stays else text
        for place, (vertical, horizontal, text) in enumerate(shown.skus)
    }
    return shown, Entered(
        texts={name: entered.texts[name] if name in stays else text for name, text in texts.items()},
        attributes=attributes,
        stock=stock,
        lines=entered.lines if keeps_lines else None,
        drops_unknown=entered.drops_unknown and not any(_ATTRIBUTES in marks.fields for marks in saved.taken),
    )


def _known_sku(sku: Sku, after: Mapping[Key, Value], keys: Collection[Key]) -> Sku:
    vertical, horizontal, text = sku
    key = _stock(vertical, horizontal)
    return vertical, horizontal, str(after.get(key, text)) if key in keys else text


def _skus(was: Rendered, now: Rendered) -> tuple[Sku, ...]:
    """Those of now, with what the form knew of them."""
    known = {(vertical, horizontal): text for vertical, horizontal, text in was.skus}
    return tuple((one[0], one[1], known.get((one[0], one[1]), one[2])) for one in now.skus)


def _entered(was: Rendered, entered: Entered) -> dict[Key, Value]:
    texts: dict[Key, Value] = {
        name: digest(text) if name == "description" else text for name, text in entered.texts.items()
    }
    attributes = {f"{_ATTRIBUTE}{one}": values for one, values in _attributes(was, entered).items()}
    stock = {_stock(*was.skus[place][:2]): text.strip() for place, text in entered.stock.items()}
    return {**texts, **attributes, **stock}


def _attributes(was: Rendered, entered: Entered) -> Mapping[str, Values]:
    """By hand what differs from the lines that were shown; a line that is not understood is told elsewhere."""
    if entered.lines is None:
        return entered.attributes
    try:
        before, now = attr.from_lines(attr.as_lines(was.attributes)), attr.from_lines(entered.lines)
    except Wrong:
        return {}
    return {one: now.get(one, _NOTHING) for one in {**before, **now} if now.get(one) != before.get(one)}


def _is_in(sent: Sequence[EditMarks], key: Key) -> bool:
    wanted = _ATTRIBUTES if key.startswith(_ATTRIBUTE) else key
    return any(wanted in set(_keys(marks)) for marks in sent)


def _keys(marks: EditMarks) -> Iterator[Key]:
    yield from (name.removeprefix(f"{DIMENSIONS}.") for name in marks.fields)
    yield from (_stock(vertical, horizontal) for vertical, horizontal in marks.skus)


def _stock(vertical: str, horizontal: str) -> Key:
    return f"{_STOCK}{vertical} {horizontal}"


def _of(values: Mapping[Key, Value], key: Key) -> Value:
    """An attribute that is not there has no value."""
    return values.get(key, _NOTHING if key.startswith(_ATTRIBUTE) else "")


def _is_same(key: Key, one: Value, other: Value, fields: Sequence[AttributeField] = ()) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _plain(key, one) == _plain(key, other)
    field = next((field for field in fields if f"{_ATTRIBUTE}{field.id}" == key), None)
    return attr.canonical(_values(one), field) == attr.canonical(_values(other), field)


def _values(given: Value) -> Values:
    return _NOTHING if isinstance(given, str) else given


def _plain(key: Key, text: str) -> str:
    """Numbers may be written in several ways."""
    amount = STOCK if key.startswith(_STOCK) else AMOUNTS.get(key)
    if amount is None:
        return text
    try:
        return str(whole_number(text, amount))
    except Wrong:
        return text
