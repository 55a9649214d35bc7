"""Reports as rows of a table, and where to look after a sync. Pure."""

import shlex
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from shopsync_contracts import ShopBody
from shopsync_contracts.events import SyncCompleted
from shopsync_readmodel.statuses import StatusName
from shopsync_runtime.wording import counted

_FAILED = (StatusName.SYNC_ERROR, StatusName.WAREHOUSE_MISSING, StatusName.REJECTED)
_LISTS = frozenset({"verdicts", "refused", "page", "pages"})


def report_rows(report: ShopBody) -> Iterator[tuple[str, Any]]:
    """Name and value of each member, counts one by one; lists are left to `verdict_rows`."""
    yield from _rows(report, "")


def _rows(model: BaseModel, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if name in _LISTS or value is None:
            continue
        label = f"{prefix}{name}".replace("_", " ")
        if isinstance(value, BaseModel):
            yield from _rows(value, "" if name == "counts" else f"{label} ")
        else:
            yield label, value


def verdict_rows(report: ShopBody) -> Iterator[tuple[str, str]]:
    """Product number and what became of it: verdicts of a sweep, products that an import refused."""
    for verdict in getattr(report, "verdicts", ()):
        yield verdict.product_no, " ".join(filter(None, (verdict.verdict, getattr(verdict, "reason", ""))))
    for refused in getattr(report, "refused", ()):
        yield refused.product_no, f"refused: {refused.reason}"


def where_to_look(report: SyncCompleted) -> Iterator[str]:
    """The commands that list which products were not sent, and which pushes are open or have failed.

    The report itself has only counts, because the pushes go on after it.
    """
    if report.refused_because:
        return
    shop, counts = shlex.quote(report.shop_key), report.counts
    products = f"shopsync products --shop {shop} --on"
    if counts.incomplete:
        lacking = counted(counts.incomplete, "product lacks values and is", "products lack values and are")
        yield f"{lacking} not sent: `{products} --status incomplete`"
    if counts.commanded:
        failed = " ".join(f"--status {status}" for status in _FAILED)
        yield f"{counted(counts.commanded, 'push', 'pushes')} asked for; those still open: `shopsync pushes {shop}`"
        yield f"those that failed, when none is open: `{products} {failed}`"
    if counts.requested:
        yield f"why one product was not sent: `shopsync product show {shlex.quote(f'{report.shop_key}/NO')}`"
