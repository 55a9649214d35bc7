"""What became of imports, syncs, bulk edits and sweeps, for operators and for whoever waits for them."""

from typing import ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ShopBody
from shopsync_contracts.events.commands import ImportCommandMode
from shopsync_contracts.events.listing import PushReason
from shopsync_contracts.events.upstream import Enumeration
from shopsync_contracts.fields import Body, Count, ProductNo, Time

REPORT_PAGE = 500
"""Verdicts in one report message; a longer report comes in several pages."""

SweepVerdict = Literal["deleted", "kept_sync_enabled", "kept_present", "kept_unproven"]


class ImportCounts(Body):
    """Products read, events published, products proven absent, products refused by name."""

    read: Count = 0
    changed: Count = 0
    removed: Count = 0
    refused: Count = 0


class RefusedProduct(Body):
    """A product the import could not take, with the field at fault (IM-8)."""

    product_no: str
    reason: str


class ImportCompleted(ShopBody):
    """An import ended well. `enumeration` is set when it proves absences; `request_id` is the command's event id."""

    TYPE: ClassVar[str] = "import.completed"

    import_id: str
    mode: ImportCommandMode
    request_id: str | None = None
    started_at: Time
    completed_at: Time
    duration_seconds: float = Field(ge=0, strict=False)
    counts: ImportCounts
    enumeration: Enumeration | None = None
    removals_held_back: bool = Field(default=False, description="the shop shrank past the limit; nothing was removed")
    sync_request_id: str | None = Field(
        default=None, description="event id of the sync.requested that followed (then_sync)"
    )
    refused: tuple[RefusedProduct, ...] = Field(default=(), max_length=REPORT_PAGE)


class ImportProgress(ShopBody):
    """How far a running import is. Sent now and then, may be missing, and is no answer: completed or failed follows."""

    TYPE: ClassVar[str] = "import.progress"

    import_id: str
    mode: ImportCommandMode
    request_id: str | None = None
    at: Time
    page: Count = Field(description="pages read")
    read: Count = Field(description="products read")
    expected: Count | None = Field(
        default=None, description="products the shop had before; null: not known, or not all are read"
    )
    changed: Count = 0
    refused: Count = 0


class ImportFailed(ShopBody):
    """An import ended early, or was refused; what was read is applied, no absence is proven (IM-8, DL-9)."""

    TYPE: ClassVar[str] = "import.failed"

    import_id: str | None = None
    mode: ImportCommandMode
    request_id: str | None = None
    started_at: Time
    failed_at: Time
    code: str
    message: str
    counts: ImportCounts = ImportCounts()


class SyncCounts(Body):
    """Products asked for, push commands sent, and those left out by reason."""

    requested: Count = 0
    commanded: Count = 0
    incomplete: Count = 0
    sync_disabled: Count = 0
    not_found: Count = 0


class SyncCompleted(ShopBody):
    """A sync request became push commands, or was refused (`refused_because` says why)."""

    TYPE: ClassVar[str] = "sync.completed"

    sync_id: str
    request_id: str | None = None
    reason: PushReason
    started_at: Time
    completed_at: Time
    duration_seconds: float = Field(ge=0, strict=False)
    counts: SyncCounts = SyncCounts()
    refused_because: str | None = None


class EditVerdict(Body):
    """What a bulk edit did to one product."""

    product_no: ProductNo
    verdict: Literal["accepted", "refused"]
    reason: str = ""


class BulkEditCompleted(ShopBody):
    """A bulk edit (一括入力・変更) was fanned out; one verdict per product, in pages (ED-6)."""

    TYPE: ClassVar[str] = "bulk_edit.completed"

    request_id: str
    completed_at: Time
    page: int = Field(default=1, ge=1)
    pages: int = Field(default=1, ge=1)
    verdicts: tuple[EditVerdict, ...] = Field(default=(), max_length=REPORT_PAGE)


class ProductVerdict(Body):
    """What the sweep did with one product that is gone from futureshop."""

    product_no: ProductNo
    verdict: SweepVerdict


class SweepCounts(Body):
    """Products by verdict, those included whose verdict found no room in the pages."""

    deleted: Count = 0
    kept_sync_enabled: Count = 0
    kept_present: Count = 0
    kept_unproven: Count = 0


class SweepCompleted(ShopBody):
    """A sweep ended; `counts` are of the whole sweep and stand on every page.

    `refused_because` says why when nothing could be proven. In a `dry_run` nothing was deleted: the verdicts say what
    a sweep would have done.
    """

    TYPE: ClassVar[str] = "sweep.completed"

    sweep_id: str
    request_id: str | None = None
    enumeration_id: str | None = None
    started_at: Time
    completed_at: Time
    duration_seconds: float = Field(ge=0, strict=False)
    counts: SweepCounts = SweepCounts()
    page: int = Field(default=1, ge=1)
    pages: int = Field(default=1, ge=1)
    verdicts: tuple[ProductVerdict, ...] = Field(default=(), max_length=REPORT_PAGE)
    left_over: Count = Field(default=0, description="candidates beyond what one sweep takes; the next one takes them")
    refused_because: str | None = None
    dry_run: bool = False
