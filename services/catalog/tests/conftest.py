from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.rules.merge import Folded, ReceivedMessage, fold
from catalog.rules.model import Rules, State
from shopsync_contracts import new_event, topic_of
from shopsync_contracts.events import (
    DeleteRequested,
    EditChanges,
    Enumeration,
    EnumerationProof,
    ImportMode,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    ProductSnapshot,
    PushAction,
    PushFailed,
    PushFailureStatus,
    PushSkipped,
    PushSucceeded,
    Reason,
    ReviewAfterPush,
    ReviewChanged,
    ReviewState,
    SkipReason,
    SkuSent,
    SyncTargetSet,
    UpstreamProduct,
)

EPOCH = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)

COMPLETE = {
    "category_id": "600001",
    "brand_id": "7000",
    "package_weight_g": 300,
    "package_dimensions_cm": {"length": 30, "width": 20, "height": 5},
}


def at(minute: float) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def product(**members: Any) -> UpstreamProduct:
    """A regular product at 3,500 yen, tax included, with one SKU of stock 10."""
    skus = members.pop("skus", [{"stock": members.pop("stock", 10)}])
    return UpstreamProduct.model_validate(
        {
            "updated_at": at(members.pop("updated", 0)),
            "name": "シャツ",
            "description": "<p>綿</p>",
            "images": ["https://shop.example/1.jpg"],
            "sale_form": "regular",
            "regular_price": 3500,
            "stock_managed": True,
            "skus": skus,
            **members,
        },
        strict=False,
    )


