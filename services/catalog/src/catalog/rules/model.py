"""The layers of one product, and what the catalog stores beside them. Immutable values, no I/O."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct, field

from catalog.rules.stamps import Stamped
from shopsync_contracts.events import (
    FormerListing,
    Reason,
    RemovedUpstream,
    ReviewAfterPush,
    ReviewState,
    SnapshotError,
    TaxDefaults,
)

Members = Mapping[str, Any]
"""Plain values under the names of a contract's model, with lists and aware datetimes, as MongoDB returns them.

Most of a batch is reading, comparing and writing what was validated before. Models would cost several times as much.
"""

Snapshot = dict[str, Any]
"""The members of `ProductSnapshot`, in its order. Never changed in place."""


def with_lists(value: Any) -> Any:
    """The value with lists in place of tuples, at any depth, so that it equals what MongoDB returns."""
    if isinstance(value, dict):
        return {name: with_lists(member) for name, member in value.items()}
    return [with_lists(member) for member in value] if isinstance(value, list | tuple) else value


SkuNo = tuple[str, str]
"""(vertical_no, horizontal_no), the lasting identity of a SKU (VA-2, VA-3)."""


class Removal(Struct, frozen=True):
    """The latest proof of absence: an enumeration that did not see the product."""

    enumeration_id: str
    started_at: datetime
    completed_at: datetime


class Upstream(Struct, frozen=True):
    """futureshop's layer.

    `product` has the members of `UpstreamProduct`. It comes from the last permitted overwrite, which was observed at
    `taken_at`. `observed_at` is the latest observation of all, including those that rule A did not let overwrite
    anything.
    """

    product: Members
    taken_at: datetime
    observed_at: datetime
    removal: Removal | None = None

    @property
    def removed(self) -> Removal | None:
        """The proof of absence, unless the product was seen after the enumeration started."""
        if self.removal is not None and self.removal.started_at > self.observed_at:
            return self.removal
        return None


class SkuStock(Struct, frozen=True):
    """Stock of one SKU. It is kept when the SKU is gone upstream, so that it is never imported twice (ST-1, ST-11).

    `imported` is None where futureshop has no number or does not manage stock. `sent` is the stock in this SKU's first
    push to TikTok, None before (ST-3).
    """

    imported: int | None
    unmanaged: bool
    edit: Stamped[int] | None = None
    sent: int | None = None

    @property
    def quantity(self) -> int | None:
        """The merchant's stock if edited, else the imported one (ST-10)."""
        return self.edit.value if self.edit is not None else self.imported


class PushOutcome(Struct, frozen=True):
    """The result of the last relevant push, and the content version that it was about."""

    content_version: int
    kind: Literal["accepted", "sync_error", "warehouse_missing", "incomplete"]
    error: SnapshotError | None = None
    missing: tuple[str, ...] = ()


class Review(Struct, frozen=True):
    """TikTok's last word on the listing, from the reply to a push (`occurred_at` None) or from a notice."""

    state: ReviewState | ReviewAfterPush
    tiktok_product_id: str
    content_version: int | None
    reasons: tuple[Reason, ...] = ()
    occurred_at: datetime | None = None


class Listing(Struct, frozen=True):
    """TikTok's layer. `result_ids` are the event ids of the last push results, to recognise repeats."""

    tiktok_product_id: str | None = None
    sku_ids: Mapping[SkuNo, str] = field(default_factory=dict)
    outcome: PushOutcome | None = None
    review: Review | None = None
    reviewed_at: datetime | None = None
    pushed_content_version: int | None = None
    pushed_at: datetime | None = None
    live: bool = False
    result_ids: tuple[str, ...] = ()


class Record(Struct, frozen=True):
    """All layers of one product.

    Nothing of a deleted product comes back when its number is registered again (DL-13). `born_after` is when the new
    one was registered in futureshop, at the earliest when the old one was deleted. `first_version` and
    `first_content_version` are higher than any version of the old one.
    """

    shop_key: str
    product_no: str
    upstream: Upstream
    edits: Mapping[str, Stamped[Any]] = field(default_factory=dict)
    tool: Mapping[str, Stamped[Any]] = field(default_factory=dict)
    stock: Mapping[SkuNo, SkuStock] = field(default_factory=dict)
    target: Stamped[bool] | None = None
    listing: Listing = Listing()
    former_listing: FormerListing | None = None
    born_after: datetime | None = None
    first_version: int = 1
    first_content_version: int = 1

    def with_upstream(self, upstream: Upstream, stock: Mapping[SkuNo, SkuStock]) -> "Record":
        """The record with these two layers replaced, as imports do. `replace` takes twice as long."""
        return Record(
            self.shop_key,
            self.product_no,
            upstream,
            self.edits,
            self.tool,
            stock,
            self.target,
            self.listing,
            self.former_listing,
            self.born_after,
            self.first_version,
            self.first_content_version,
        )

    @property
    def sync_enabled(self) -> bool:
        """連携対象; OFF until somebody sets it (TG-4)."""
        return self.target is not None and self.target.value

    @property
    def removed_upstream(self) -> RemovedUpstream | None:
        """The proof of absence in the form of the snapshot."""
        removal = self.upstream.removed
        return (
            None if removal is None else RemovedUpstream(enumeration_id=removal.enumeration_id, at=removal.completed_at)
        )


class Tombstone(Struct, frozen=True):
    """What is kept of a deleted product, to refuse late events and to warn when its number comes back."""

    shop_key: str
    product_no: str
    deleted_at: datetime
    sweep_id: str
    removal: Removal
    version: int
    content_version: int
    tiktok_product_id: str | None
    sku_ids: Mapping[SkuNo, str]


class AppliedOffset(Struct, frozen=True):
    """Offset and timestamp of the newest message of one partition that is in the state."""

    offset: int
    timestamp: datetime


Partition = tuple[str, int]


class State(Struct, frozen=True):
    """One product as stored: present (`record` and `snapshot`), deleted (`tombstone`) or never seen (neither)."""

    record: Record | None = None
    snapshot: Snapshot | None = None
    tombstone: Tombstone | None = None
    applied: Mapping[Partition, AppliedOffset] = field(default_factory=dict)


class Rules(Struct, frozen=True):
    """Settings that a fold depends on."""

    tax: TaxDefaults = field(default_factory=TaxDefaults)
    compare_sale_form: bool = True
    proof_age: timedelta = timedelta(hours=2)
