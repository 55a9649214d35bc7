"""The report of a sweep, in pages. Pure."""

from collections.abc import Iterator, Sequence

from janitor.model import Sweep
from shopsync_contracts.events import REPORT_PAGE, ProductVerdict, SweepCompleted


def report_of(sweep: Sweep) -> list[SweepCompleted]:
    """Pages of at most 500 verdicts, ordered by product number; one page when there are none.

    The same sweep always has the same pages.
    """
    verdicts = [ProductVerdict(product_no=no, verdict=verdict) for no, verdict in sorted(sweep.verdicts.items())]
    pages = list(_pages(verdicts)) or [()]
    ended = sweep.completed_at or sweep.requested_at
    return [
        SweepCompleted(
            shop_key=sweep.shop_key,
            sweep_id=sweep.id,
            request_id=sweep.request_id,
            enumeration_id=sweep.enumeration_id,
            started_at=sweep.requested_at,
            completed_at=ended,
            duration_seconds=max(0.0, (ended - sweep.requested_at).total_seconds()),
            counts=sweep.counts(),
            page=number,
            pages=len(pages),
            verdicts=page,
            left_over=sweep.left_over,
            refused_because=sweep.refused_because,
            dry_run=sweep.dry_run,
        )
        for number, page in enumerate(pages, start=1)
    ]


def _pages(verdicts: Sequence[ProductVerdict]) -> Iterator[tuple[ProductVerdict, ...]]:
    for start in range(0, len(verdicts), REPORT_PAGE):
        yield tuple(verdicts[start : start + REPORT_PAGE])
