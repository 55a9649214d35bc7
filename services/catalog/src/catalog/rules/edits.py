"""The tool's layer: edits per field, and 連携対象 (ED-1 to ED-7, TG-1 to TG-7)."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from catalog.rules.model import Record
from catalog.rules.stamps import Stamped, last_writer
from catalog.rules.stock import edit_stock
from shopsync_contracts.events import EditChanges, ProductEdited
from shopsync_contracts.ownership import DIMENSIONS, OWNERS, SIDES, Owner, side_field
from shopsync_contracts.times import to_the_millisecond


def edit(record: Record, edited: ProductEdited) -> Record:
    """Apply a merge patch; the last writer of each field by `edited_at` wins. Raises UnknownSku."""
    at = to_the_millisecond(edited.edited_at)
    sent = edited.changes.model_fields_set
    upstream_owned = {name for name in sent if OWNERS[name] is Owner.UPSTREAM}
    edits = dict(record.edits)
    for name, value in _plain(edited.changes, upstream_owned).items():
        edits[name] = last_writer(edits.get(name), value, at)
    tool = dict(record.tool)
    for name, value in _tool_values(edited.changes).items():
        tool[name] = last_writer(tool.get(name), value, at)
    stock = edit_stock(record.stock, edited.changes.stock, at) if "stock" in sent else record.stock
    return replace(record, edits=edits, tool=tool, stock=stock)


def _tool_values(changes: EditChanges) -> dict[str, Any]:
    """The tool-only fields in the patch. The package size becomes one field per side."""
    sent = changes.model_fields_set
    values = _plain(changes, {name for name in sent if OWNERS[name] is Owner.TOOL and name != DIMENSIONS})
    if DIMENSIONS in sent:
        size = changes.package_dimensions_cm
        sides = SIDES if size is None else [side for side in SIDES if side in size.model_fields_set]
        values |= {side_field(side): None if size is None else getattr(size, side) for side in sides}
    return values


def _plain(changes: EditChanges, names: set[str]) -> dict[str, Any]:
    """Values as MongoDB returns them, lists and dicts, so that stored and new ones compare equal."""
    values: dict[str, Any] = changes.model_dump(mode="json") if names else {}
    return {name: values[name] for name in names}


def set_target(record: Record, sync_enabled: bool, time: datetime) -> Record:
    """Switch 連携対象 ON or OFF; the last writer by the envelope's `time` wins."""
    return replace(record, target=last_writer(record.target, sync_enabled, to_the_millisecond(time)))


def effective_edits(record: Record) -> dict[str, Any]:
    """Effective edits of upstream-owned fields: not older than the last overwrite and not withdrawn (LY-2)."""
    return {
        name: edit.value
        for name, edit in record.edits.items()
        if edit.value is not None and edit.at >= record.upstream.taken_at
    }


def overwritten_edits(record: Record, before: Record | None) -> list[str]:
    """Upstream-owned fields whose edit lost effect since `before`: overwritten, or too late to take effect at all."""
    if not record.edits:
        return []
    return [
        name
        for name in OWNERS
        if (edit := record.edits.get(name)) is not None
        and _is_overwritten(edit, record)
        and not (before is not None and before.edits.get(name) == edit and _is_overwritten(edit, before))
    ]


def _is_overwritten(edit: Stamped[Any], record: Record) -> bool:
    return edit.value is not None and edit.at < record.upstream.taken_at
