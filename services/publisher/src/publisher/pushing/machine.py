"""What to do next in one push: a pure decision from the product, its shop, its listing and TikTok's view of it.

It is asked again after every step, so each decision rests on what is stored. The state after a crash is a state like
any other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from publisher.content.checks import Problem, in_words
from publisher.content.mapping import unsent_stock
from publisher.model import ContentRefusal, Intent, Listing, ShopState
from publisher.pushing.outcomes import is_ours
from publisher.tiktok.remote_product import RemoteProduct, review_of
from shopsync_contracts.events import ProductSnapshot, Reason, ReviewAfterPush, SkipReason
from shopsync_runtime.wording import no_settings

_SOONEST_LOOK = timedelta(seconds=2)
REFUSAL_LASTS = timedelta(hours=24)
"""After this a scheduled push tries again: the reason may lie outside the product, such as a brand's approval."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one decision rests on. `seen`: TikTok's view of the listing, None until it was read.

    `search_lag`: how long TikTok may take to show a write.
    `by_hand`: somebody pressed [同期] or redrove the command; otherwise a schedule asked.
    `acted`: this push has changed the listing and reported it; `edited`: by an edit.
    `searched`: TikTok was asked what became of the intent.
    `overview_checked`: the overview was asked; `confirmed`: it shows the listing as it is stored, so it is not read.
    """

    shop_key: str
    product: ProductSnapshot | None
    category_version: str | None
    shop: ShopState
    listing: Listing | None
    fingerprint: str
    problems: tuple[Problem, ...]
    now: datetime
    settings_overdue: bool
    by_hand: bool
    command_id: str = ""
    search_lag: timedelta = timedelta(0)
    seen: RemoteProduct | None = None
    acted: bool = False
    edited: bool = False
    searched: bool = False
    overview_checked: bool = False
    confirmed: ReviewAfterPush | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to send: report push.skipped."""

    why: SkipReason


@dataclass(frozen=True, slots=True)
class Fail:
    """Report push.failed. `park`: keep the job for when the shop works again."""

    status: Literal["sync_error", "warehouse_missing", "incomplete"]
    code: str
    message: str
    missing: tuple[str, ...] = ()
    park: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """No failure: try again at `until`, None for shortly."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reconcile:
    """The outcome of a write is unknown: find it out before anything else (ST-13, scenario 32)."""


@dataclass(frozen=True, slots=True)
class Settle:
    """The answer to a create was unclear and its product cannot be found: it was not done."""


@dataclass(frozen=True, slots=True)
class Create:
    """List the product."""


@dataclass(frozen=True, slots=True)
class CheckOverview:
    """Ask the shop's overview whether the listing is as it was stored."""


@dataclass(frozen=True, slots=True)
class ReadListing:
    """Read the listing's state at TikTok."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Send the whole content."""


