import re
from decimal import Decimal

from shopsync_sandbox.tiktok.bodies import Dimensions, ProductBody, Weight
from shopsync_sandbox.tiktok.codes import ApiError, Code

_WEIGHTS = {"GRAM": re.compile(r"\d{1,9}"), "KILOGRAM": re.compile(r"\d{1,6}(\.\d{1,3})?")}
_SIDE = re.compile(r"\d{1,5}")
_SIDES = {"length": Code.LENGTH_FORMAT, "width": Code.WIDTH_FORMAT, "height": Code.HEIGHT_FORMAT}
_IMPERIAL = frozenset({"POUND", "INCH"})


def check_package(body: ProductBody, max_sum: int) -> None:
    """JP: weight in whole GRAM or KILOGRAM to three places, sides in whole positive CENTIMETER."""
    weight = body.package_weight or Weight()
    size = body.package_dimensions or Dimensions()
    if ((weight.unit or "") in _IMPERIAL) != ((size.unit or "") in _IMPERIAL):
        raise ApiError(Code.UNIT_SYSTEMS, "package_weight and package_dimensions use different unit systems")
    _check_weight(weight)
    _check_size(size, max_sum)


def _check_weight(weight: Weight) -> None:
    if not weight.value:
        raise ApiError(Code.WEIGHT_FORMAT, "package_weight is missing")
    pattern = _WEIGHTS.get(weight.unit or "")
    if pattern is None:
        raise ApiError(Code.UNIT_REGION, f"package_weight.unit {weight.unit!r} is not GRAM or KILOGRAM")
    if not pattern.fullmatch(weight.value):
        raise ApiError(Code.WEIGHT_FORMAT, f"package_weight.value {weight.value!r} is not a number in {weight.unit}")
    if Decimal(weight.value) == 0:
        raise ApiError(Code.WEIGHT_ZERO, "package_weight.value is zero")


def _check_size(size: Dimensions, max_sum: int) -> None:
    sides = {"length": size.length, "width": size.width, "height": size.height}
    for name, value in sides.items():
        if not value or not _SIDE.fullmatch(value) or int(value) == 0:
            raise ApiError(_SIDES[name], f"package_dimensions.{name} {value!r} is not a positive whole number")
    if size.unit != "CENTIMETER":
        raise ApiError(Code.UNIT_REGION, f"package_dimensions.unit {size.unit!r} is not CENTIMETER")
    total = sum(int(value) for value in sides.values() if value)
    if total > max_sum:
        raise ApiError(Code.SIZE_INVALID, f"length + width + height is {total} cm, at most {max_sum} are allowed")
