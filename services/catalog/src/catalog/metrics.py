"""What the catalog counts beside the runtime's own metrics."""

from prometheus_client import Counter

# published: an older, newer or unreadable record stood last; deleted: a snapshot of a product that is gone did;
# unknown: the database has no trace of the product, left as it is; failed: the snapshot cannot be published
SNAPSHOTS_REPAIRED = Counter(
    "shopsync_catalog_snapshots_repaired",
    "Products whose last record on the snapshot topic was not their state, by what was done",
    ["outcome"],
)