@dataclass(frozen=True, slots=True)
class Activate:
    """Put a hidden product back on sale (LY-6)."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """TikTok has this content already."""

    review: ReviewAfterPush


@dataclass(frozen=True, slots=True)
class StillRejected:
    """A scheduled push of content that the review rejected: report it again, do not send it again (RB-9)."""


@dataclass(frozen=True, slots=True)
class StillRefused:
    """A scheduled push of content that TikTok refused lately: report it again, do not send it again."""

    refusal: ContentRefusal


@dataclass(frozen=True, slots=True)
class Done:
    """What had to be sent is sent and reported."""


Step = (
    Skip
    | Fail
    | Wait
    | Reconcile
    | Settle
    | Create
    | CheckOverview
    | ReadListing
    | Edit
    | Activate
    | Unchanged
    | StillRejected
    | StillRefused
    | Done
)

DELETED = Fail(
    "sync_error", "deleted_in_seller_center", "deleted in Seller Center: the listing is not made again by itself"
)


def decide(facts: Facts) -> Step:
    """The next step of the push."""
    if _may_find_out(facts):
        # Also for products that must not be sent any more: it only reads, and the listing has to be known.
        return Reconcile()
    step = _not_found(facts) or _before_any_call(facts)
    if step is not None:
        return step
    listing = facts.listing
    if listing is None or listing.tiktok_product_id is None:
        return _first_listing(facts)
    if facts.acted and facts.seen is None and listing.fingerprint == facts.fingerprint:
        return Done()
    if facts.seen is None:
        return _without_reading(facts) or ReadListing()
    return _with_view(facts, facts.seen)


def _may_find_out(facts: Facts) -> bool:
    intent = _intent(facts)
    if intent is None or intent.is_settled or facts.searched or facts.category_version is None:
        return False
    return _shop_refusal(facts) is None


def _not_found(facts: Facts) -> Step | None:
    """What follows from a search without a result: nothing before TikTok must have shown the write."""
    intent = _intent(facts)
    if intent is None or intent.is_settled or not facts.searched:
        return None
    again_at = look_again_at(intent, facts)
    if again_at is not None:
        return Wait(again_at)
    return None if intent.answer is None else Settle()


def look_again_at(intent: Intent, facts: Facts) -> datetime | None:
    """When to search again: after as long as it has been since the write. None: TikTok would show it by now."""
    if intent.sent_at is None or facts.now >= intent.sent_at + facts.search_lag:
        return None
    elapsed = facts.now - intent.sent_at
    return min(facts.now + max(elapsed, _SOONEST_LOOK), intent.sent_at + facts.search_lag)


def _look_first(facts: Facts) -> Reconcile | None:
    """Before a write that follows a refused one, one search shows whether TikTok did it after all (RB-8, NV-3)."""
    intent = _intent(facts)
    return Reconcile() if intent is not None and intent.is_settled and not facts.searched else None


def _intent(facts: Facts) -> Intent | None:
    return facts.listing.intent if facts.listing is not None else None


def _first_listing(facts: Facts) -> Step:
    quota = facts.shop.quota_until
    if quota is not None and quota > facts.now:
        return Wait(quota)
    return _refused_before(facts) or _look_first(facts) or Create()


def _refused_before(facts: Facts) -> StillRefused | None:
    """A scheduled push does not send content that TikTok refused lately: the answer would be the same (RB-9).

    Nor does the command, even a manual one, that got an unknown answer to this content.
    """
    refusal = facts.listing.refusal if facts.listing is not None else None
    if refusal is None or refusal.fingerprint != facts.fingerprint:
        return None
    if refusal.command_id is not None and refusal.command_id == facts.command_id:
        return StillRefused(refusal)
    if facts.by_hand:
        return None
    return StillRefused(refusal) if facts.now - refusal.at < REFUSAL_LASTS else None


def _before_any_call(facts: Facts) -> Step | None:  # noqa: PLR0911 - a list of refusals reads best as one
    if facts.category_version is None:
        if not facts.settings_overdue:
            return Wait(None)
        return Fail("sync_error", "shop_unknown", no_settings(facts.shop_key))
    product = facts.product
    if product is None:
        return Skip("not_found")
    if not product.sync_enabled:
        return Skip("sync_disabled")
    if product.missing or product.status == "incomplete":
        return Skip("incomplete")
    blocked = _shop_refusal(facts)
    if blocked is not None:
        return blocked
    if facts.problems:
        fields = tuple(dict.fromkeys(problem.field for problem in facts.problems))
        return Fail("incomplete", "incomplete", in_words(facts.problems), missing=fields)
    return None


def _shop_refusal(facts: Facts) -> Step | None:
    shop = facts.shop
    if shop.ended is not None:
        message = f"authorisation: TikTok Shop refuses this shop's access, authorise it again ({': '.join(shop.ended)})"
        return Fail("sync_error", "authorization", message, park=True)
    if not shop.authorized:
        return Skip("not_authorized")
    if shop.blocked is not None and shop.blocked_until is not None and shop.blocked_until > facts.now:
        return Fail("sync_error", shop.blocked[0], shop.blocked[1], park=True, until=shop.blocked_until)
    return None


def _without_reading(facts: Facts) -> Step | None:
    """Most products of a scheduled sync: nothing to send, and the overview confirms it without a reading (RB-9)."""
    if facts.acted or _has_news(facts):
        return None
    if not facts.overview_checked:
        return CheckOverview()
    return Unchanged(facts.confirmed) if facts.confirmed is not None else None


def _with_view(facts: Facts, seen: RemoteProduct) -> Step:  # noqa: PLR0911 - a table of states reads best as one
    state, reasons = review_of(seen)
    if state == "deleted":
        return DELETED
    if state == "frozen":
        return _taken_down("frozen", "TikTok Shop has frozen the listing", reasons)
    if _is_outdated(facts, seen):
        return _refused_before(facts) or _look_first(facts) or Edit()
    if seen.status == "SELLER_DEACTIVATED":
        return Activate()
    if seen.status == "PLATFORM_DEACTIVATED":
        # Only new content can answer TikTok's objection (SS-12).
        if facts.edited:
            return Activate()
        return _taken_down("platform_deactivated", "TikTok Shop has taken the listing off sale", reasons)
    if facts.acted:
        return Done()
    if state == "rejected":
        return Edit() if facts.by_hand else StillRejected()
    return Unchanged("live" if state == "approved" else "in_review")


def _is_outdated(facts: Facts, seen: RemoteProduct) -> bool:
    """Whether to send the content: it or a SKU is new, the listing is a draft, or somebody else edited it."""
    if _has_news(facts):
        return True
    if facts.edited or facts.listing is None:
        return False  # another edit at once would do no more than this one
    return seen.status == "DRAFT" or _edited_elsewhere(facts.listing, seen)


def _has_news(facts: Facts) -> bool:
    """Whether the product has other content than was sent, or a SKU that was never sent."""
    listing, product = facts.listing, facts.product
    if listing is None or product is None:
        return False
    if listing.fingerprint != facts.fingerprint:
        return True
    return not facts.edited and bool(unsent_stock(product, listing))


def _edited_elsewhere(listing: Listing, seen: RemoteProduct) -> bool:
    """Whether somebody changed the content in Seller Center since it was sent: then it is sent again (LY-3)."""
    if not seen.is_settled or not seen.digest:
        return False
    return not is_ours(listing, seen) if listing.live_digest is None else listing.live_digest != seen.digest


def _taken_down(code: str, what: str, reasons: tuple[Reason, ...]) -> Fail:
    """With TikTok's words (SS-12). The raw status among the reasons is for the event only."""
    told = "; ".join(reason.reason for reason in reasons if reason.reason and reason.position != "status")
    return Fail("sync_error", code, f"{what}: {told}" if told else f"{what}: see Seller Center")
