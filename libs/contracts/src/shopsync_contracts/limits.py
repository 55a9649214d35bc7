"""Every limit of the wire format, each with its source. docs/wire-format.md lists them for other systems.

A limit refuses values that nobody can mean: it is far above what futureshop lets a merchant enter and what TikTok Shop
accepts. Where neither documents a limit, ours keeps what is built from a message (snapshot, report, document) within
the limits of Kafka and MongoDB.
"""

MAX_MESSAGE_BYTES = 2 * 1024 * 1024
"""Size of one message, uncompressed: `max.message.bytes` of most topics."""

MAX_SNAPSHOT_BYTES = 8 * 1024 * 1024
"""Size of one snapshot: more than the largest product, its largest edit and TikTok's longest answer together."""

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""BSON's limit for one document, 16 MiB."""

# --- identifiers -------------------------------------------------------------------------------------------------

MAX_KEY_BYTES = 32
"""Bytes of UTF-8 in a shop key or a product number, by futureshop's API."""

MAX_AXIS_BYTES = 9
"""Bytes of UTF-8 in the number of a choice, by futureshop's API."""

MAX_SUBJECT = 2 * MAX_KEY_BYTES + 1
"""Characters of a shop key, '/' and a product number."""

MAX_ID = 1024
"""Characters in the id of an event, import, sync or sweep. Ours are UUIDs; other systems may join several parts."""

MAX_URI = 2048
"""Characters in the `source` of an event."""

MAX_TRACE = 512
"""Characters of a `traceparent`. The present W3C version has 55; later ones may append to it."""

MAX_TIKTOK_ID = 128
"""TikTok's ids are 19 digits. The longest id that it accepts from us is 128 characters (`idempotency_key`)."""

MAX_MEDIA_TYPE = 255
"""Characters of `datacontenttype` with its parameters."""

# --- texts -------------------------------------------------------------------------------------------------------

MAX_TITLE = 255
"""Characters of a title, by TikTok Shop in Japan."""

MAX_DESCRIPTION = 10_000
"""Characters of a description, by TikTok Shop."""

MAX_UPSTREAM_NAME = 2_000
"""Characters of futureshop's product name. futureshop takes 300 bytes, tags included."""

MAX_UPSTREAM_DESCRIPTION = 1_000_000
"""Characters of futureshop's description in HTML, a hundred times what TikTok Shop takes."""

MAX_CHOICE_NAME = 500
"""Characters in the name of an axis or a choice. TikTok Shop takes 20 and 50."""

MAX_JAN = 100
"""Characters of a JAN code. A valid one has 13 digits; any other text in that field is kept."""

MAX_URL = 4_096
"""Characters of an image's address. Browsers and servers commonly stop at 2,048 to 8,192."""

MAX_ATTRIBUTE_NAME = 2000
"""Characters of a custom attribute value, by TikTok Shop."""

MAX_ATTRIBUTE_CHARACTERS = 100_000
"""Characters of all ids and names of one product's attributes together."""

KEPT_TEXT = 2_000
"""Characters kept of a text for people, from TikTok or a service. A longer text is cut, not refused."""

KEPT_REASON = 500
"""The same where one report of at most 2 MiB holds up to 500 of them."""

KEPT_NAME = 100
"""The same for codes and field names."""

# --- lists -------------------------------------------------------------------------------------------------------

MAX_SKUS = 400
"""SKUs of one product: futureshop's limit on vertical times horizontal choices (VA-2)."""

MAX_UPSTREAM_IMAGES = 200
"""Images of one product at futureshop, which has a few dozen. TikTok Shop shows 9."""

MAX_IMAGES = 9
"""Main images of one product, by TikTok Shop."""

MAX_ATTRIBUTES = 200
"""Attributes of one product. TikTok's categories have a few dozen."""

MAX_ATTRIBUTE_VALUES = 100
"""Values of one attribute."""

MAX_BULK_PRODUCTS = 10_000
"""Products of one bulk edit."""

MAX_SYNC_PRODUCTS = 100_000
"""Products named in one sync request, as many as fit into a message. Null means all."""

MAX_TIMES = 24 * 60
"""Times of day in a schedule: one for every minute."""

KEPT_ENTRIES = 50
"""Reasons or warnings kept of one push or review. The rest is cut."""

KEPT_FIELDS = 500
"""Field names kept in one list. The rest is cut."""

MAX_PAUSE_REASON = 500
"""Characters of an operator's reason for a pause. Our own limit, the same as for reasons in reports."""

REPORT_PAGE = 500
"""Verdicts in one report message. A longer report has several pages."""

# --- numbers -----------------------------------------------------------------------------------------------------

MAX_COUNT = 2**53 - 1
"""Largest version or count: the largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

MAX_PRICE = 999_999_999
"""Yen as registered or edited. futureshop takes nine digits."""

MAX_PRICE_WITH_TAX = 1_999_999_998
"""Yen with tax: the largest price at the highest rate, 100 %."""

MAX_STOCK = 999_999_999
"""Stock at futureshop, which takes nine digits."""

MAX_QUANTITY = 99_999
"""Stock that the merchant sets for TikTok Shop."""

MAX_WEIGHT_G = 9_999_999
"""Package weight in grams: ten tonnes."""

MAX_CENTIMETRES = 9_999
"""A side of the package in centimetres: a hundred metres."""

MAX_RATE_PERCENT = 100

MAX_INTERVAL_MINUTES = 24 * 60

MAX_SECONDS = 1_000_000_000
"""Duration of a run: about thirty years."""

# --- times -------------------------------------------------------------------------------------------------------

FIRST_YEAR, LAST_YEAR = 1900, 9998
"""Years of a timestamp as written. In any time zone it stays within the years 1 to 9999 of Python and BSON."""

MAX_TIME = 64
"""Characters of a timestamp. RFC 3339 allows any number of decimals; more than six are cut."""
