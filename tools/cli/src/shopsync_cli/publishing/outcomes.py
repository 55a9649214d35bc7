"""What became of messages that were published here. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shopsync_cli.kafka.records import Place
from shopsync_contracts import Event, ShopBody, TopicSpec
from shopsync_contracts.events import ProductEdited, SyncTargetSet
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS, Layers, Stamped


class Fate(StrEnum):
    """What became of a message.

    `handled`: every service that reads the topic has accepted it, and it is about no product of the catalogue. `held`:
    kept until its product or SKU exists. `waiting`: no service has read it yet.
    """

    PUBLISHED = "published"
    HANDLED = "handled"
    APPLIED = "applied"
    WAITING = "waiting"
    HELD = "held"
    REFUSED = "refused"

    @property
    def is_good(self) -> bool:
        """Whether nobody has to do anything about the message."""
        return self in {Fate.PUBLISHED, Fate.APPLIED, Fate.HANDLED}

    @property
    def urgency(self) -> int:
        """Orders fates: the highest is the one to look at first."""
        return list(Fate).index(self)


@dataclass(frozen=True, slots=True)
class Sent:
    """One message and its place on Kafka. `event` None: it breaks the contract (`publish --unchecked`)."""

    spec: TopicSpec
    place: Place
    event: Event[ShopBody] | None

    @property
    def subject(self) -> str:
        """`SHOP/NO`, or the shop."""
        return "" if self.event is None else self.event.subject

    @property
    def type(self) -> str:
        """Short name of the type."""
        return "" if self.event is None else self.event.data.TYPE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message, or of a bulk edit for one product (`product_no`).

    `version` and `status` are the product's, read after the message was applied.
    """

    sent: Sent
    fate: Fate
    version: int | None = None
    status: str | None = None
    error_type: str | None = None
    reason: str = ""
    product_no: str | None = None

    @property
    def subject(self) -> str:
        """`SHOP/NO`, or the shop."""
        return self.sent.subject if self.product_no is None else f"{self.sent.subject}/{self.product_no}"

    def of_bulk(self, bulk: Sent, product_no: str) -> "Outcome":
        """The outcome of a bulk edit's part as that of the bulk edit for its product."""
        return replace(self, sent=bulk, product_no=product_no)

    def document(self) -> dict[str, Any]:
        """For JSON."""
        topic, partition, offset = self.sent.place
        return {
            "id": None if self.sent.event is None else self.sent.event.id,
            "type": self.sent.type or None,
            "subject": self.subject or None,
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "fate": self.fate.value,
            "version": self.version,
            "status": self.status,
            "error_type": self.error_type,
            "reason": self.reason or None,
        }


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
