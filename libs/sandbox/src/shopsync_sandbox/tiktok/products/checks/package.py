import re
from decimal import Decimal

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.protocol.bodies import Dimensions, ProductBody, Weight
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code

_WEIGHTS = {"GRAM": re.compile(r"\d{1,9}"), "KILOGRAM": re.compile(r"\d{1,6}(\.\d{1,3})?")}
_GRAMS = {"GRAM": 1, "KILOGRAM": 1000}
_SIDE = re.compile(r"\d{1,5}")
_SIDES = {"length": Code.LENGTH_FORMAT, "width": Code.WIDTH_FORMAT, "height": Code.HEIGHT_FORMAT}
_IMPERIAL = frozenset({"POUND", "INCH"})


def check_package(body: ProductBody, context: Context) -> None:
    """Check the parcel for Japan: whole GRAM, or KILOGRAM with three decimals; sides in whole positive CENTIMETER.

    Where the category does not require it, it may be missing.
    """
    weight, size = body.package_weight, body.package_dimensions
    if context.catalogue.rules(body.category_id or "").parcel_required:
        if weight is None or not weight.value:
            raise ApiError(Code.WEIGHT_MISSING, "package_weight is missing")
        if size is None or not (size.length or size.width or size.height):
            raise ApiError(Code.SIZE_MISSING, "package_dimensions is missing")
    imperial = [part.unit in _IMPERIAL for part in (weight, size) if part is not None]
    if any(imperial):
        code = Code.UNIT_IMPERIAL if all(imperial) else Code.UNIT_SYSTEMS
        raise ApiError(code, "package_weight and package_dimensions must use metric units")
    if weight is not None:
        _check_weight(weight, context.settings.max_parcel_grams)
    if size is not None:
        _check_size(size, context.settings.max_parcel_sum)


def _check_weight(weight: Weight, max_grams: int) -> None:
    unit, value = weight.unit or "", weight.value or ""
    pattern = _WEIGHTS.get(unit)
    if pattern is None:
        raise ApiError(Code.UNIT_REGION, f"package_weight.unit {weight.unit!r} is not GRAM or KILOGRAM")
    if not (value.isascii() and pattern.fullmatch(value)):
        raise ApiError(Code.WEIGHT_FORMAT, f"package_weight.value {value!r} is not a number in {unit}")
    grams = Decimal(value) * _GRAMS[unit]
    if grams == 0:
        raise ApiError(Code.WEIGHT_ZERO, "package_weight.value is zero")
    if grams > max_grams:
        raise ApiError(Code.WEIGHT_RANGE, f"package_weight is {grams} g, at most {max_grams} are allowed")


def _check_size(size: Dimensions, max_sum: int) -> None:
    sides = {"length": size.length or "", "width": size.width or "", "height": size.height or ""}
    for name, value in sides.items():
        if not (value.isascii() and _SIDE.fullmatch(value)):
            raise ApiError(_SIDES[name], f"package_dimensions.{name} {value!r} is not a positive whole number")
    if size.unit != "CENTIMETER":
        raise ApiError(Code.UNIT_REGION, f"package_dimensions.unit {size.unit!r} is not CENTIMETER")
    if any(int(value) == 0 for value in sides.values()):
        raise ApiError(Code.SIZE_INVALID, "package_dimensions has a side of zero")
    total = sum(int(value) for value in sides.values())
    if total > max_sum:
        raise ApiError(Code.SIZE_INVALID, f"length + width + height is {total} cm, at most {max_sum} are allowed")
