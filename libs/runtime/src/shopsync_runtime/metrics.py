"""Prometheus metrics of every service, named `shopsync_*`. The scrape's job label has the service's name."""

from prometheus_client import Counter, Gauge, Histogram

# handled and refused messages alike
MESSAGES = Counter("shopsync_messages_handled", "Messages handed to a handler that returned", ["subscription", "topic"])
# a rise right after a deployment means that the deployment is at fault, not the data
DEAD_LETTERS = Counter(
    "shopsync_dead_letters", "Messages sent to the dead-letter topic", ["subscription", "topic", "error_type"]
)
# from decoding the first record of a batch to committing its offsets
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
# batches that are retried because something outside was down
RETRIES = Counter("shopsync_batch_retries", "Batches put back to be tried again", ["subscription", "error_type"])
# commits that failed or timed out: duplicates later, no loss
COMMIT_FAILURES = Counter("shopsync_commit_failures", "Offset commits that failed", ["subscription"])
# removed by retention or delete_records before they were read; some may have been transaction markers
OFFSETS_LOST = Counter(
    "shopsync_offsets_lost",
    "Offsets that were removed from the log before the group had read them",
    ["subscription", "topic", "partition"],
)
# a record was finally refused, after which its partition accepts nothing more from this producer
PRODUCER_REPLACEMENTS = Counter(
    "shopsync_producer_replacements", "Times a broken producer was replaced by a fresh one", ["error_type"]
)
REBALANCES = Counter("shopsync_rebalances", "Times the group took partitions back", ["subscription"])
# end offset - first unhandled offset, of the partitions assigned to this process
LAG = Gauge("shopsync_consumer_lag", "Messages not yet handled", ["subscription", "topic", "partition"])
# stays above 0 while a publisher's transaction is open, since nobody can read the records after it
UNREADABLE = Gauge(
    "shopsync_unreadable_offsets",
    "Offsets behind an open transaction: last stable offset to end of the log",
    ["subscription", "topic", "partition"],
)
# 1 = a record or a whole batch is unreadable; needs an operator
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
# 1 = stopped by the dead-letter limit; needs an operator
HALTED = Gauge(
    "shopsync_subscription_halted", "1 when the dead-letter limit stopped the subscription", ["subscription"]
)
# 1 = another process has this replica's SHOPSYNC_INSTANCE_ID; needs an operator
OUTSIDE = Gauge(
    "shopsync_subscription_fenced", "1 when another process took this replica's place in the group", ["subscription"]
)
# of the process; grows for good only when something is forgotten
TASKS = Gauge("shopsync_event_loop_tasks", "Tasks of the event loop that have not ended")
BACKGROUND_RESTARTS = Counter(
    "shopsync_background_restarts", "Times a background task failed and was restarted", ["task"]
)
