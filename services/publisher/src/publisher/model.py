"""What the publisher remembers of a listing, and one push command waiting to be carried out. Values only."""

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
    """A SKU of the listing. `stock_sent` is the number sent, once and never again; None: not sent yet (ST-3, ST-11)."""

    vertical_no: str
    horizontal_no: str
    seller_sku: str
    tiktok_sku_id: str
    stock_sent: int | None = None

    @property
    def key(self) -> SkuKey:
        """Its place on the two axes."""
        return (self.vertical_no, self.horizontal_no)


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What TikTok answered to a write instead of success. `command_id`: the push command that it was told to.

    `settles`: it is known to mean that nothing was done.
    """

    code: str
    message: str
    command_id: str
    settles: bool


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be sent. Still there at the next attempt: nobody knows whether TikTok did it (ST-13).

    `key` is TikTok's idempotency key of a create; `stock` the numbers that went with it, so a create's names all its
    SKUs; `core` see Listing. `sent_at`: not before it; None: by a version that did not note it, so long ago.
    `answer` None: there was none, or the process died before it was noted.
    """

    kind: Literal["create", "edit"]
    key: str
    content_version: int
    fingerprint: str
    stock: dict[SkuKey, int]
    core: str | None = None
    sent_at: datetime | None = None
    answer: WriteAnswer | None = None

    @property
    def is_settled(self) -> bool:
        """A create that was refused as far as TikTok's answer is true: the next one looks once and has its own key."""
        return self.answer is not None and self.answer.settles


@dataclass(frozen=True, slots=True)
class ContentRefusal:
    """TikTok's answer to the content with this fingerprint: it would be the same again.

    `command_id`: the push command that met an answer nobody knows; it does not ask again even when a hand gave it.
    """

    fingerprint: str
    code: str
    message: str
    at: datetime
    command_id: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What was last reported of the listing: the state, the push it judges, and TikTok's reasons as a digest."""

    state: ReviewMark
    content_version: int | None
    reasons_digest: str = ""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that is recorded but not yet known to be on Kafka; `event` is the message's JSON."""

    id: str
    event: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One product at TikTok Shop. `fingerprint` is that of the content last accepted.

    `core` is the digest of title, SKU names and prices as they were sent, `live_digest` that of TikTok's own reading of
    everything once approved: another one later means that somebody edited it in Seller Center (LY-3). `overwritten` is
    the reading that our last edit meant to replace: when it stays, TikTok writes our content in its own way.
    `live_shown` is what a search row showed of the product when `live_digest` was last read; None after a webhook.

    `pushes` grows with every write of ours: of two workers that both think the product is theirs, only one records
    anything, and a reading begun before a write is void. `notices` counts TikTok's webhooks. `former_ids` are listings
    of an earlier product with this number (DL-13): not this one's. `unsent`: the events that stood
    in its outbox, oldest first, when it was read or written.
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
    unsent: tuple[OutboxEntry, ...] = field(default=(), compare=False, repr=False)

    @property
    def subject(self) -> str:
        """`{shop_key}/{product_no}`."""
        return f"{self.shop_key}/{self.product_no}"

    @property
    def stock_sent(self) -> dict[SkuKey, int]:
        """SKUs whose stock went out, and with which number."""
        return {sku.key: sku.stock_sent for sku in self.skus if sku.stock_sent is not None}


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A running publisher and the fingerprints of its keys, newest first."""

    replica: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed push of a product. `command_id` is the newest command's event id; `seq` counts commands.

    `waits` counts the waits for rate, which are no attempts (RB-11). `reported` is the shop-level cause already told
    since that command.
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

    @property
    def id(self) -> str:
        """`{shop_key}/{product_no}`: one job per product, however many commands."""
        return f"{self.shop_key}/{self.product_no}"

    @property
    def rank(self) -> tuple[datetime, str]:
        """Order among the pushes of a shop: those under way are finished one after the other, not all at the end."""
        return self.requested_at, self.product_no


@dataclass(frozen=True, slots=True)
class ShopState:
    """The shop's authorisation. `ended`/`blocked` are TikTok's (code, text) against the whole shop."""

    authorized: bool
    ended: tuple[str, str] | None = None
    blocked: tuple[str, str] | None = None
    blocked_until: datetime | None = None
    quota_until: datetime | None = None


UseCase = Literal["MAIN_IMAGE", "DESCRIPTION_IMAGE", "SIZE_CHART_IMAGE"]
"""What TikTok Shop is told an uploaded image is for."""


@dataclass(frozen=True, slots=True)
class UploadedImage:
    """An image at TikTok Shop: `uri` for product bodies, `url` for descriptions; size in pixels.

    `note`: what the merchant should know of the file, "" for nearly all.
    """

    uri: str
    url: str
    width: int
    height: int
    note: str = ""
