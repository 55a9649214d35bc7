"""What a service counts. Names are `shopsync_*`; the service's name comes from the scrape's job label."""

from prometheus_client import Counter, Gauge, Histogram

# messages of a topic that a handler took, good and refused alike
MESSAGES = Counter("shopsync_messages_handled", "Messages handed to a handler that returned", ["subscription", "topic"])
# a rise right after a deploy means the deploy is at fault, not the data
DEAD_LETTERS = Counter(
    "shopsync_dead_letters", "Messages sent to the dead-letter topic", ["subscription", "topic", "error_type"]
)
# from the first record of a batch decoded to its offsets committed
BATCH_SECONDS = Histogram(
    "shopsync_batch_seconds",
    "Seconds to handle one batch",
    ["subscription"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
BATCH_SIZE = Histogram(
    "shopsync_batch_messages",
    "Messages in one batch",
    ["subscription"],
    buckets=(1, 5, 10, 50, 100, 250, 500, 1000),
)
# batches put back because something outside was away
RETRIES = Counter("shopsync_batch_retries", "Batches put back to be tried again", ["subscription", "error_type"])
# commits that failed or ran out of time: duplicates later, no loss
COMMIT_FAILURES = Counter("shopsync_commit_failures", "Offset commits that failed", ["subscription"])
# retention or delete_records was faster than the group; some of the offsets may have been transaction markers
OFFSETS_LOST = Counter(
    "shopsync_offsets_lost",
    "Offsets that were removed from the log before the group had read them",
    ["subscription", "topic", "partition"],
)
# a record was refused for good, so that its partition would take nothing more from this producer
PRODUCER_REPLACEMENTS = Counter(
    "shopsync_producer_replacements", "Times a broken producer was replaced by a fresh one", ["error_type"]
)
REBALANCES = Counter("shopsync_rebalances", "Times the group took partitions back", ["subscription"])
# end offset - first offset not yet handled, of the partitions this process holds now
LAG = Gauge("shopsync_consumer_lag", "Messages not yet handled", ["subscription", "topic", "partition"])
# stays above 0 while a publisher's transaction is open: what stands behind it cannot be read by anybody
UNREADABLE = Gauge(
    "shopsync_unreadable_offsets",
    "Offsets behind an open transaction: last stable offset to end of the log",
    ["subscription", "topic", "partition"],
)
# 1 = a record, or a whole batch of them, cannot be read by anybody; needs an operator
STUCK = Gauge(
    "shopsync_partition_stuck",
    "1 while the partition stands still before a record that cannot be read",
    ["subscription", "topic", "partition"],
)
SINCE_PROGRESS = Gauge(
    "shopsync_seconds_since_progress",
    "Seconds since a batch was finished or nothing was left to do",
    ["subscription"],
)
# 1 = stopped for good by the dead-letter limit; needs an operator
HALTED = Gauge(
    "shopsync_subscription_halted", "1 when the dead-letter limit stopped the subscription", ["subscription"]
)
# 1 = another process has this replica's SHOPSYNC_INSTANCE_ID; needs an operator
OUTSIDE = Gauge(
    "shopsync_subscription_fenced", "1 when another process took this replica's place in the group", ["subscription"]
)
BACKGROUND_RESTARTS = Counter(
    "shopsync_background_restarts", "Times a background task failed and was restarted", ["task"]
)
