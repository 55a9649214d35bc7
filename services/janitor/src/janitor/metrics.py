"""Metrics of the janitor beside those of the runtime."""

from prometheus_client import Counter, Gauge, Histogram

# a rise of refused means that enumerations fail: nothing is removed until that is fixed (DL-10)
SWEEPS = Counter("shopsync_sweeps", "Sweeps by outcome", ["shop_key", "outcome"])  # judged, refused, dry_run
RETRIES = Counter("shopsync_sweep_retries", "Enumerations asked for again in the same night", ["shop_key"])
VERDICTS = Counter("shopsync_sweep_verdicts", "Products by what a sweep did with them", ["shop_key", "verdict"])
SECONDS = Histogram(
    "shopsync_sweep_seconds",
    "Seconds from a sweep's request to its report",
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800),
)
LAST_SUCCESS = Gauge(
    "shopsync_sweep_last_success_timestamp_seconds", "When a sweep of the shop last ran to its end", ["shop_key"]
)
OVERDUE = Gauge("shopsync_sweep_overdue_shops", "Shops without a successful sweep for some nights")
