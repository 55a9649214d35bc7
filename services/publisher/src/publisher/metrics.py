"""What the publisher counts beside the runtime's own metrics."""

from prometheus_client import Counter

# created, edited, relisted, unchanged, skipped, failed: what listing events told
PUSHES = Counter("shopsync_publisher_pushes", "Pushes by what was told of them", ["outcome"])
# waits and retries by the error's class; RateLimited and QuotaReached are no failures
TROUBLES = Counter("shopsync_publisher_troubles", "Pushes put back or refused, by the kind of error", ["kind"])
REVIEWS = Counter("shopsync_publisher_reviews", "Review changes told", ["review"])
