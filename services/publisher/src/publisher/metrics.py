"""The publisher's metrics, beside those of the runtime."""

from prometheus_client import Counter, Gauge, Histogram

# created, edited, relisted, unchanged, skipped, failed: as in listing events
PUSHES = Counter("shopsync_publisher_pushes", "Pushes by the outcome that was reported", ["shop_key", "outcome"])
# waits and retries by the class of the error; RateLimited and QuotaReached are no failures
TROUBLES = Counter("shopsync_publisher_troubles", "Pushes rescheduled or refused, by the class of the error", ["kind"])
# of all replicas together, so a dashboard takes the largest and not the sum
JOBS = Gauge("shopsync_publisher_push_jobs", "Pushes to be done, due and waiting ones, as stored for all replicas")
# in_review, live, approved, rejected and so on: as in listing events
REVIEWS = Counter("shopsync_publisher_reviews", "Review changes reported", ["review"])
# against the allowed rate: how much of a shop's budget of calls is used. Uploads and readings count too
SHOP_CALLS = Counter("shopsync_publisher_shop_calls", "Calls to TikTok Shop that were sent", ["shop_key"])
# PUBLISHER_REQUESTS_PER_SECOND, or less where TikTok has asked to slow down; of all replicas together
ALLOWED_RATE = Gauge(
    "shopsync_publisher_allowed_calls_per_second", "Calls per second that the shop's pace allows", ["shop_key"]
)
# a few are how the pace learns; a steady rise means that TikTok allows less than the setting
RATE_LIMITS = Counter(
    "shopsync_publisher_rate_limits", "Calls that TikTok Shop answered with a rate limit", ["shop_key"]
)
# TikTok did not answer several calls in a row
BREAKERS_OPENED = Counter("shopsync_publisher_breakers_opened", "Times a shop's calls were stopped for lack of answers")
# as this replica knows them: of another's it learns at the shop's next call
BREAKERS_OPEN = Gauge("shopsync_publisher_breakers_open", "Shops whose calls are stopped for lack of answers")
# endpoints are those of endpoints.py, which are few
CALLS = Histogram(
    "shopsync_publisher_call_seconds",
    "Calls to TikTok Shop by endpoint and outcome: ok, or the error's class",
    ["endpoint", "outcome"],
    buckets=(0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60),
)
# our clock minus TikTok's, at the last reply; TikTok refuses calls above 30 and below -300
CLOCK_SKEW = Gauge("shopsync_publisher_clock_skew_seconds", "How far this machine's clock is ahead of TikTok Shop's")
# refreshed, ended (the merchant has to authorise again), failed (tried again)
TOKEN_REFRESHES = Counter("shopsync_publisher_token_refreshes", "Token refreshes by what came of them", ["outcome"])
# above 0: shops wait for a key that this replica or all replicas lack
TOKENS_UNREADABLE = Gauge("shopsync_publisher_tokens_unreadable", "Shops whose tokens this replica cannot open")
# after a change of PUBLISHER_TOKEN_KEY the former key may be removed when this is 0 on every replica
TOKENS_OLD_KEY = Gauge(
    "shopsync_publisher_tokens_sealed_with_older_keys", "Shops whose tokens are not sealed with our newest key"
)
# by `shopsync shops pause`, which names who and why
PAUSED_SHOPS = Gauge("shopsync_publisher_paused_shops", "Shops whose pushes an operator lets wait")
# 1 = no shop can be served; needs an operator
APP_REFUSED = Gauge("shopsync_publisher_app_refused", "1 while TikTok Shop refuses the app itself and nothing is sent")
# a merchant has to authorise the shop again before then
EXPIRY = Gauge(
    "shopsync_publisher_authorization_expiry_timestamp_seconds",
    "When a shop's authorisation ends, in Unix seconds; 0: it has ended",
    ["shop_key"],
)
# kept, asked, stale (TikTok could not answer, an older answer served), failed (there was none)
TAXONOMY = Counter(
    "shopsync_publisher_taxonomy_answers",
    "Answers about categories and brands for the console",
    ["question", "outcome"],
)
# taken, refused (signature, size), unreadable, put off (503, TikTok repeats it)
WEBHOOKS = Counter("shopsync_publisher_webhooks", "Webhooks by what became of them", ["outcome"])
