"""How fast messages come and are handled, from two looks at the offsets of topics and groups. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_cli.kafka.lag import GroupLag
from shopsync_contracts.topics import LISTING_EVENTS, PRODUCT_CHANGES, TOOL_EDITS


@dataclass(frozen=True, slots=True)
class Offsets:
    """Sums of offsets at a moment.

    `published`: ends of the topics with changes; `folded`: what the catalogue has handled; `answered`: end of the topic
    on which the publisher tells what became of pushes.
    """

    at: datetime
    published: int
    folded: int
    answered: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second, between two looks. Transaction markers count too."""

    changes: float
    folds: float
    pushes: float


def offsets_of(groups: Sequence[GroupLag], prefix: str, at: datetime) -> Offsets:
    """From the lag of the groups, which holds all offsets that are needed."""
    changed = {PRODUCT_CHANGES.full_name(prefix), TOOL_EDITS.full_name(prefix)}
    told = LISTING_EVENTS.full_name(prefix)
    parts = [part for one in groups if one.group == f"{prefix}.catalog.products" for part in one.partitions]
    return Offsets(
        at,
        published=sum(part.end for part in parts if part.topic in changed),
        folded=sum(part.committed or 0 for part in parts),
        answered=sum(part.end for part in parts if part.topic == told),
    )


def rates_between(before: Offsets, after: Offsets) -> Rates | None:
    """None when no time has passed. Offsets that went back, as of a topic that was made again, are no negative rate."""
    seconds = (after.at - before.at).total_seconds()
    if seconds <= 0:
        return None

    def rate(was: int, is_now: int) -> float:
        return max(0, is_now - was) / seconds

    return Rates(
        changes=rate(before.published, after.published),
        folds=rate(before.folded, after.folded),
        pushes=rate(before.answered, after.answered),
    )
