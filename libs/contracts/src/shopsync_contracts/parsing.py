"""Turns the bytes of a Kafka message into a typed event, or says why they are refused."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import orjson
from pydantic import ValidationError

from shopsync_contracts.envelope import TYPE_PREFIX, Event, ShopBody
from shopsync_contracts.errors import (
    ContractError,
    EmptyValue,
    KeyMismatch,
    NotCloudEvent,
    NotJson,
    TooLarge,
    UnexpectedType,
    UnknownType,
    WrongShape,
)
from shopsync_contracts.events import BODIES
from shopsync_contracts.limits import MAX_SNAPSHOT_BYTES
from shopsync_contracts.topics import TopicSpec

_EVENTS: dict[str, type[Event[Any]]] = {body.wire_type(): Event[body] for body in BODIES}  # type: ignore[valid-type]
_BODIES: dict[str, type[ShopBody]] = {body.wire_type(): body for body in BODIES}
_REQUIRED = ("specversion", "id", "source", "type", "subject", "time", "data")
_MAX_REASONS = 10
_SHOWN = 60
_KINDS = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean", type(None): "null"}
_ENDLESS = "digits) for integer string conversion"
_HALF = re.compile("[\ud800-\udfff]")
_FRAMED = re.compile(rb"\x00.{4}\s*[{\[]", re.DOTALL)


def parse(value: bytes | None, *, key: bytes | None = None, topic: TopicSpec | None = None) -> Event[Any]:
    """Read one message. Raises a subclass of ContractError, whose text can be shown to an operator.

    `topic` limits the types to those that the topic carries, and the size to what it takes. A missing key is accepted,
    a wrong one is not.
    """
    if not value:
        raise EmptyValue("the value is empty; a CloudEvents document in JSON is expected")
    limit = MAX_SNAPSHOT_BYTES if topic is None else topic.max_message_bytes
    if len(value) > limit:
        raise TooLarge(f"the value has {len(value)} bytes, at most {limit} are taken")
    document = _read_json(value)
    model = _model_for(document, topic)
    try:
        event = model.model_validate_json(value)
    except ValidationError as error:
        raise WrongShape(_half_character(document) or describe(error, value)) from error
    _check_names(event, key)
    return event


def _half_character(document: Any) -> str:
    """Describe the text that holds half a surrogate pair, such as a cut emoji; empty when there is none.

    Python's own parser accepts it. The models' parser refuses the whole document without saying where.
    """
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        place, value = pending.pop()
        if isinstance(value, str) and (half := _HALF.search(value)):
            return (
                f"{place.lstrip('.')}: holds half a character ({half[0]!r}) at position {half.start()}, which no UTF-8"
                " can carry"
            )
        if isinstance(value, dict):
            pending += [(f"{place}.{name}", one) for name, one in value.items()]
        elif isinstance(value, list):
            pending += [(f"{place}.{number}", one) for number, one in enumerate(value)]
    return ""


def describe(error: ValidationError, text: bytes | str | None = None) -> str:
    """One line that names each invalid member, its problem and its value.

    `text` is the JSON that was read. With it a number appears as it was written, even one that Python cannot hold, such
    as `1e400`.
    """
    details = error.errors(include_url=False, include_context=False)
    written = None if text is None else json.loads(text, parse_int=_Written, parse_float=_Written)
    lines = [_describe_one(detail, written) for detail in details if not _only_follows(detail, details)]
    hidden = len(lines) - _MAX_REASONS
    more = f"; and {hidden} more" if hidden > 0 else ""
    return "; ".join(lines[:_MAX_REASONS]) + more


class _Written(str):
    """A number as the JSON text spells it."""

    __slots__ = ()


def _only_follows(detail: Any, details: Sequence[Any]) -> bool:
    """Whether a list is only too short because its entries are invalid: pydantic does not count those."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in details
    )


