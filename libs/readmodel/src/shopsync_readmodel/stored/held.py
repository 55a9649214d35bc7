from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_contracts import ContractError, parse
from shopsync_contracts.events import ProductEdited, ProductsBulkEdited, SyncTargetSet
from shopsync_readmodel.stored.layers import Document
from shopsync_runtime.wording import counted


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that waits for its product or SKU. `what` is one line; `place` is topic/partition@offset."""

    what: str
    event_type: str | None
    event_id: str | None
    time: datetime | None
    held_at: datetime | None
    place: str


def read_held(document: Document, product_no: str) -> HeldMessage | None:
    """A document of `held_messages`; None for a bulk edit that does not name the product."""
    place = f"{document.get('topic')}/{document.get('partition')}@{document.get('offset')}"
    held_at = document.get("held_at")
    try:
        event = parse(document.get("value"))
    except ContractError as error:
        return HeldMessage(f"cannot be read: {error}", None, None, None, held_at, place)
    body = event.data
    if isinstance(body, ProductsBulkEdited) and product_no not in body.product_nos:
        return None
    return HeldMessage(_what(body), body.TYPE, event.id, event.time, held_at, place)


def event_ids_of(document: Document) -> tuple[str, ...]:
    """The id of the event in a document of `held_messages`; none when it cannot be read."""
    try:
        return (parse(document.get("value")).id,)
    except ContractError:
        return ()


def _what(body: Any) -> str:
    if isinstance(body, SyncTargetSet):
        return f"連携対象 {'ON' if body.sync_enabled else 'OFF'}"
    if isinstance(body, ProductsBulkEdited):
        return f"bulk edit of {counted(len(body.product_nos), 'product')}"
    if isinstance(body, ProductEdited):
        return "edit of " + ", ".join(sorted(body.changes.model_fields_set))
    return str(body.TYPE)
