"""What the janitor counts besides the runtime's own."""

from prometheus_client import Counter, Histogram

# a rise of refused means enumerations fail: nothing is removed until that is mended (DL-10)
SWEEPS = Counter("shopsync_sweeps", "Sweeps by outcome", ["shop_key", "outcome"])  # outcome: judged, refused
VERDICTS = Counter("shopsync_sweep_verdicts", "Products by what a sweep did with them", ["shop_key", "verdict"])
SECONDS = Histogram(
    "shopsync_sweep_seconds", "Seconds from a sweep's request to its report",
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800),
)  # fmt: skip
