"""Results of imports, syncs, bulk edits and sweeps, for operators and for programs that wait for them."""

from typing import ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.events.commands import ImportCommandMode
from shopsync_contracts.events.listing import PushReason
from shopsync_contracts.events.upstream import Enumeration
from shopsync_contracts.fields import (
    Body,
    Count,
    FieldName,
    Id,
    LongText,
    PositiveCount,
    ProductNo,
    Seconds,
    ShortText,
)
from shopsync_contracts.limits import REPORT_PAGE
from shopsync_contracts.times import Time

SweepVerdict = Literal["deleted", "kept_sync_enabled", "kept_present", "kept_unproven"]


class ImportCounts(Body):
    """Products read, events published, products proven absent, products refused by name."""

    read: Count = 0
    changed: Count = 0
    removed: Count = 0
    refused: Count = 0


class RefusedProduct(Body):
    """A product that the import refused; `reason` names the invalid field (IM-8)."""

    product_no: FieldName
    reason: ShortText


class ImportCompleted(ShopBody):
    """An import succeeded. `enumeration` is set when it proves absences; `request_id` is the command's event id."""

    TYPE: ClassVar[str] = "import.completed"

    import_id: Id
    mode: ImportCommandMode
    request_id: Id | None = None
    started_at: Time
    completed_at: Time
    duration_seconds: Seconds
    counts: ImportCounts
    enumeration: Enumeration | None = None
    removals_held_back: bool = Field(default=False, description="the shop shrank past the limit; nothing was removed")
    sync_request_id: Id | None = Field(
        default=None, description="event id of the sync.requested that followed (then_sync)"
    )
    refused: tuple[RefusedProduct, ...] = Field(default=(), max_length=REPORT_PAGE)


class ImportProgress(ShopBody):
    """Progress of a running import, sent from time to time. It may be missing; completed or failed always follows."""

    TYPE: ClassVar[str] = "import.progress"

    import_id: Id
    mode: ImportCommandMode
    request_id: Id | None = None
    at: Time
    page: Count = Field(description="pages read")
    read: Count = Field(description="products read")
    expected: Count | None = Field(
        default=None, description="products that the shop had before; null: not known, or not all are read"
    )
    changed: Count = 0
    refused: Count = 0


class ImportFailed(ShopBody):
    """An import ended early or was refused. What it read is applied; it proves no absence (IM-8, DL-9)."""

    TYPE: ClassVar[str] = "import.failed"

    import_id: Id | None = None
    mode: ImportCommandMode
    request_id: Id | None = None
    started_at: Time
    failed_at: Time
    code: FieldName
    message: LongText
    counts: ImportCounts = ImportCounts()


class SyncCounts(Body):
    """Products requested, push commands sent, and products left out, by reason."""

    requested: Count = 0
    commanded: Count = 0
    incomplete: Count = 0
    sync_disabled: Count = 0
    not_found: Count = 0


class SyncCompleted(ShopBody):
    """A sync request became push commands, or was refused; `refused_because` says why."""

    TYPE: ClassVar[str] = "sync.completed"

    sync_id: Id
    request_id: Id | None = None
    reason: PushReason
    started_at: Time
    completed_at: Time
    duration_seconds: Seconds
    counts: SyncCounts = SyncCounts()
    refused_because: LongText | None = None


class EditVerdict(Body):
    """What a bulk edit did to one product."""

    product_no: ProductNo
    verdict: Literal["accepted", "refused"]
    reason: ShortText = ""


class BulkEditCompleted(ShopBody):
    """A bulk edit (一括入力・変更) was split into edits. One verdict per product, in pages (ED-6)."""

    TYPE: ClassVar[str] = "bulk_edit.completed"

    request_id: Id
    completed_at: Time
    page: PositiveCount = 1
    pages: PositiveCount = 1
    verdicts: tuple[EditVerdict, ...] = Field(default=(), max_length=REPORT_PAGE)


class ProductVerdict(Body):
    """What the sweep did with one product that is gone from futureshop."""

    product_no: ProductNo
    verdict: SweepVerdict


class SweepCounts(Body):
    """Products by verdict, including those that did not fit on the pages."""

    deleted: Count = 0
    kept_sync_enabled: Count = 0
    kept_present: Count = 0
    kept_unproven: Count = 0


class SweepCompleted(ShopBody):
    """A sweep ended. Every page repeats the `counts` of the whole sweep.

    When nothing could be proven, `refused_because` says why. In a `dry_run` nothing was deleted: the verdicts say what
    a sweep would have done.
    """

    TYPE: ClassVar[str] = "sweep.completed"

    sweep_id: Id
    request_id: Id | None = None
    enumeration_id: Id | None = None
    started_at: Time
    completed_at: Time
    duration_seconds: Seconds
    counts: SweepCounts = SweepCounts()
    page: PositiveCount = 1
    pages: PositiveCount = 1
    verdicts: tuple[ProductVerdict, ...] = Field(default=(), max_length=REPORT_PAGE)
    left_over: Count = Field(default=0, description="candidates beyond what one sweep takes; the next one takes them")
    refused_because: LongText | None = None
    dry_run: bool = False
