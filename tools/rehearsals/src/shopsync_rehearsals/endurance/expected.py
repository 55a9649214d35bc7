"""What the rules make of the messages in the log: the month's model, fed with events instead of a futureshop."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shopsync_contracts import Event
from shopsync_contracts.events import ProductChanged, ProductEdited, SyncTargetSet, UpstreamProduct
from shopsync_rehearsals.month.model.observation import Observation, ObservedSku
from shopsync_rehearsals.month.model.record import Record


def fold(events: Iterable[Event[Any]]) -> dict[str, Record]:
    """The products by subject, after every event once, in the order of the stamps. Repeats have the same id."""
    records: dict[str, Record] = {}
    for event in sorted({event.id: event for event in events}.values(), key=_stamp):
        body = event.data
        if isinstance(body, ProductChanged):
            observed = _observed(body.product)
            if event.subject in records:
                records[event.subject].observe(observed, overwrite_all=body.mode == "overwrite_all")
            else:
                records[event.subject] = Record.new(observed, former=False)
        elif isinstance(body, ProductEdited):
            _edit(records[event.subject], body)
        elif isinstance(body, SyncTargetSet):
            records[event.subject].on = body.sync_enabled
        else:
            raise TypeError(f"the load has no {event.type}")
    return records


def _stamp(event: Event[Any]) -> datetime:
    """A product's stamps differ by a minute, whichever of them is taken."""
    return event.data.edited_at if isinstance(event.data, ProductEdited) else event.time


def _edit(record: Record, body: ProductEdited) -> None:
    changes = body.changes.model_dump(mode="json")
    stock = changes.pop("stock", ())
    record.edit(changes)
    for one in stock:
        record.set_stock((one["vertical_no"], one["horizontal_no"]), one["quantity"])


def _observed(product: UpstreamProduct) -> Observation:
    """A regular product whose prices hold the tax, as all of the load are."""
    return Observation(
        updated_at=product.updated_at,
        preorder=False,
        name=product.name,
        description=product.description,
        images=product.images,
        price=product.regular_price,
        skus={
            (sku.vertical_no, sku.horizontal_no): ObservedSku(
                sku.price, sku.stock, (sku.vertical_name, sku.horizontal_name)
            )
            for sku in product.skus
        },
    )
