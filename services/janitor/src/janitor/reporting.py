"""Log entry and metrics of a sweep that has ended."""

import structlog

from janitor import metrics
from janitor.model import Sweep
from shopsync_runtime.metrics import shop_label

log = structlog.get_logger(__name__)


def log_end(sweep: Sweep) -> None:
    """Log the end, as an error when the sweep was refused: nothing was deleted, and somebody may have to act."""
    counts = sweep.counts().model_dump()
    tell = log.error if sweep.refused_because else log.info
    tell(
        "sweep refused" if sweep.refused_because else "sweep ended",
        shop_key=sweep.shop_key,
        sweep_id=sweep.id,
        dry_run=sweep.dry_run,
        refused_because=sweep.refused_because,
        left_over=sweep.left_over,
        **counts,
    )
    shop = shop_label(sweep.shop_key)
    metrics.SWEEPS.labels(shop, _outcome(sweep)).inc()
    if sweep.dry_run:
        return
    for verdict, count in counts.items():
        metrics.VERDICTS.labels(shop, verdict).inc(count)
    if sweep.completed_at is not None:
        metrics.SECONDS.observe((sweep.completed_at - sweep.requested_at).total_seconds())
        if sweep.succeeded:
            metrics.LAST_SUCCESS.labels(sweep.shop_key).set(sweep.completed_at.timestamp())


def _outcome(sweep: Sweep) -> str:
    if sweep.refused_because:
        return "refused"
    return "dry_run" if sweep.dry_run else "judged"
