"""Event ids derived from the cause of the event: sent again, by any process and after any crash, it has the same id."""

from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

from shopsync_contracts.envelope import ShopBody


def derived_id(namespace: UUID, *causes: str | int, separator: str = "\x1f") -> str:
    """The name-based UUID (version 5) of these causes. Each service has its own namespace."""
    return str(uuid5(namespace, separator.join(str(cause) for cause in causes)))


catalog_id = partial(derived_id, NAMESPACE_URL, "shopsync.catalog")
"""Event ids of the catalog. They are here because the publisher of a bulk edit computes them too."""


def bulk_edit_part_id(bulk_edit_id: str, product_no: str, body: type[ShopBody]) -> str:
    """Event id of the message that a bulk edit becomes for one product. A repeated bulk edit repeats the id.

    The publisher of a bulk edit finds its parts on `tool-edits` by these ids.
    """
    return catalog_id(bulk_edit_id, product_no, body.TYPE)
