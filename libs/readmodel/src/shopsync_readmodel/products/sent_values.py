"""Which of a product's values TikTok Shop has: what was last sent. Pure.

The publisher keeps a digest of each value that it sent. Of a push by an earlier version, or after a restore, only the
version and time are known: then a value that nobody has changed since is the sent one.
"""

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shopsync_contracts.content_digests import content_digests
from shopsync_contracts.events import SnapshotContent
from shopsync_contracts.ownership import DIMENSIONS, SIDES, side_field
from shopsync_readmodel.products.own_words import reported
from shopsync_readmodel.products.product import StoredProduct
from shopsync_readmodel.stored.layers import UPSTREAM_FIELDS
from shopsync_readmodel.words import Words

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
    record = found.listing
    if record is not None and record.pushed_content_version == snapshot.pushed_content_version and record.digests:
        return Sent.SAME if record.digests.get(field) == content_digests(snapshot).get(field) else Sent.EARLIER
    changed_at = _changed_at(found, field)
    if changed_at is None:
        # Nobody ever entered one, or when futureshop's was taken is not stored.
        return Sent.UNKNOWN if field in UPSTREAM_FIELDS else Sent.SAME
    if changed_at > listing.pushed_at:
        return Sent.EARLIER
    return Sent.SAME if changed_at < listing.pushed_at - _UNDER_WAY else Sent.UNKNOWN


def notes_on(found: StoredProduct, field: str) -> tuple[Words, ...]:
    """What was left out of the field's value when it was sent, or changed; in the report's words without the field."""
    if sent_value(found, field) is not Sent.SAME:
        return ()
    return tuple(words for name, words in _notes(found) if name == field)


def other_notes(found: StoredProduct, fields: Collection[str]) -> tuple[Words, ...]:
    """Those of the last push that belong to none of these fields, such as those on SKUs."""
    return tuple(words for name, words in _notes(found) if name not in fields)


def _notes(found: StoredProduct) -> Iterator[tuple[str, Words]]:
    snapshot, record = found.snapshot, found.listing
    if snapshot is None or record is None or record.pushed_content_version != snapshot.pushed_content_version:
        return
    for note in record.notes:
        path, _, rest = note.partition(": ")
        field = re.split(r"[.\[]", path, maxsplit=1)[0]
        if field in SnapshotContent.model_fields:
            yield field, reported(note if path != field else rest)
        else:
            yield "", reported(note)


def _changed_at(found: StoredProduct, field: str) -> datetime | None:
    """When the field may have changed last, None: never. An import may have brought the same value again."""
    layers = found.layers
    if field in UPSTREAM_FIELDS:
        moments = [layers.upstream.taken_at, *(edit.at for name, edit in layers.edits.items() if name == field)]
    else:
        names = {field} if field != DIMENSIONS else {side_field(side) for side in SIDES}
        moments = [layers.tool[name].at for name in names if name in layers.tool]
    return max((moment for moment in moments if moment is not None), default=None)
