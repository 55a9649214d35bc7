"""What the console itself knows: who is logged in, and what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shopsync_readmodel.stored.effects import EditMarks

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in. Everything that is read or sent is of `shop_key`; no request can name another one (AU-3).

    `token` is the value of the cookie; the database has its digest alone. Times are UTC.
    """

    token: str
    shop_key: str
    email: str
    began_at: datetime
    expires_at: datetime


ActionKind = Literal["edit", "switch", "bulk_edit", "import", "sync", "settings"]
ActionState = Literal["sent", "applying", "waiting", "unknown", "done", "refused"]
OPEN_STATES: tuple[ActionState, ...] = ("sent", "applying", "waiting")


@dataclass(frozen=True, slots=True)
class Action:
    """What the merchant asked for, and what became of it.

    `product_nos` None: all products. With `more` only the first of them are kept, and `chosen` is the list's filter
    that took them, where it was one. `code` names the text for `reason`, which is what a service said; `until`: when a
    wait ends. `progress`: counts, by names of the texts that show them. `failures`: of a sync, by the 状態 in which
    products ended that could not be sent, the first of their numbers.

    `is_confirmed`: Kafka has acknowledged all its events, as far as is stored. One that stays without that is
    `unknown`: the process ended or Kafka did not answer, and its events may be there all the same.
    """

    id: str
    shop_key: str
    kind: ActionKind
    product_nos: tuple[str, ...] | None
    count: int | None
    sent_at: datetime
    state: ActionState
    code: str | None = None
    reason: str | None = None
    until: datetime | None = None
    progress: Mapping[str, int] | None = None
    event_ids: tuple[str, ...] = ()
    marks: EditMarks | None = None
    mode: str | None = None
    refused: tuple[tuple[str, str], ...] = ()
    chosen: Mapping[str, str] | None = None
    is_confirmed: bool = True
    failures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether its end is not known yet."""
        return self.state in OPEN_STATES

    @property
    def more(self) -> bool:
        """Whether it is about more products than are kept."""
        return self.product_nos is not None and self.count is not None and self.count > len(self.product_nos)

    def is_about(self, product_no: str) -> bool:
        """Whether it changes this product, as far as is known: imports and syncs of all products name none."""
        return self.product_nos is not None and product_no in self.product_nos

    @property
    def refused_count(self) -> int:
        """How many products were refused; `refused` names the first of them."""
        return (self.progress or {}).get("refused", len(self.refused))

    @property
    def counts(self) -> list[tuple[str, int]]:
        """The counts to be shown: those that are not zero, in order; `total` is no count of its own."""
        return [(name, n) for name, n in (self.progress or {}).items() if n and name != "total"]

    @property
    def share(self) -> int | None:
        """How much of it is done, in percent; None when that is not known."""
        progress = self.progress or {}
        total = progress.get("total")
        if not total:
            return None
        done = sum(progress.get(name, 0) for name in _ENDED[self.kind])
        return min(100, done * 100 // total)


_ENDED: Mapping[ActionKind, tuple[str, ...]] = {
    "edit": (),
    "switch": (),
    "settings": (),
    "bulk_edit": ("applied", "refused"),
    "import": ("read",),
    "sync": ("sent", "unchanged", "failed", "became_incomplete", "no_warehouse", "skipped"),
}
COUNT_OF_FAILED: Mapping[str, str] = {
    "incomplete": "became_incomplete",
    "warehouse_missing": "no_warehouse",
    "sync_error": "failed",
}
"""The 状態 in which a product may end that could not be sent, and the name of its count."""


@dataclass(frozen=True, slots=True)
class SyncNote:
    """A sync of the shop, by hand or by its timing. `counts`: by names of SyncCounts."""

    id: str
    request_id: str | None
    reason: str
    at: datetime
    counts: Mapping[str, int]
    refused_because: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event of the shop that a service refused. `kind`: its type; `product_no` None: of the whole shop."""

    id: str
    kind: str
    product_no: str | None
    at: datetime
    reason: str
