"""The layers of one product, and what the catalogue remembers beside them. Immutable values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from catalog.rules.stamps import Stamped
from shopsync_contracts.events import (
    FormerListing,
    ProductSnapshot,
    Reason,
    RemovedUpstream,
    ReviewAfterPush,
    ReviewState,
    SnapshotError,
    TaxDefaults,
    UpstreamProduct,
)

SkuNo = tuple[str, str]
"""(vertical_no, horizontal_no), what names a SKU for good (VA-2, VA-3)."""


@dataclass(frozen=True, slots=True)
class Removal:
    """The latest proof of absence: an enumeration that did not see the product."""

    enumeration_id: str
    started_at: datetime
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class Upstream:
    """futureshop's layer.

    `product` is what the last permitted overwrite brought, `taken_at` when that was observed; `observed_at` is the
    latest observation of all, also of those that rule A let overwrite nothing.
    """

    product: UpstreamProduct
    taken_at: datetime
    observed_at: datetime
    removal: Removal | None = None

    @property
    def removed(self) -> Removal | None:
        """The proof of absence while no observation is as new as the enumeration's start."""
        if self.removal is not None and self.removal.started_at > self.observed_at:
            return self.removal
        return None


@dataclass(frozen=True, slots=True)
class SkuStock:
    """Stock of one SKU, kept also while the SKU is gone upstream: "first" never comes twice (ST-1, ST-11).

    `imported` is None where futureshop gave no number or does not manage stock. `sent` is the number that went to
    TikTok with this SKU's first push, None before (ST-3).
    """

    imported: int | None
    unmanaged: bool
    edit: Stamped[int] | None = None
    sent: int | None = None

    @property
    def quantity(self) -> int | None:
        """The tool's number: the merchant's when given, else the imported one (ST-10)."""
        return self.edit.value if self.edit is not None else self.imported


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """The result of the push that counts last, and the content it was about."""

    content_version: int
    kind: Literal["accepted", "sync_error", "warehouse_missing", "incomplete"]
    error: SnapshotError | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What TikTok last said of the listing: with the push's reply (`occurred_at` None), or by its own notice."""

    state: ReviewState | ReviewAfterPush
    tiktok_product_id: str
    content_version: int | None
    reasons: tuple[Reason, ...] = ()
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """TikTok's layer. `result_ids` are the last push results' event ids: a repeated one is no new result."""

    tiktok_product_id: str | None = None
    sku_ids: Mapping[SkuNo, str] = field(default_factory=dict)
    outcome: PushOutcome | None = None
    review: Review | None = None
    reviewed_at: datetime | None = None
    pushed_content_version: int | None = None
    pushed_at: datetime | None = None
    live: bool = False
    result_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """All layers of one product.

    Of a former life, one that ended with a tombstone, nothing comes back (DL-13): `born_after` is when this one was
    registered in futureshop, no earlier than the other ended, and `first_version` and `first_content_version` are above
    any that one had.
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

    @property
    def sync_enabled(self) -> bool:
        """連携対象; OFF until somebody sets it (TG-4)."""
        return self.target is not None and self.target.value

    @property
    def removed_upstream(self) -> RemovedUpstream | None:
        """As the snapshot shows it."""
        removal = self.upstream.removed
        return (
            None if removal is None else RemovedUpstream(enumeration_id=removal.enumeration_id, at=removal.completed_at)
        )


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of a deleted product: enough to refuse late events and to warn when the number comes back."""

    shop_key: str
    product_no: str
    deleted_at: datetime
    sweep_id: str
    removal: Removal
    version: int
    content_version: int
    tiktok_product_id: str | None
    sku_ids: Mapping[SkuNo, str]


@dataclass(frozen=True, slots=True)
class AppliedOffset:
    """The newest message of one source partition that is in the state."""

    offset: int
    timestamp: datetime


Partition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class State:
    """One product as stored: alive (`record` and its `snapshot`), deleted (`tombstone`), or never seen (neither)."""

    record: Record | None = None
    snapshot: ProductSnapshot | None = None
    tombstone: Tombstone | None = None
    applied: Mapping[Partition, AppliedOffset] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a fold depends on beside state and message."""

    tax: TaxDefaults = field(default_factory=TaxDefaults)
    compare_sale_form: bool = True
    proof_age: timedelta = timedelta(hours=2)
