"""What the ingestor counts besides the runtime's own."""

from prometheus_client import Counter, Gauge, Histogram

# calls by what came of them; `call` is token, products or inventory
REQUESTS = Counter("shopsync_futureshop_requests", "Calls to futureshop", ["shop_key", "call", "outcome"])
PRODUCTS = Counter(
    "shopsync_import_products", "Products by what the import did with them", ["shop_key", "what"]
)  # what: changed, removed, refused
IMPORTS = Counter("shopsync_imports", "Imports by mode and outcome", ["shop_key", "mode", "outcome"])
PROGRESS = Gauge("shopsync_import_products_read", "Products read so far by the import in hand", ["shop_key"])
EXPECTED = Gauge(
    "shopsync_import_products_expected", "Products that the import in hand will read, where that is known", ["shop_key"]
)
PAGES = Counter("shopsync_import_pages", "Pages of products that imports have read", ["shop_key", "mode"])
RUNNING = Gauge("shopsync_imports_running", "Imports in hand in this process")
SECONDS = Histogram(
    "shopsync_import_seconds", "Seconds from an import's first request to its report", ["mode"],
    buckets=(1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10800),
)  # fmt: skip
