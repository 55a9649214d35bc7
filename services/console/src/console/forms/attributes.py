"""A category's attributes as inputs of a form: one choice, several, free text, numbers, needed only with another."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.forms.characters import line_of, lines_of
from console.forms.errors import FieldError, Wrong
from console.forms.numbers import decimal_number
from console.publisher_api import AttributeField, Requirements
from shopsync_contracts.events import Attribute
from shopsync_contracts.limits import MAX_ATTRIBUTE_NAME, MAX_TIKTOK_ID

Value = tuple[str | None, str | None]
"""Id and name of a value; one of them is None."""
Values = tuple[Value, ...]
Choices = Mapping[str, Values]
"""Values by the attribute's id."""

_LINE: Final = re.compile(r"(\S+?)\s*[=:＝：]\s*(\S.*)")
_QUOTED: Final = re.compile(r'"(.+)"|「(.+)」')


@dataclass(frozen=True, slots=True)
class AttributeInput:
    """One attribute with what is chosen. `needed`: now; `unwanted`: has to stay empty now, by another's value.

    `deciding`: the attribute and its values with which this one is needed, by name.
    """

    field: AttributeField
    chosen: frozenset[str]
    own: str
    needed: bool
    unwanted: bool
    deciding: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        """TikTok's."""
        return self.field.id

    @property
    def is_missing(self) -> bool:
        """Whether it is needed and blank."""
        return self.needed and not self.chosen and not self.own

    @property
    def kind(self) -> str:
        """`several`, `one` or `text`: what the form shows."""
        if not self.field.values:
            return "text"
        return "several" if self.field.multiple else "one"


def choices_of(attributes: Sequence[Attribute]) -> dict[str, Values]:
    """The stored ones."""
    return {one.id: tuple((value.id, None if value.id else value.name) for value in one.values) for one in attributes}


def canonical(values: Values, field: AttributeField | None) -> Values:
    """A value of one's own that is called like one of TikTok's is that one; numbers get plain digits."""
    if field is None:
        return tuple(values)
    ids = {name: one for one, name in field.values.items()}
    named = [(one, _plain_number(name) if field.numeric and name is not None else name) for one, name in values]
    return tuple((ids[name], None) if one is None and name in ids else (one, name) for one, name in named)


def _plain_number(text: str) -> str:
    """With plain digits and without commas; anything that is no number stays as it was entered."""
    return decimal_number(text) or text


def entered_values(chosen: Sequence[str], own: str, *, several: bool) -> Values:
    """From the inputs of one attribute: values of one's own stand one in a line where several may be given."""
    lines = lines_of(own).split("\n") if several else [own]
    names = [line for line in map(line_of, lines) if line]
    return tuple([(one, None) for one in dict.fromkeys(chosen) if one] + [(None, name) for name in names])


def inputs(fields: Sequence[AttributeField], choices: Choices) -> tuple[AttributeInput, ...]:
    """For the form. Those that are needed come first, in TikTok's order."""
    shown = [_input(field, choices, fields) for field in fields]
    return tuple(sorted(shown, key=lambda one: not one.needed))


def _input(field: AttributeField, choices: Choices, fields: Sequence[AttributeField]) -> AttributeInput:
    values = canonical(choices.get(field.id, ()), field)
    known = {one for one, _ in values if one in field.values}
    own = [name if name is not None else str(one) for one, name in values if one not in known]
    by_id = {one.id: one for one in fields}
    deciding = [
        (by_id[other].name, by_id[other].values.get(value, value))
        for other, value in sorted(field.required_if)
        if other in by_id
    ]
    met, decided = _condition(field, choices, by_id)
    return AttributeInput(
        field=field,
        chosen=frozenset(one for one in known if one is not None),
        own="\n".join(own),
        needed=field.required or met,
        unwanted=decided and not met and not field.required,
        deciding=tuple(deciding),
    )


def _condition(field: AttributeField, choices: Choices, by_id: Mapping[str, AttributeField]) -> tuple[bool, bool]:
    """Whether a value that makes it needed is chosen, and whether any value of a deciding attribute is."""
    chosen = _chosen(choices, by_id)
    deciding = {other for other, _ in field.required_if}
    return bool(field.required_if & chosen), any(other in deciding for other, _ in chosen)


def _chosen(choices: Choices, by_id: Mapping[str, AttributeField]) -> frozenset[tuple[str, str]]:
    """Attribute and value, by id. What the category does not have is not sent, and counts for nothing."""
    return frozenset(
        (attribute, one)
        for attribute, values in choices.items()
        if attribute in by_id
        for one, _ in canonical(values, by_id[attribute])
        if one
    )


def needed_certificates(requirements: Requirements | None, choices: Choices) -> tuple[str, ...]:
    """Names of the documents without which TikTok takes no such product. None of a category that is not known."""
    if requirements is None:
        return ()
    chosen = _chosen(choices, {field.id: field for field in requirements.fields})
    return tuple(one.name for one in requirements.certificates if one.required or one.required_if & chosen)


def faults(fields: Sequence[AttributeField], choices: Choices) -> dict[str, FieldError]:
    """What TikTok would refuse, by the name of the input. A missing value is no fault: the product stays incomplete."""
    by_id = {field.id: field for field in fields}
    found = {}
    for field in fields:
        values = canonical(choices.get(field.id, ()), field)
        met, decided = _condition(field, choices, by_id)
        if values and decided and not met and not field.required:
            found[f"a.{field.id}"] = FieldError("has_to_be_blank")
        elif (fault := next(_faults(field, values), None)) is not None:
            found[f"a.{field.id}"] = fault
    return found


def _faults(field: AttributeField, values: Values) -> Iterator[FieldError]:
    if len(values) > 1 and not field.multiple:
        yield FieldError("one_value")
    if len(set(values)) < len(values):
        yield FieldError("twice")
    for one, name in values:
        if one is not None:
            if one not in field.values:
                yield FieldError("not_a_choice", {"value": one[:100]})
        elif name is not None:
            if not field.custom:
                yield FieldError("not_a_choice", {"value": name[:100]})
            elif field.numeric and decimal_number(name) is None:
                yield FieldError("positive_number", {"given": name[:40]})
            elif len(name) > MAX_ATTRIBUTE_NAME:
                yield FieldError("too_long", {"n": MAX_ATTRIBUTE_NAME, "has": len(name)})


def as_attributes(choices: Choices) -> list[dict[str, Any]]:
    """What is sent, not checked yet."""
    return [
        {"id": one, "values": [{"id": id_} if id_ is not None else {"name": name} for id_, name in values]}
        for one, values in choices.items()
        if values
    ]


# Without TikTok's list: ids by hand


def as_lines(choices: Choices) -> str:
    """`id = value`, one in a line; a text of one's own in quotes."""
    return "\n".join(
        f"{one} = {id_}" if id_ is not None else f'{one} = "{name}"'
        for one, values in choices.items()
        for id_, name in values
    )


def from_lines(text: str) -> dict[str, Values]:
    """Raises Wrong for a line that is not understood."""
    found: dict[str, Values] = {}
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        parts = _LINE.fullmatch(line)
        if parts is None or len(parts[1]) > MAX_TIKTOK_ID:
            raise Wrong("attribute_line", line=line[:100])
        quoted = _QUOTED.fullmatch(parts[2])
        value: Value = (None, quoted[1] or quoted[2]) if quoted is not None else (parts[2], None)
        if value[0] is not None and not value[0].isascii():
            value = (None, value[0])
        found[parts[1]] = (*found.get(parts[1], ()), value)
    return found
