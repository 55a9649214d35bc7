"""An operator says that a loss is real (`shopsync imports confirm-shrink`): what that allows, and what not. Pure."""

from ingestor.importing.enumeration import ShrinkLimit, judge
from ingestor.model import ImportRun


class NothingToConfirm(Exception):
    """The import that is confirmed is not the shop's newest listing, or it held nothing back."""

    code = "nothing_to_confirm"


def check_confirmation(confirmed_id: str, newest: ImportRun | None) -> int:
    """Products in the listing that is confirmed. Raises NothingToConfirm saying what stands in the way.

    `newest`: the shop's newest import that read a complete listing; an older one says nothing about today.
    """
    if newest is None:
        raise NothingToConfirm(f"import {confirmed_id} cannot be confirmed: the shop has no finished listing")
    if newest.id != confirmed_id:
        raise NothingToConfirm(
            f"import {confirmed_id} cannot be confirmed: {newest.id} is the newest listing of the shop"
        )
    if not newest.held_back:
        raise NothingToConfirm(f"import {confirmed_id} held no removals back")
    return newest.counts.distinct


def still_holds(*, confirmed: int, listed: int, lost_again: int, limit: ShrinkLimit) -> bool:
    """Whether the new listing is what the operator saw: it has not shrunk past the limit once more.

    `confirmed`, `listed`: products in the confirmed and in the new listing; `lost_again`: products of the confirmed
    one that the new one does not hold.
    """
    missing = max(lost_again, confirmed - listed)
    return judge(doubts=[], present_before=confirmed, missing=missing, listed=listed, limit=limit).proof
