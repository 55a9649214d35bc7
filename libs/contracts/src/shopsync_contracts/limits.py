"""Every limit of the wire format, each with its source. docs/wire-format.md lists them for other systems.

A limit refuses what cannot be meant: it lies far above what futureshop lets a merchant enter and TikTok Shop takes.
Where neither documents one, it keeps what we make of a message (snapshot, report, document) inside Kafka's and
MongoDB's own limits.
"""

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
"""One message of most topics, uncompressed: the topics' `max.message.bytes`."""

MAX_SNAPSHOT_BYTES = 8 * 1024 * 1024
"""One snapshot: more than the largest product, its largest edit and TikTok's longest answer make together."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""BSON's limit of one document: 16 MiB."""

# --- identifiers -------------------------------------------------------------------------------------------------

MAX_KEY_BYTES = 32
"""Shop key and product number: futureshop's API, bytes of UTF-8."""

MAX_AXIS_BYTES = 9
"""Number of a choice: futureshop's API, bytes of UTF-8."""

MAX_SUBJECT = 2 * MAX_KEY_BYTES + 1
"""Shop key, '/', product number."""

MAX_ID = 1024
"""Ids of events, imports, syncs and sweeps: ours are UUIDs; other systems may build theirs from several parts."""

MAX_URI = 2048
"""`source` of an event."""

MAX_TRACE = 512
"""W3C writes 55 characters; later versions may append to them."""

MAX_TIKTOK_ID = 128
"""TikTok's ids are 19 digits; the longest string it takes as one is 128 characters (`idempotency_key`)."""

MAX_MEDIA_TYPE = 255
"""`datacontenttype` with its parameters."""

# --- texts -------------------------------------------------------------------------------------------------------

MAX_TITLE = 255
"""TikTok Shop's title in Japan, characters."""

MAX_DESCRIPTION = 10_000
"""TikTok Shop's description, characters."""

MAX_UPSTREAM_NAME = 2_000
"""futureshop takes 300 bytes, tags included."""

MAX_UPSTREAM_DESCRIPTION = 1_000_000
"""HTML as futureshop has it, a hundred times what TikTok Shop takes."""

MAX_CHOICE_NAME = 500
"""Names of axes and choices: TikTok Shop takes 20 and 50 characters."""

MAX_JAN = 100
"""A JAN code has 13 digits; what else stands in that field is kept."""

MAX_URL = 4_096
"""Address of an image: browsers and servers commonly stop at 2,048 to 8,192."""

MAX_ATTRIBUTE_NAME = 2000
"""TikTok Shop's custom value of an attribute, characters."""

MAX_ATTRIBUTE_CHARACTERS = 100_000
"""All ids and names of one product's attributes together."""

KEPT_TEXT = 2_000
"""What TikTok or a service says in words is read by people: the rest is cut, the message is not refused."""

KEPT_REASON = 500
"""The same, where up to 500 of them stand in one report of at most 2 MiB."""

KEPT_NAME = 100
"""The same for codes and names of fields."""

# --- lists -------------------------------------------------------------------------------------------------------

MAX_SKUS = 400
"""futureshop's limit on vertical times horizontal choices (VA-2)."""

MAX_UPSTREAM_IMAGES = 200
"""TikTok Shop shows 9; futureshop has a few dozen."""

MAX_IMAGES = 9
"""TikTok Shop's main images."""

MAX_ATTRIBUTES = 200
"""Attributes of one product: TikTok's categories have some dozens."""

MAX_ATTRIBUTE_VALUES = 100
"""Values of one attribute."""

MAX_BULK_PRODUCTS = 10_000
"""Products of one bulk edit."""

MAX_SYNC_PRODUCTS = 100_000
"""Products named in one sync request: as many as fit into a message; null means all."""

MAX_TIMES = 24 * 60
"""Times of a schedule: every minute of a day."""

KEPT_ENTRIES = 50
"""Reasons and warnings of one push or review: the rest is cut."""

KEPT_FIELDS = 500
"""Names of fields: the rest is cut."""

MAX_PAUSE_REASON = 500
"""Why an operator lets a shop's pushes wait: our own limit, as of reasons in reports."""

REPORT_PAGE = 500
"""Verdicts in one report message; a longer report comes in several pages."""

# --- numbers -----------------------------------------------------------------------------------------------------

MAX_COUNT = 2**53 - 1
"""Versions and counts: the largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

MAX_PRICE = 999_999_999
"""Yen as registered or edited: futureshop takes nine digits."""

MAX_PRICE_WITH_TAX = 1_999_999_998
"""Yen as shown: the largest price with the highest rate, 100 %."""

MAX_STOCK = 999_999_999
"""futureshop's stock has nine digits."""

MAX_QUANTITY = 99_999
"""Stock as the merchant sets it for TikTok Shop."""

MAX_WEIGHT_G = 9_999_999
"""Package weight: ten tonnes."""

MAX_CENTIMETRES = 9_999
"""A side of the package: a hundred metres."""

MAX_RATE_PERCENT = 100

MAX_INTERVAL_MINUTES = 24 * 60

MAX_SECONDS = 1_000_000_000
"""How long a run took: some thirty years."""

# --- times -------------------------------------------------------------------------------------------------------

FIRST_YEAR, LAST_YEAR = 1900, 9998
"""Years of a stamp as written: in any zone it stays inside what Python and BSON can hold (years 1 to 9999)."""

MAX_TIME = 64
"""Characters of a stamp: RFC 3339 allows any number of decimals, more than six are cut."""
