"""Values that the publisher stores: listings, jobs and what belongs to them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SkuKey = tuple[str, str]
"""Vertical and horizontal number (縦軸枝番, 横軸枝番)."""

ReviewMark = Literal[
    "in_review", "live", "draft", "approved", "rejected", "pre_approved", "deactivated", "frozen", "deleted"
]


@dataclass(frozen=True, slots=True)
class ListedSku:
    """A SKU of the listing. `stock_sent`: the number, which is sent once only; None: not sent yet (ST-3, ST-11)."""

    vertical_no: str
    horizontal_no: str
    seller_sku: str
    tiktok_sku_id: str
    stock_sent: int | None = None

    @property
    def key(self) -> SkuKey:
        """Vertical and horizontal number."""
        return (self.vertical_no, self.horizontal_no)


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """An answer to a write that was no success. `command_id`: of the push command whose write was answered.

    `settles`: the answer is known to mean that nothing was done.
    """

    code: str
    message: str
    command_id: str
    settles: bool


@dataclass(frozen=True, slots=True)
class SentContent:
    """For the merchant. `digests`: of each value as it was sent. `notes`: what was left out of them or changed."""

    digests: dict[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent. If it is still stored at the next attempt, its outcome is unknown (ST-13).

    `key`: the idempotency key of a create. `stock`: the numbers in its body; a create has one for every SKU.
    `core`, `sent`: see Listing. `sent_at`: not sent before it; None: stored by a version without it, long ago.
    `answer` None: there was none, or the process was killed before it was stored.
    """

    kind: Literal["create", "edit"]
    key: str
    content_version: int
    fingerprint: str
    stock: dict[SkuKey, int]
    core: str | None = None
    sent_at: datetime | None = None
    answer: WriteAnswer | None = None
    sent: SentContent | None = None

    @property
    def is_settled(self) -> bool:
        """Whether TikTok's answer means a refusal. The next write searches once before, and has its own key."""
        return self.answer is not None and self.answer.settles


@dataclass(frozen=True, slots=True)
class ContentRefusal:
    """TikTok refused the content with this fingerprint, and would refuse it again.

    `command_id`: of the push command that got an unknown answer; even a manual one is not sent again.
    """

    fingerprint: str
    code: str
    message: str
    at: datetime
    command_id: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What was last reported of the listing: its state, the pushed version, and a digest of TikTok's reasons."""

    state: ReviewMark
    content_version: int | None
    reasons_digest: str = ""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that is stored and may not be in Kafka yet; `event`: the message as JSON."""

    id: str
    event: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One product at TikTok Shop.

    `fingerprint`: of the content that TikTok accepted last. `core`: digest of title, SKU names and prices as sent.
    `live_digest`: digest of the whole content as TikTok returned it once approved; a change means that somebody edited
    it in Seller Center (LY-3). `overwritten`: the digest that our last edit was to replace; when it does not change,
    TikTok rewrites our content. `live_shown`: what a search row showed when `live_digest` was read; None after a
    webhook.

    `pushes`: grows with every write of ours. Of two workers that both hold the product only one can store anything,
    and a reading that began before a write is void. `notices`: counts TikTok's webhooks. `former_ids`: listings of an
    earlier product with this number (DL-13). `unsent`: the events in the outbox, oldest first, when it was read or
    written. `traceparent`: the trace of the last push, to which TikTok's review belongs too. `sent`: of the content
    that TikTok accepted last; None: not known.
    """

    shop_key: str
    product_no: str
    tiktok_product_id: str | None = None
    skus: tuple[ListedSku, ...] = ()
    pushed_content_version: int | None = None
    fingerprint: str | None = None
    review: Review | None = None
    core: str | None = None
    live_digest: str | None = None
    live_shown: str | None = None
    overwritten: str | None = None
    intent: Intent | None = None
    refusal: ContentRefusal | None = None
    former_ids: tuple[str, ...] = ()
    pushes: int = 0
    notices: int = 0
    sent: SentContent | None = None
    unsent: tuple[OutboxEntry, ...] = field(default=(), compare=False, repr=False)
    traceparent: str | None = field(default=None, compare=False)

    @property
    def subject(self) -> str:
        """`{shop_key}/{product_no}`."""
        return f"{self.shop_key}/{self.product_no}"

    @property
    def stock_sent(self) -> dict[SkuKey, int]:
        """The stock that was sent, by SKU."""
        return {sku.key: sku.stock_sent for sku in self.skus if sku.stock_sent is not None}


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A running publisher and the fingerprints of its keys, newest first."""

    replica: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed push of a product. `command_id`: event id of the newest command; `seq`: counts commands.

    `waits`: counts waits for the rate, which are no attempts (RB-11). `reported`: the cause that was reported since the
    newest command. `owner`: who holds the lease. `traceparent`: the trace of the newest command.
    """

    shop_key: str
    product_no: str
    command_id: str
    reason: str
    requested_at: datetime
    attempts: int
    waits: int
    seq: int
    owner: str
    reported: str | None = None
    traceparent: str | None = None

    @property
    def id(self) -> str:
        """`{shop_key}/{product_no}`: one job per product, however many commands."""
        return f"{self.shop_key}/{self.product_no}"

    @property
    def rank(self) -> tuple[datetime, str]:
        """Order of the calls of a shop's pushes: the oldest push goes first, so that pushes end one after the other."""
        return self.requested_at, self.product_no


@dataclass(frozen=True, slots=True)
class Later:
    """When a job goes on, and what is kept of it until then. `trouble`: code and text of the try that just failed."""

    due_at: datetime
    attempts: int
    waits: int = 0
    reported: str | None = None
    trouble: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ShopState:
    """The shop's authorisation. `ended`, `blocked`: (code, text) of TikTok's refusal of the whole shop."""

    authorized: bool
    ended: tuple[str, str] | None = None
    blocked: tuple[str, str] | None = None
    blocked_until: datetime | None = None
    quota_until: datetime | None = None


UseCase = Literal["MAIN_IMAGE", "DESCRIPTION_IMAGE", "SIZE_CHART_IMAGE"]
"""What an uploaded image is for, as TikTok Shop names it."""


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """An image at TikTok Shop. `uri`: for product bodies; `url`: for descriptions. Width and height in pixels.

    `note`: about the file, for the merchant; "" for nearly all.
    """

    uri: str
    url: str
    width: int
    height: int
    note: str = ""
