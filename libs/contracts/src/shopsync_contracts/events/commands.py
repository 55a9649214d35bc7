"""Commands from operators, the tool and the schedules."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ProductBody, ShopBody
from shopsync_contracts.events.listing import PushReason
from shopsync_contracts.fields import Body, ProductNo, RequiredId
from shopsync_contracts.limits import MAX_SYNC_PRODUCTS
from shopsync_contracts.times import Time

ImportCommandMode = Literal["changed_only", "overwrite_all", "enumerate"]


class ImportRequested(ShopBody):
    """Read the shop from futureshop. `enumerate` reads only which products exist.

    With `confirm_shrink_of` this import reads everything again and may prove absences although the shop shrank past the
    limit. It must name the shop's newest finished listing.
    """

    TYPE: ClassVar[str] = "import.requested"

    mode: ImportCommandMode
    then_sync: bool = Field(default=False, description="send every ON product once the import is applied")
    confirm_shrink_of: RequiredId | None = Field(
        default=None, description="import_id of the import that held removals back, confirmed by an operator"
    )


class SyncRequested(ShopBody):
    """[同期]: send ON products to TikTok Shop; null means every ON product (RB-1, RB-2)."""

    TYPE: ClassVar[str] = "sync.requested"

    product_nos: Annotated[tuple[ProductNo, ...], Field(max_length=MAX_SYNC_PRODUCTS)] | None = None
    reason: PushReason = "manual"


class SweepRequested(ShopBody):
    """Run the nightly removal of one shop now (DL-1)."""

    TYPE: ClassVar[str] = "sweep.requested"

    dry_run: bool = Field(default=False, description="report what would be deleted, delete nothing")


class EnumerationProof(Body):
    """The enumeration that proves an absence."""

    id: RequiredId
    completed_at: Time


class DeleteRequested(ProductBody):
    """Remove the product from the tool if still OFF and still absent upstream (DL-11). TikTok is not touched (DL-5)."""

    TYPE: ClassVar[str] = "delete.requested"

    sweep_id: RequiredId
    enumeration: EnumerationProof
    not_after: Time | None = Field(
        default=None, description="not executed after this time: the sweep has then reported the product as kept"
    )
