"""Which edits a product's layers carry, and which of them something newer has replaced. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shopsync_contracts import Event, ShopBody
from shopsync_contracts.events import EditChanges, ProductEdited, SyncTargetSet
from shopsync_contracts.ownership import DIMENSIONS, SIDES, side_field
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, Layers, SkuNo, Stamped


@dataclass(frozen=True, slots=True)
class EditMarks:
    """Where an edit leaves its time in the layers: fields, each side of the package apart, SKUs, and 連携対象.

    `given`: futureshop's fields that it gives a value; one that withdraws an edit has nothing that could stand.
    """

    fields: tuple[str, ...] = ()
    skus: tuple[SkuNo, ...] = ()
    target: bool = False
    given: tuple[str, ...] = ()

    @classmethod
    def of(cls, changes: EditChanges, *, target: bool = False) -> "EditMarks":
        """Those of an edit with these changes."""
        sent = changes.model_fields_set
        fields = sorted(sent - {"stock", DIMENSIONS})
        if DIMENSIONS in sent:
            size = changes.package_dimensions_cm
            fields += [side_field(side) for side in SIDES if size is None or side in size.model_fields_set]
        given = tuple(name for name in fields if name in UPSTREAM_FIELDS and getattr(changes, name) is not None)
        skus = tuple((entry.vertical_no, entry.horizontal_no) for entry in changes.stock)
        return cls(tuple(fields), skus, target, given)

    def stamps(self, layers: Layers) -> Iterator[datetime | None]:
        """The times that the layers carry in these places."""
        for name in self.fields:
            yield _at(layers.edits.get(name) if name in UPSTREAM_FIELDS else layers.tool.get(name))
        for number in self.skus:
            stock = layers.stock.get(number)
            yield _at(None if stock is None else stock.edit)
        if self.target:
            yield _at(layers.target)

    def oldest(self, layers: Layers) -> datetime | None:
        """The oldest of these times; None when one place carries none yet.

        At the edit's own time it is applied; a later one means that all of it was replaced by later edits.
        """
        found: list[datetime] = []
        for stamp in self.stamps(layers):
            if stamp is None:
                return None
            found.append(stamp)
        return min(found, default=None)


def overtaken(event: Event[ShopBody], layers: Layers, standing: frozenset[str]) -> str:
    """Which parts of an applied edit are not in force because something newer is; empty when all are.

    `standing` are the edits of futureshop's fields that are in force (`edited_fields` of the snapshot).
    """
    body = event.data
    if isinstance(body, ProductEdited):
        return "; ".join(_overtaken(body, layers, standing))
    if isinstance(body, SyncTargetSet) and _is_newer(layers.target, event.time):
        switch = "ON" if layers.target is not None and layers.target.value else "OFF"
        return f"連携対象 was set to {switch} later: that stands"
    return ""


def _overtaken(body: ProductEdited, layers: Layers, standing: frozenset[str]) -> Iterator[str]:
    for name in sorted(body.changes.model_fields_set - {"stock", "package_dimensions_cm"}):
        is_upstream = name in UPSTREAM_FIELDS
        known = layers.edits.get(name) if is_upstream else layers.tool.get(name)
        if _is_newer(known, body.edited_at):
            yield f"{name}: a later edit stands"
        elif is_upstream and getattr(body.changes, name) is not None and name not in standing:
            yield f"{name}: futureshop's value of a later import stands"
    sides = body.changes.package_dimensions_cm
    for side in sorted(() if sides is None else sides.model_fields_set):
        if _is_newer(layers.tool.get(f"package_dimensions_cm.{side}"), body.edited_at):
            yield f"package_dimensions_cm.{side}: a later edit stands"
    for entry in body.changes.stock:
        stock = layers.stock.get((entry.vertical_no, entry.horizontal_no))
        if stock is not None and _is_newer(stock.edit, body.edited_at):
            yield f"stock of {entry.vertical_no}:{entry.horizontal_no}: a later edit stands"


def _is_newer(known: Stamped | None, moment: datetime) -> bool:
    """Stored times have milliseconds."""
    return known is not None and known.at is not None and known.at > moment


def _at(stamp: Stamped | None) -> datetime | None:
    return None if stamp is None else stamp.at
