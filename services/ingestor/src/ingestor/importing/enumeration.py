"""Decides whether a listing proves that a product is absent. Pure; in doubt it does not (DL-9, DL-10, NV-9)."""

from dataclasses import dataclass

from ingestor.errors import NothingToConfirm, UnexpectedReply
from ingestor.model import ImportRun

BARREN_PAGES = 3
"""Pages in a row without a new product, after which a listing counts as endless."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Counts of one page of a listing. `seen_before` products were already listed with the same upstream id."""

    listed: int
    unusable: int = 0
    nameless: int = 0
    seen_before: int = 0
    last: bool = False

    @property
    def records(self) -> int:
        """Number of records on the page."""
        return self.listed + self.unusable + self.nameless

    @property
    def new(self) -> int:
        """Number of products that were not listed before."""
        return self.listed - self.seen_before


def doubts_of(page: PageFacts, number: int) -> list[str]:
    """Reasons of page `number` (from 1) against using the listing as a proof; empty when there are none.

    A product that is listed twice means that paging is broken, and the repeated one may have replaced another.
    """
    doubts = []
    if page.nameless:
        doubts.append(f"page {number}: {page.nameless} product(s) without a readable product number")
    if page.seen_before:
        doubts.append(f"page {number}: {page.seen_before} product(s) that an earlier page had already")
    if page.records == 0 and not page.last:
        doubts.append(f"page {number}: no product, though more pages follow")
    return doubts


def check_end(barren_in_a_row: int, url: str | None, visited: str | None) -> None:
    """Raise UnexpectedReply when the listing is endless: the same page again, or nothing new for some pages."""
    if url is not None and url == visited:
        raise UnexpectedReply("the listing does not end: nextUrl leads to the page it came from")
    if barren_in_a_row >= BARREN_PAGES and url is not None:
        raise UnexpectedReply(f"the listing does not end: {barren_in_a_row} pages in a row brought no new product")


@dataclass(frozen=True, slots=True)
class ShrinkLimit:
    """How many products, and which share of them, a shop may lose before an operator must confirm.

    Only a loss beyond both is held back: small shops change by large shares, large ones by large numbers.
    """

    products: int = 20
    percent: float = 30.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a complete listing is a proof. `held_back`: it may be right, but too many products are gone at once."""

    proof: bool
    held_back: bool = False
    reason: str = ""


def judge(
    *, doubts: list[str], present_before: int, missing: int, listed: int, limit: ShrinkLimit, confirmed: bool = False
) -> Verdict:
    """Whether the listing proves absences.

    `present_before`: products known to be present before this listing; `missing`: how many of them it lacks;
    `confirmed`: an operator has confirmed the loss.
    """
    if doubts:
        return Verdict(proof=False, reason="the listing is inconsistent: " + "; ".join(doubts))
    if confirmed:
        return Verdict(proof=True)
    if listed == 0 and present_before > 0:
        return Verdict(
            proof=False, held_back=True, reason=f"the listing is empty, but the shop had {present_before} products"
        )
    if missing > limit.products and missing * 100 > limit.percent * present_before:
        reason = (
            f"{missing} of {present_before} products are missing, more than {limit.products} products"
            f" and {limit.percent:g} %"
        )
        return Verdict(proof=False, held_back=True, reason=reason)
    return Verdict(proof=True)


def check_confirmation(confirmed_id: str, newest: ImportRun | None) -> int:
    """Number of products in the listing whose loss an operator confirms (`shopsync imports confirm-shrink`).

    Raises NothingToConfirm with the reason. `newest`: the shop's newest import that read a complete listing. An older
    one cannot be confirmed.
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
    """Whether the confirmation covers the new listing: it has not shrunk past the limit again.

    `confirmed`, `listed`: products in the confirmed and in the new listing; `lost_again`: products of the confirmed
    one that the new one lacks.
    """
    missing = max(lost_again, confirmed - listed)
    return judge(doubts=[], present_before=confirmed, missing=missing, listed=listed, limit=limit).proof
