"""What became of messages that were published here. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from shopsync_cli.kafka.records import Place
from shopsync_contracts import Event, ShopBody, TopicSpec


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