def _describe_one(detail: Any, written: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "message"
    if detail["type"] == "missing":
        return f"{place}: is required"
    if detail["type"] == "extra_forbidden":
        return f"{place}: there is no such member{_given(detail, written)}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    if message.startswith("Tuple "):
        message = f"Array {message.removeprefix('Tuple ')}"
    return f"{place}: {message}{_given(detail, written)}"


def _given(detail: Any, written: Any) -> str:
    value = detail.get("input")
    if isinstance(value, str) and len(value) > _SHOWN:
        return f" (given: {_shown(value)}, {len(value)} characters)"
    if isinstance(value, int | float) and isinstance(number := _at(written, detail["loc"]), _Written):
        value = number
    return f" (given: {_shown(value)})" if isinstance(value, str | int | float) or value is None else ""


def _at(document: Any, place: Sequence[str | int]) -> Any:
    """The value at this place of the document; None when there is none."""
    for part in place:
        try:
            document = document[part]
        except (LookupError, TypeError):
            return None
    return document


def _shown(value: Any) -> str:
    """A value as JSON spells it, a text in single quotes, a long one cut."""
    if isinstance(value, str) and not isinstance(value, _Written):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r}…"
    text = str(value) if isinstance(value, _Written) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 2 * _SHOWN else f"{text[:_SHOWN]}…"


def _read_json(value: bytes) -> dict[str, Any]:
    document = _read_compact(value)
    if document is None:
        document = _read_strictly(value)
    if not isinstance(document, dict):
        raise NotCloudEvent(f"a JSON object is expected, not {_KINDS[type(document)]}")
    return document


def _read_compact(value: bytes) -> Any:
    """The document if it is spelled exactly as orjson spells it, as ours are; else None.

    Then no key stands twice, no number is NaN and no text holds half a character. This takes a third of the time.
    """
    try:
        document = orjson.loads(value)
        return document if orjson.dumps(document) == value else None
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _read_strictly(value: bytes) -> Any:
    if _FRAMED.match(value):
        raise NotJson(
            "not JSON: begins with 0x00 and a schema's number, as serializers with a schema registry write; send the"
            " JSON alone"
        )
    # pydantic's parser lets repeated keys and NaN pass, which readers understand differently.
    try:
        return json.loads(value.decode(), object_pairs_hook=_no_repeats, parse_constant=_no_constants)
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8: byte {error.start} is invalid") from error
    except ValueError as error:
        if _ENDLESS in str(error):
            raise NotJson(f"a number has more than {sys.get_int_max_str_digits()} digits") from error
        raise NotJson(f"not JSON: {error}") from error


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {_shown(name)} stands twice in one object")
            seen.add(name)
    return document


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _model_for(document: dict[str, Any], topic: TopicSpec | None) -> type[Event[Any]]:
    missing = [name for name in _REQUIRED if name not in document]
    if missing:
        raise NotCloudEvent(f"required attributes are missing: {', '.join(missing)}")
    if document["specversion"] != "1.0":
        raise NotCloudEvent(f"specversion must be '1.0', is {_shown(document['specversion'])}")
    name = document["type"]
    model = _EVENTS.get(name) if isinstance(name, str) else None
    if model is None:
        raise UnknownType(f"type {_shown(name)} is not known; types begin with '{TYPE_PREFIX}' and end with '.v1'")
    if topic is not None and _BODIES[name] not in topic.types:
        carried = ", ".join(body.wire_type() for body in topic.types) or "none"
        raise UnexpectedType(f"type '{name}' does not belong on {topic.name}, which carries: {carried}")
    return model


def _check_names(event: Event[Any], key: bytes | None) -> None:
    expected = event.data.subject
    if event.subject != expected:
        raise KeyMismatch(f"subject is {_shown(event.subject)}, but the body is about {_shown(expected)}")
    if key and key != expected.encode():
        raise KeyMismatch(f"the key is {_shown_key(key)}, but the body is about {_shown(expected)}")


def _shown_key(key: bytes) -> str:
    try:
        return _shown(key.decode())
    except UnicodeDecodeError:
        return f"no UTF-8 ({key[:_SHOWN].hex(' ')}{'…' if len(key) > _SHOWN else ''} in hexadecimal)"


__all__ = ["ContractError", "describe", "parse"]
