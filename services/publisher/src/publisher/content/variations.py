"""The two axes (縦軸, 横軸) as TikTok's sales attributes. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from publisher.content.text import MAX_AXIS_NAME, MAX_CHOICE_NAME, MAX_RUN, cleaned_line, long_run, says_something
from publisher.model import SkuKey
from shopsync_contracts.events import ProductSnapshot, SnapshotSku

_UNNAMED = {"vertical": "バリエーション", "horizontal": "バリエーション2"}
"""Names of axes in use for which futureshop has none."""

Choices = Mapping[SkuKey, Mapping[str, str]]
"""Choice names as they are sent: of each SKU, by axis."""


def sku_path(sku: SnapshotSku) -> str:
    """The path of a SKU in messages: `skus[M/NV]`."""
    return f"skus[{sku.vertical_no}/{sku.horizontal_no}]"


def axes_in_use(product: ProductSnapshot) -> dict[str, str]:
    """Cleaned names by axis, vertical first. An axis whose numbers are all empty is not in use (VA-3)."""
    used = {}
    for axis in ("vertical", "horizontal"):
        if any(_number(sku, axis) for sku in product.skus):
            used[axis] = cleaned_line(_axis_name(product, axis)).text or _UNNAMED[axis]
    return used


def choices_of(product: ProductSnapshot) -> Choices:
    """The choice names of all SKUs. Names that cleaning makes equal get their numbers: `赤 01`, `赤 02`."""
    found: dict[SkuKey, dict[str, str]] = {(sku.vertical_no, sku.horizontal_no): {} for sku in product.skus}
    for axis in axes_in_use(product):
        names = [(sku, _choice(sku, axis)) for sku in product.skus]
        originals: defaultdict[str, set[str]] = defaultdict(set)
        for sku, name in names:
            originals[name].add(" ".join(_name(sku, axis).split()))
        for sku, name in names:
            is_unlike = len(originals[name]) > 1 and bool(name)
            number = cleaned_line(_number(sku, axis), name_symbols=True).text
            found[sku.vertical_no, sku.horizontal_no][axis] = f"{name} {number}" if is_unlike else name
    return found


def sales_attributes(sku: SnapshotSku, axes: Mapping[str, str], choices: Choices) -> list[dict[str, Any]]:
    """TikTok's `sales_attributes` of one SKU; empty for a product without variations."""
    own = choices[sku.vertical_no, sku.horizontal_no]
    return [{"name": name, "value_name": own[axis]} for axis, name in axes.items()]


def variation_problems(product: ProductSnapshot) -> list[tuple[str, str]]:
    """(field, problem) for everything TikTok would refuse (VA-5)."""
    axes, choices = axes_in_use(product), choices_of(product)
    found = [(f"axes.{axis}", fault) for axis, name in axes.items() if (fault := _axis_fault(name))]
    if len(set(axes.values())) < len(axes):
        found.append(("axes.horizontal", "both axes have the same name"))
    if not axes and len(product.skus) > 1:
        found.append(("axes", "several SKUs need at least one variation axis"))
    combinations = Counter(tuple(own.values()) for own in choices.values())
    for sku in product.skus:
        own = choices[sku.vertical_no, sku.horizontal_no]
        for axis, name in own.items():
            fault = _choice_fault(name)
            if fault is not None:
                found.append((f"{sku_path(sku)}.{axis}_name", fault))
        if axes and combinations[tuple(own.values())] > 1:
            words = " / ".join(own.values())
            found.append((sku_path(sku), f"another SKU has the same choice names, as TikTok would read them: {words}"))
    return found


def variation_notes(product: ProductSnapshot) -> list[str]:
    """What is left out of the names or changed, once per choice."""
    axes, choices = axes_in_use(product), choices_of(product)
    notes = [f"axes.{axis}: {note}" for axis in axes for note in cleaned_line(_axis_name(product, axis)).notes]
    told = set()
    for sku in product.skus:
        for axis in axes:
            original, number = _name(sku, axis), _number(sku, axis)
            if (axis, number, original) in told:
                continue
            told.add((axis, number, original))
            notes += [f"{sku_path(sku)}.{axis}_name: {note}" for note in _choice_notes(sku, axis, choices)]
    return notes


def _choice_notes(sku: SnapshotSku, axis: str, choices: Choices) -> list[str]:
    cleaned = cleaned_line(_name(sku, axis), name_symbols=True)
    notes = list(cleaned.notes)
    sent = choices[sku.vertical_no, sku.horizontal_no][axis]
    if not cleaned.text and _name(sku, axis).strip():
        notes.append(f"nothing of it could be sent, its number stands in its place: {sent}")
    elif cleaned.text and sent != cleaned.text:
        notes.append(f"another choice would read the same, so its number is added: {sent}")
    return notes


def _axis_fault(name: str) -> str | None:
    if len(name) > MAX_AXIS_NAME:
        return f"the axis name {name!r} has {len(name)} characters, TikTok allows {MAX_AXIS_NAME}"
    if not says_something(name):
        return f"the axis name {name!r} has no letter or digit"
    return _run_fault(name)


def _choice_fault(name: str) -> str | None:
    if not name:
        return "the SKU has no choice on an axis that other SKUs use"
    if len(name) > MAX_CHOICE_NAME:
        return f"the choice name has {len(name)} characters, TikTok allows {MAX_CHOICE_NAME}"
    if not says_something(name):
        return f"the choice name {name!r} has no letter or digit"
    return _run_fault(name)


def _run_fault(name: str) -> str | None:
    run = long_run(name)
    return run_problem(run) if run is not None else None


def run_problem(letter: str) -> str:
    """The problem of a letter or digit that `long_run` found."""
    return f"{letter!r} stands more than {MAX_RUN} times in a row, which TikTok refuses: write it in another way"


def _axis_name(product: ProductSnapshot, axis: str) -> str:
    name = getattr(product.axes, axis) if product.axes is not None else None
    return name or ""


def _number(sku: SnapshotSku, axis: str) -> str:
    return sku.vertical_no if axis == "vertical" else sku.horizontal_no


def _name(sku: SnapshotSku, axis: str) -> str:
    return sku.vertical_name if axis == "vertical" else sku.horizontal_name


def _choice(sku: SnapshotSku, axis: str) -> str:
    name = cleaned_line(_name(sku, axis), name_symbols=True).text
    return name or cleaned_line(_number(sku, axis), name_symbols=True).text
