"""Metrics of the console beside those of the runtime."""

from prometheus_client import Counter, Gauge, Histogram

# when merchants get no pages; by the route's pattern, never by its values
REQUESTS = Counter("shopsync_console_requests", "Requests by route, method and status", ["route", "method", "status"])
# when pages are slow; a stream has no end and is left out
SECONDS = Histogram(
    "shopsync_console_request_seconds",
    "Seconds until a page was answered, without streams",
    ["route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
# when somebody seems to try passwords: done, refused, throttled
LOGINS = Counter("shopsync_console_logins", "Log-ins by outcome", ["outcome"])
# what merchants do; by type of the event or command
ACTIONS = Counter("shopsync_console_actions", "Events and commands of merchants that were published", ["type"])
# how many pages are open: each holds a connection
STREAMS = Gauge("shopsync_console_streams", "Open pages that follow changes")
# when one session opens more of them than any merchant does
STREAMS_OVER = Counter(
    "shopsync_console_streams_over_limit", "Streams that were closed because their session had opened too many"
)
