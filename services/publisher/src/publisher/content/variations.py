"""The two axes (縦軸, 横軸) as TikTok's sales attributes. Pure."""

from collections import Counter
from typing import Any

from publisher.content.text import MAX_AXIS_NAME, MAX_CHOICE_NAME, clean_line, says_something
from shopsync_contracts.events import ProductSnapshot, SnapshotSku

_UNNAMED = {"vertical": "バリエーション", "horizontal": "バリエーション2"}
"""For an axis in use that futureshop gives no name."""


def sku_path(sku: SnapshotSku) -> str:
    """How a SKU is named in messages: `skus[M/NV]`."""
    return f"skus[{sku.vertical_no}/{sku.horizontal_no}]"


def axes_in_use(product: ProductSnapshot) -> dict[str, str]:
    """Axis to cleaned name, vertical first; axes whose numbers are all empty are not in use (VA-3)."""
    used = {}
    for axis in ("vertical", "horizontal"):
        if any(_number(sku, axis) for sku in product.skus):
            name = getattr(product.axes, axis) if product.axes is not None else None
            used[axis] = clean_line(name or "") or _UNNAMED[axis]
    return used


def sales_attributes(sku: SnapshotSku, axes: dict[str, str]) -> list[dict[str, Any]]:
    """TikTok's `sales_attributes` of one SKU; empty for a product without variations."""
    return [{"name": name, "value_name": _choice(sku, axis)} for axis, name in axes.items()]


def variation_problems(product: ProductSnapshot) -> list[tuple[str, str]]:
    """(field, problem) for everything TikTok would refuse (VA-5)."""
    axes = axes_in_use(product)
    found = [(f"axes.{axis}", fault) for axis, name in axes.items() if (fault := _axis_fault(name))]
    if len(set(axes.values())) < len(axes):
        found.append(("axes.horizontal", "both axes have the same name"))
    if not axes and len(product.skus) > 1:
        found.append(("axes", "several SKUs need at least one variation axis"))
    combinations = Counter(_choices(sku, axes) for sku in product.skus)
    for sku in product.skus:
        found += _sku_problems(sku, axes)
        choices = _choices(sku, axes)
        if axes and combinations[choices] > 1:
            words = " / ".join(choices)
            found.append((sku_path(sku), f"another SKU has the same choice names, as TikTok would read them: {words}"))
    return found


def _axis_fault(name: str) -> str | None:
    if len(name) > MAX_AXIS_NAME:
        return f"the axis name {name!r} has {len(name)} characters, TikTok allows {MAX_AXIS_NAME}"
    return None if says_something(name) else f"the axis name {name!r} has no letter or digit"


def _sku_problems(sku: SnapshotSku, axes: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    for axis in axes:
        name = _choice(sku, axis)
        field = f"{sku_path(sku)}.{axis}_name"
        if not name:
            found.append((field, "the SKU has no choice on an axis that other SKUs use"))
        elif len(name) > MAX_CHOICE_NAME:
            found.append((field, f"the choice name has {len(name)} characters, TikTok allows {MAX_CHOICE_NAME}"))
        elif not says_something(name):
            found.append((field, f"the choice name {name!r} has no letter or digit"))
    return found


def _choices(sku: SnapshotSku, axes: dict[str, str]) -> tuple[str, ...]:
    return tuple(_choice(sku, axis) for axis in axes)


def _number(sku: SnapshotSku, axis: str) -> str:
    return sku.vertical_no if axis == "vertical" else sku.horizontal_no


def _choice(sku: SnapshotSku, axis: str) -> str:
    name = sku.vertical_name if axis == "vertical" else sku.horizontal_name
    return clean_line(name) or clean_line(_number(sku, axis))
