"""What operators, the tool and the clocks ask the services to do."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shopsync_contracts.envelope import ProductBody, ShopBody
from shopsync_contracts.events.listing import PushReason
from shopsync_contracts.fields import Body, GivenId, ProductNo
from shopsync_contracts.limits import MAX_SYNC_PRODUCTS
from shopsync_contracts.times import Time

ImportCommandMode = Literal["changed_only", "overwrite_all", "enumerate"]


class ImportRequested(ShopBody):
    """Read the shop from futureshop. `enumerate` reads only which products exist.

    `confirm_shrink_of` lets this import, which reads everything again, prove absences although the shop shrank past
    the limit; it holds only for the newest finished listing of the shop.
    """

    TYPE: ClassVar[str] = "import.requested"

    mode: ImportCommandMode
    then_sync: bool = Field(default=False, description="send every ON product once the import is applied")
    confirm_shrink_of: GivenId | None = Field(
        default=None, description="import_id of the import that held removals back, confirmed by an operator"
    )


class SyncRequested(ShopBody):
    """[同期]: send ON products to TikTok Shop; null means every ON product (RB-1, RB-2)."""

    TYPE: ClassVar[str] = "sync.requested"

    product_nos: Annotated[tuple[ProductNo, ...], Field(max_length=MAX_SYNC_PRODUCTS)] | None = None
    reason: PushReason = "manual"


class SweepRequested(ShopBody):
    """Run the nightly removal for one shop now (DL-1)."""

    TYPE: ClassVar[str] = "sweep.requested"

    dry_run: bool = Field(default=False, description="report what would be deleted, delete nothing")


class EnumerationProof(Body):
    """The enumeration that proves an absence."""

    id: GivenId
    completed_at: Time


class DeleteRequested(ProductBody):
    """Remove the product from the tool if still OFF and still absent upstream (DL-11). TikTok is untouched (DL-5)."""

    TYPE: ClassVar[str] = "delete.requested"

    sweep_id: GivenId
    enumeration: EnumerationProof
    not_after: Time | None = Field(
        default=None, description="not executed later than this: the sweep will have reported the product as kept"
    )
