"""一括入力・変更: splits one message for many products into one message per product (ED-2, ED-6)."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from catalog.rules.model import SkuNo
from shopsync_contracts import Event, bulk_edit_part_id
from shopsync_contracts.derived import catalog_id
from shopsync_contracts.events import (
    REPORT_PAGE,
    BulkEditCompleted,
    EditVerdict,
    ProductEdited,
    ProductsBulkEdited,
    SyncTargetSet,
)


@dataclass(frozen=True, slots=True)
class FanOut:
    """The messages to publish, each with its event id, and the verdict for each product."""

    edits: Sequence[tuple[str, ProductEdited | SyncTargetSet]]
    verdicts: Sequence[EditVerdict]

    @property
    def unknown(self) -> bool:
        """Whether a product is refused that may still appear."""
        return any(verdict.verdict == "refused" for verdict in self.verdicts)


def fan_out(event: Event[ProductsBulkEdited], known: Mapping[str, AbstractSet[SkuNo]]) -> FanOut:
    """Split a bulk edit. `known` maps existing products to all SKUs they ever had. Repeated numbers count once."""
    body = event.data
    edits: list[tuple[str, ProductEdited | SyncTargetSet]] = []
    verdicts = []
    for product_no in dict.fromkeys(body.product_nos):
        reason = _reason_to_refuse(body, product_no, known)
        verdicts.append(EditVerdict(product_no=product_no, verdict="refused" if reason else "accepted", reason=reason))
        if not reason:
            edits += _edits(event, product_no)
    return FanOut(edits, verdicts)


def _reason_to_refuse(body: ProductsBulkEdited, product_no: str, known: Mapping[str, AbstractSet[SkuNo]]) -> str:
    if product_no not in known:
        return f"product {body.shop_key}/{product_no} is not in the catalogue"
    skus = known[product_no]
    absent = [sku for edit in body.changes.stock if (sku := (edit.vertical_no, edit.horizontal_no)) not in skus]
    if absent:
        return f"stock: the product has no SKU {', '.join(f'({v!r}, {h!r})' for v, h in absent)}"
    return ""


def _edits(event: Event[ProductsBulkEdited], product_no: str) -> Iterator[tuple[str, ProductEdited | SyncTargetSet]]:
    body = event.data
    if body.changes.model_fields_set:
        edited = ProductEdited(
            shop_key=body.shop_key, product_no=product_no, edited_at=body.edited_at, changes=body.changes
        )
        yield bulk_edit_part_id(event.id, product_no, ProductEdited), edited
    if body.sync_enabled is not None:
        target = SyncTargetSet(shop_key=body.shop_key, product_no=product_no, sync_enabled=body.sync_enabled)
        yield bulk_edit_part_id(event.id, product_no, SyncTargetSet), target


def reports(
    event: Event[ProductsBulkEdited], verdicts: Sequence[EditVerdict], now: datetime
) -> Iterator[tuple[str, BulkEditCompleted]]:
    """The pages of the report, each with its event id."""
    pages = [verdicts[start : start + REPORT_PAGE] for start in range(0, len(verdicts), REPORT_PAGE)]
    for number, page in enumerate(pages, 1):
        report = BulkEditCompleted(
            shop_key=event.data.shop_key,
            request_id=event.id,
            completed_at=now,
            page=number,
            pages=len(pages),
            verdicts=tuple(page),
        )
        yield catalog_id(event.id, report.TYPE, number), report
