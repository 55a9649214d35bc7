"""The text of `--set`, `--clear` and `--stock` as a merge patch for product.edited. Pure."""

import json
import math
import shlex
from collections.abc import Iterable
from typing import Any, NoReturn

from pydantic import ValidationError

from shopsync_cli.errors import WrongCall
from shopsync_contracts import describe
from shopsync_contracts.events import EditChanges

_TEXT = frozenset({"name", "description", "category_id", "brand_id", "size_chart_image"})
_FIELDS = tuple(name for name in EditChanges.model_fields if name != "stock")
_SIDES = ("length", "width", "height")
_EXAMPLES = {
    "images": '["https://shop.example/1.jpg"]',
    "attributes": '[{"id": "100107", "values": [{"name": "綿"}]}]',
    "package_dimensions_cm": "30x20x10",
}
_NUMBER = "300"


def read_changes(sets: Iterable[str], clears: Iterable[str], stocks: Iterable[str]) -> EditChanges:
    """The edit that the options describe. Raises WrongCall that names the option at fault.

    `sets` are FIELD=VALUE; text fields take the value as it is, the others read JSON (`300`, `["https://…"]`),
    the package size also `30x20x10` and `package_dimensions_cm.length=30`. `stocks` are VERTICAL:HORIZONTAL=QUANTITY,
    or =QUANTITY for a product without variations.
    """
    changes: dict[str, Any] = {}
    for text in sets:
        _set(changes, text)
    for name in clears:
        _clear(changes, name)
    if stock := [_stock(text) for text in stocks]:
        changes["stock"] = stock
    if not changes:
        raise WrongCall("nothing to change; give --set FIELD=VALUE, --clear FIELD or --stock V:H=QUANTITY")
    text = json.dumps(changes)
    try:
        return EditChanges.model_validate_json(text)
    except ValidationError as error:
        raise WrongCall(describe(error, text)) from None


def _set(changes: dict[str, Any], text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        raise WrongCall(f"--set {text!r}: write FIELD=VALUE")
    field, dot, side = name.partition(".")
    _known(field, "--set")
    if dot:
        if field != "package_dimensions_cm" or side not in _SIDES:
            raise WrongCall(f"--set {name}: only package_dimensions_cm has parts: {', '.join(_SIDES)}")
        changes.setdefault(field, {})[side] = _json(name, value)
    elif field == "package_dimensions_cm" and "x" in value and not value.startswith("{"):
        changes[field] = _dimensions(value)
    else:
        changes[field] = value if field in _TEXT else _json(name, value)


def _dimensions(value: str) -> dict[str, int]:
    sides = value.split("x")
    if len(sides) != len(_SIDES) or not all(side.strip().isdecimal() for side in sides):
        raise WrongCall(f"--set package_dimensions_cm={value}: write LENGTHxWIDTHxHEIGHT in whole centimetres")
    return dict(zip(_SIDES, map(int, sides), strict=True))


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value, parse_float=_finite, parse_constant=_no_number)
    except ValueError as error:
        example = f"--set {shlex.quote(f'{name}={_EXAMPLES.get(name, _NUMBER)}')}"
        raise WrongCall(f"--set {name}={value}: JSON is expected here, such as {example} ({error})") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON number")


def _clear(changes: dict[str, Any], name: str) -> None:
    _known(name, "--clear")
    if name in changes:
        raise WrongCall(f"{name} is both set and cleared")
    changes[name] = None


def _known(field: str, option: str) -> None:
    if field not in _FIELDS:
        raise WrongCall(f"{option} {field}: no such field; known: {', '.join(_FIELDS)} (stock has its own --stock)")


def _stock(text: str) -> dict[str, Any]:
    numbers, equals, quantity = text.rpartition("=")
    if not equals or not quantity.strip().isdecimal():
        raise WrongCall(
            f"--stock {text!r}: write VERTICAL:HORIZONTAL=QUANTITY, such as M:=10, or =10 without variations"
        )
    vertical, _, horizontal = numbers.partition(":")
    return {"vertical_no": vertical, "horizontal_no": horizontal, "quantity": int(quantity)}
