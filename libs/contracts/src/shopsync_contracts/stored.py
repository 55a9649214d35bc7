"""Reads what an earlier version stored. A limit that was added later must not make a product unreadable."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

_LIMITS = frozenset(
    {
        "attributes_too_long",
        "greater_than_equal",
        "less_than_equal",
        "string_too_long",
        "time_out_of_limits",
        "too_long",
    }
)


def read_stored(model: type[M], document: Mapping[str, Any]) -> M:
    """Read a stored document, with aware datetimes and lists, into its model. Unknown members are ignored.

    A value that only breaks a limit was stored before that limit existed and is read as it is. Raises ValidationError
    for anything else.
    """
    try:
        return model.model_validate(document, strict=False)
    except ValidationError as error:
        if any(detail["type"] not in _LIMITS for detail in error.errors(include_url=False, include_input=False)):
            raise
    return _built(model, document)


def _built(model: type[M], document: Mapping[str, Any]) -> M:
    members = {
        name: _value(field.annotation, document[name]) for name, field in model.model_fields.items() if name in document
    }
    return model.model_construct(**members)


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _value(arguments[0], value)
    if origin in (Union, UnionType):
        return _value(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        return tuple(_value(arguments[0], each) for each in value)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, Mapping):
        return _built(kind, value)
    return value
