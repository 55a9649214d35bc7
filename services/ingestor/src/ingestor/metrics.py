"""Metrics of the ingestor beside those of the runtime.

Shops are those of the shops file, but an import may be asked for by any name: see `shop_label`.
"""

from prometheus_client import Counter, Gauge, Histogram

# calls by their outcome; `call` is token, products or inventory
REQUESTS = Counter("shopsync_futureshop_requests", "Calls to futureshop", ["shop_key", "call", "outcome"])
# what: changed, removed, refused; changed counts what was read, also where nothing differs
PRODUCTS = Counter("shopsync_import_products", "Products by what the import did with them", ["shop_key", "what"])
# completed, failed; the reports name the cause
IMPORTS = Counter("shopsync_imports", "Imports by mode and outcome", ["shop_key", "mode", "outcome"])
# there only while an import of the shop runs on this replica
PROGRESS = Gauge("shopsync_import_products_read", "Products read so far by the running import", ["shop_key"])
# the same, of the import that runs
EXPECTED = Gauge(
    "shopsync_import_products_expected", "Products that the running import will read, where that is known", ["shop_key"]
)
# stands still while an import runs: futureshop does not answer, or a maintenance
PAGES = Counter("shopsync_import_pages", "Pages of products that imports have read", ["shop_key", "mode"])
# of this replica
RUNNING = Gauge("shopsync_imports_running", "Imports running in this process")
# waiting in the queue does not count
SECONDS = Histogram(
    "shopsync_import_seconds",
    "Seconds from an import's first request to its report",
    ["mode"],
    buckets=(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800),
)
# a mistake in the file shows as another number than yours
SHOPS = Gauge("shopsync_ingestor_shops", "Shops of the shops file in force")
# 0: the file is invalid now, and the previous shops stay in use
SHOPS_FILE_USABLE = Gauge("shopsync_ingestor_shops_file_usable", "1 when the shops file as it is now is in force")