@dataclass
class Story:
    """One product's life: each call is one message, given to the fold in a batch of its own."""

    rules: Rules = field(default_factory=Rules)
    shop_key: str = "demo"
    product_no: str = "A-1"
    state: State = field(default_factory=State)
    last: Folded | None = None
    sent: list[ReceivedMessage] = field(default_factory=list)
    broker: datetime = EPOCH + timedelta(days=30)
    now: datetime = EPOCH
    offsets: dict[str, int] = field(default_factory=dict)

    @property
    def snapshot(self) -> ProductSnapshot:
        assert self.state.snapshot is not None, "the product is not there"
        return ProductSnapshot.from_document(self.state.snapshot)

    def message(self, body: Any, *, time: datetime = EPOCH, event_id: str | None = None) -> ReceivedMessage:
        topic = topic_of(type(body)).name
        offset = self.offsets[topic] = self.offsets.get(topic, -1) + 1
        event = new_event(body, source="/tests", id=event_id or f"{topic}-{offset}", time=time)
        return ReceivedMessage(event, topic, 0, offset, self.broker)

    def give(self, *messages: ReceivedMessage) -> Folded:
        self.now += timedelta(seconds=1)
        self.last = fold(self.state, messages, self.rules, self.now)
        self.state = self.last.state
        self.sent += messages
        return self.last

    def take(self, body: Any, **how: Any) -> Folded:
        return self.give(self.message(body, **how))

    # What futureshop says
    def change(self, observed: float = 0, mode: ImportMode = "changed_only", **members: Any) -> ProductChanged:
        return ProductChanged(
            shop_key=self.shop_key,
            product_no=self.product_no,
            mode=mode,
            observed_at=at(observed),
            product=product(**members),
        )

    def changed(self, observed: float = 0, mode: ImportMode = "changed_only", **members: Any) -> Folded:
        return self.take(self.change(observed, mode, **members))

    def removal(self, started: float, enumeration: str = "E1") -> ProductRemoved:
        proof = Enumeration(id=enumeration, started_at=at(started), completed_at=at(started + 1), product_count=5)
        return ProductRemoved(shop_key=self.shop_key, product_no=self.product_no, enumeration=proof)

    def removed(self, started: float, enumeration: str = "E1") -> Folded:
        return self.take(self.removal(started, enumeration))

    # What the merchant does
    def edit(self, minute: float, **changes: Any) -> ProductEdited:
        return ProductEdited(
            shop_key=self.shop_key,
            product_no=self.product_no,
            edited_at=at(minute),
            changes=EditChanges.model_validate(changes, strict=False),
        )

    def edited(self, minute: float, **changes: Any) -> Folded:
        return self.take(self.edit(minute, **changes))

    def target(self, enabled: bool) -> SyncTargetSet:
        return SyncTargetSet(shop_key=self.shop_key, product_no=self.product_no, sync_enabled=enabled)

    def switched(self, minute: float, enabled: bool) -> Folded:
        return self.take(self.target(enabled), time=at(minute))

    # What TikTok says
    def pushed(
        self,
        action: PushAction = "created",
        review: ReviewAfterPush = "in_review",
        *,
        version: int | None = None,
        tiktok: str = "T1",
        stock: int | None = None,
        minute: float = 0,
        event_id: str | None = None,
        skus: Any = None,
    ) -> Folded:
        if skus is None:
            skus = tuple(
                SkuSent(
                    vertical_no=sku.vertical_no,
                    horizontal_no=sku.horizontal_no,
                    tiktok_sku_id=f"{tiktok}-{sku.vertical_no}-{sku.horizontal_no}",
                    stock_sent=stock,
                )
                for sku in self.snapshot.skus
            )
        body = PushSucceeded(
            shop_key=self.shop_key,
            product_no=self.product_no,
            content_version=version or self.snapshot.content_version,
            action=action,
            tiktok_product_id=tiktok,
            skus=skus,
            review=review,
        )
        return self.take(body, time=at(minute), event_id=event_id)

    def failed(
        self, status: PushFailureStatus = "sync_error", *, version: int | None = None, missing: tuple[str, ...] = ()
    ) -> Folded:
        body = PushFailed(
            shop_key=self.shop_key,
            product_no=self.product_no,
            content_version=version or self.snapshot.content_version,
            status=status,
            code="12052104",
            message="TikTok says no",
            missing=missing,
        )
        return self.take(body)

    def skipped(self, why: SkipReason) -> Folded:
        return self.take(PushSkipped(shop_key=self.shop_key, product_no=self.product_no, why=why))

    def reviewed(
        self,
        review: ReviewState,
        minute: float,
        *,
        version: int | None = None,
        tiktok: str = "T1",
        reasons: tuple[Reason, ...] = (),
    ) -> Folded:
        body = ReviewChanged(
            shop_key=self.shop_key,
            product_no=self.product_no,
            tiktok_product_id=tiktok,
            content_version=version,
            review=review,
            reasons=reasons,
            occurred_at=at(minute),
        )
        return self.take(body)

    # What the janitor asks
    def deletion(
        self, enumeration: str = "E1", completed: float = 0, not_after: float | None = None
    ) -> DeleteRequested:
        return DeleteRequested(
            shop_key=self.shop_key,
            product_no=self.product_no,
            sweep_id="S1",
            enumeration=EnumerationProof(id=enumeration, completed_at=at(completed)),
            not_after=None if not_after is None else at(not_after),
        )

    def deleted(self, enumeration: str = "E1", completed: float = 0, not_after: float | None = None) -> Folded:
        return self.take(self.deletion(enumeration, completed, not_after))

    def complete(self, minute: float = 1) -> Folded:
        """Enter all 不足項目."""
        return self.edited(minute, **COMPLETE)


@pytest.fixture
def story() -> Story:
    """A product nobody has seen yet."""
    return Story()


@pytest.fixture
def new_story() -> Callable[..., Story]:
    """More than one product, or one under other rules."""
    return Story


@pytest.fixture
def ready(story: Story) -> Story:
    """Imported, complete, ON."""
    story.changed()
    story.complete()
    story.switched(1, True)
    return story


@pytest.fixture
def at_minute() -> Callable[[float], datetime]:
    """The moment so many minutes after the start of all stories."""
    return at


@pytest.fixture
def make_product() -> Callable[..., UpstreamProduct]:
    """`make_product(updated=minutes, stock=10, **members)`."""
    return product


@pytest.fixture
def complete_edit() -> dict[str, Any]:
    """All 不足項目."""
    return dict(COMPLETE)
