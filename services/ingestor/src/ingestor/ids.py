from functools import partial
from uuid import UUID

from shopsync_contracts.derived import derived_id

_id = partial(derived_id, UUID("6f0a6a1e-3f5c-5a52-9d55-0c6e7c3b8d11"))


def import_id_of(source: str, event_id: str) -> str:
    """Id of the import that a command requests. Event ids are only unique per source, so both are part of it."""
    return _id("import", source, event_id)


def changed_id(reading_id: str, product_no: str, upstream_id: str) -> str:
    """Id of the product.changed of a listing (ImportRun.reading_id) for the product with this upstream id."""
    return _id("changed", reading_id, product_no, upstream_id)


def removed_id(import_id: str, product_no: str) -> str:
    """Id of the product.removed of this import for the product."""
    return _id("removed", import_id, product_no)


def report_id(import_id: str) -> str:
    """Id of the import's final report, completed or failed."""
    return _id("report", import_id)


def sync_id(import_id: str) -> str:
    """Id of the sync request that follows the import (`then_sync`)."""
    return _id("sync", import_id)


def scheduled_id(slot: str, shop_key: str) -> str:
    """Id of the scheduled import request of a slot."""
    return _id("scheduled", slot, shop_key)
