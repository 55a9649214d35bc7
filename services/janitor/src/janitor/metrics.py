"""Metrics of the janitor beside those of the runtime.

Shops are those with settings, but a sweep may be asked for by any name: see `shop_label`.
"""

from prometheus_client import Counter, Gauge, Histogram

# judged, refused, dry_run; a rise of refused means that enumerations fail: nothing is removed until then (DL-10)
SWEEPS = Counter("shopsync_sweeps", "Sweeps by outcome", ["shop_key", "outcome"])
# some during a maintenance of futureshop
RETRIES = Counter("shopsync_sweep_retries", "Enumerations asked for again in the same night", ["shop_key"])
# as in the report: deleted, kept_sync_enabled and so on
VERDICTS = Counter("shopsync_sweep_verdicts", "Products by what a sweep did with them", ["shop_key", "verdict"])
# most of it is the enumeration
SECONDS = Histogram(
    "shopsync_sweep_seconds",
    "Seconds from a sweep's request to its report",
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800),
)
# absent for a shop without one
LAST_SUCCESS = Gauge(
    "shopsync_sweep_last_success_timestamp_seconds", "When a sweep of the shop last ran to its end", ["shop_key"]
)
# for JANITOR_NIGHTS_UNTIL_ALERT nights; the log names them, once a night
OVERDUE = Gauge("shopsync_sweep_overdue_shops", "Shops without a successful sweep for some nights")
