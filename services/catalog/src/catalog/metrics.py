"""Metrics of the catalog beside those of the runtime."""

from prometheus_client import Counter

# Outcomes. published: the last record was older, newer or unreadable. deleted: it was the snapshot of a deleted
# product. unknown: the database does not know the product, nothing is done. failed: the snapshot cannot be published.
SNAPSHOTS_REPAIRED = Counter(
    "shopsync_catalog_snapshots_repaired",
    "Products whose last record on the snapshot topic was not their state, by what was done",
    ["outcome"],
)
