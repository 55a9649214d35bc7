"""Event ids derived from another message's id, where publisher and reader both compute them."""

from uuid import NAMESPACE_URL, uuid5

from shopsync_contracts.envelope import ShopBody


def bulk_edit_part_id(bulk_edit_id: str, product_no: str, body: type[ShopBody]) -> str:
    """Event id of the message that a bulk edit becomes for one product. A repeated bulk edit repeats the id.

    The publisher of a bulk edit finds its parts on `tool-edits` by these ids.
    """
    return str(uuid5(NAMESPACE_URL, f"shopsync.catalog\x1f{bulk_edit_id}\x1f{product_no}\x1f{body.TYPE}"))
