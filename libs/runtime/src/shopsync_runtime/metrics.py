"""Prometheus metrics of every service, named `shopsync_*`. The scrape's job label has the service's name.

`group` is the consumer group's whole name, so it says the service too. Topics, partitions and classes of errors are
few. A shop is a label only where the number of shops is bounded, see `shop_label`.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

OTHER_SHOPS: Final = "(others)"
_MOST_SHOPS = 1_000
"""Every value of a label is a series that stays in the process's and in Prometheus' memory. Chosen: a scrape of some
ten thousand series takes a tenth of a second.
"""
_shops: set[str] = set()


def shop_label(shop_key: str) -> str:
    """The shop as the label of a counter. Messages may name shops that do not exist, as many as their sender likes.

    The first thousand shops of a process have series of their own, the others one together.
    """
    if shop_key in _shops:
        return shop_key
    if len(_shops) >= _MOST_SHOPS:
        return OTHER_SHOPS
    _shops.add(shop_key)
    return shop_key


# handled and refused messages alike
MESSAGES = Counter("shopsync_messages_handled", "Messages handed to a handler that returned", ["group", "topic"])
# a rise right after a deployment means that the deployment is at fault, not the data
DEAD_LETTERS = Counter(
    "shopsync_dead_letters", "Messages sent to the dead-letter topic", ["group", "topic", "error_type"]
)
# from decoding the first record of a batch to committing its offsets
BATCH_SECONDS = Histogram(
    "shopsync_batch_seconds",
    "Seconds to handle one batch",
    ["group"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
# 500 at most by default; small ones are those of quiet times
BATCH_SIZE = Histogram(
    "shopsync_batch_messages",
    "Messages in one batch",
    ["group"],
    buckets=(1, 5, 10, 50, 100, 250, 500, 1000),
)
# of the first message of each batch: what its publisher waited for, the time in Kafka included
MESSAGE_AGE = Histogram(
    "shopsync_message_age_seconds",
    "Seconds from a message's timestamp until its batch was handled",
    ["group"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400),
)
# batches that are retried because something outside was down
RETRIES = Counter("shopsync_batch_retries", "Batches put back to be tried again", ["group", "error_type"])
# commits that failed or timed out: duplicates later, no loss
COMMIT_FAILURES = Counter("shopsync_commit_failures", "Offset commits that failed", ["group"])
# removed by retention or delete_records before they were read; some may have been transaction markers
OFFSETS_LOST = Counter(
    "shopsync_offsets_lost",
    "Offsets that were removed from the log before the group had read them",
    ["group", "topic", "partition"],
)
# a record was finally refused, after which its partition accepts nothing more from this producer
PRODUCER_REPLACEMENTS = Counter(
    "shopsync_producer_replacements", "Times a broken producer was replaced by a fresh one", ["error_type"]
)
# deployments cause some; many mean replicas that are too slow, or a session time-out that is too short
REBALANCES = Counter("shopsync_rebalances", "Times the group took partitions back", ["group"])
# end offset - first unhandled offset, of the partitions assigned to this process
LAG = Gauge("shopsync_consumer_lag", "Messages not yet handled", ["group", "topic", "partition"])
# stays above 0 while a publisher's transaction is open, since nobody can read the records after it
UNREADABLE = Gauge(
    "shopsync_unreadable_offsets",
    "Offsets behind an open transaction: last stable offset to end of the log",
    ["group", "topic", "partition"],
)
# 1 = a record or a whole batch is unreadable; needs an operator
STUCK = Gauge(
    "shopsync_partition_stuck",
    "1 while the partition stands still before a record that cannot be read",
    ["group", "topic", "partition"],
)
# with lag: nothing goes on, whatever the reason
SINCE_PROGRESS = Gauge(
    "shopsync_seconds_since_progress", "Seconds since a batch was finished or nothing was left to do", ["group"]
)
# 1 = stopped by the dead-letter limit; needs an operator
HALTED = Gauge("shopsync_subscription_halted", "1 when the dead-letter limit stopped the subscription", ["group"])
# 1 = another process has this replica's SHOPSYNC_INSTANCE_ID; needs an operator
OUTSIDE = Gauge(
    "shopsync_subscription_fenced", "1 when another process took this replica's place in the group", ["group"]
)
# of the process; grows for good only when something is forgotten
TASKS = Gauge("shopsync_event_loop_tasks", "Tasks of the event loop that have not ended")
# the log has the reason
BACKGROUND_RESTARTS = Counter(
    "shopsync_background_restarts", "Times a background task failed and was restarted", ["task"]
)
# exported, or lost because the collector did not take them. Only where traces are switched on
TRACE_SPANS = Counter("shopsync_trace_spans", "Spans of traces by what became of them", ["outcome"])
