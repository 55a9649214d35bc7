"""Where to look after a sync. Pure: its report has counts only, because the pushes go on after it."""

import shlex
from collections.abc import Iterator

from shopsync_contracts.events import SyncCompleted
from shopsync_readmodel.statuses import StatusName
from shopsync_runtime.wording import counted

_FAILED = (StatusName.SYNC_ERROR, StatusName.WAREHOUSE_MISSING, StatusName.REJECTED)


def where_to_look(report: SyncCompleted) -> Iterator[str]:
    """The commands that list which products were not sent, and which pushes are open or have failed."""
    if report.refused_because:
        return
    shop, counts = shlex.quote(report.shop_key), report.counts
    products = f"shopsync products --shop {shop} --on"
    if counts.incomplete:
        told = counted(counts.incomplete, "product lacks values and is", "products lack values and are")
        yield f"{told} not sent: `{products} --status incomplete`"
    if counts.commanded:
        failed = " ".join(f"--status {status}" for status in _FAILED)
        yield f"{counted(counts.commanded, 'push', 'pushes')} asked for; those still open: `shopsync pushes {shop}`"
        yield f"those that failed, when none is open: `{products} {failed}`"
    if counts.requested:
        yield f"why one product was not sent: `shopsync product show {shlex.quote(f'{report.shop_key}/NO')}`"
