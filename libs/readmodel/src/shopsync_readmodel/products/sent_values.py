"""Which of a product's values TikTok Shop has: what was last sent. Pure.

The values of a push are not stored, only its version and time. A value that nobody has changed since is the sent one.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shopsync_contracts.ownership import DIMENSIONS, SIDES, side_field
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS

_UNDER_WAY: Final = timedelta(minutes=15)
"""A value entered so shortly before the end of a push may have missed it. Chosen: far longer than a push takes."""


class Sent(StrEnum):
    """What TikTok has of a field: never sent, the value in force, an earlier one, or one of the two."""

    NEVER = "never"
    SAME = "same"
    EARLIER = "earlier"
    UNKNOWN = "unknown"


def sent_value(found: StoredProduct, field: str) -> Sent:
    """By the field's name in the snapshot's content."""
    snapshot, listing = found.snapshot, found.layers.listing
    if snapshot is None or snapshot.pushed_content_version is None or listing.pushed_at is None:
        return Sent.NEVER
    if snapshot.pushed_content_version == snapshot.content_version:
        return Sent.SAME
    changed_at = _changed_at(found, field)
    if changed_at is None:
        return Sent.UNKNOWN
    if changed_at > listing.pushed_at:
        return Sent.EARLIER
    return Sent.SAME if changed_at < listing.pushed_at - _UNDER_WAY else Sent.UNKNOWN


def _changed_at(found: StoredProduct, field: str) -> datetime | None:
    """When the field may have changed last: an import may have brought the same value again."""
    layers = found.layers
    if field in UPSTREAM_FIELDS:
        moments = [layers.upstream.taken_at, *(edit.at for name, edit in layers.edits.items() if name == field)]
    else:
        names = {field} if field != DIMENSIONS else {side_field(side) for side in SIDES}
        entered = [layers.tool[name].at for name in names if name in layers.tool]
        moments = entered or [layers.upstream.taken_at]
    return max((moment for moment in moments if moment is not None), default=None)
