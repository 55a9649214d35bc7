"""A database written by the services' own code, for tests of its readers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from catalog.product_updater import ProductUpdater
from catalog.rules.model import Rules
from catalog.store.held_messages import HeldMessages, message_of
from catalog.store.products import ProductStore
from catalog.store.shops import ShopStore
from shopsync_contracts import new_event, topic_of
from shopsync_contracts.events import (
    DeleteRequested,
    Enumeration,
    EnumerationProof,
    ProductChanged,
    ProductEdited,
    ProductRemoved,
    PushFailed,
    PushFailureStatus,
    PushSucceeded,
    ReviewChanged,
    ShopSettingsChanged,
    SyncTargetSet,
)
from shopsync_contracts.topics import TOOL_EDITS
from shopsync_runtime import Delivery

EPOCH = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


class Unpublished:
    """Drops the catalogue's snapshots: these tests read MongoDB only."""

    def message(self, _state: Any, _trace: Any = None) -> None:
        return None

    def begin(self, _products: Any) -> int:
        return 0

    async def send(self, messages: Mapping[str, Any], _turns: Any) -> None:
        assert not messages


@dataclass
class ToolDatabase:
    """Each call is one message to the catalogue. Minutes count from EPOCH."""

    database: AsyncDatabase[dict[str, Any]]
    where: tuple[str, ...] = ()
    offsets: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.now = EPOCH
        self.products = ProductStore(self.database)
        self.shops = ShopStore(self.database)
        self.held = HeldMessages(self.database, [TOOL_EDITS])
        feed: Any = Unpublished()
        self.updater = ProductUpdater(self.products, self.shops, feed, rules=Rules(), clock=lambda: self.now)

    @staticmethod
    def at(minute: float) -> datetime:
        return EPOCH + timedelta(minutes=minute)

    def delivery(self, body: Any, minute: float = 0) -> Delivery:
        spec = topic_of(type(body))
        self.offsets[spec.name] += 1
        event = new_event(body, source="/tests", id=f"{spec.name}-{self.offsets[spec.name]}", time=self.at(minute))
        return Delivery(
            topic=spec.name,
            partition=0,
            offset=self.offsets[spec.name],
            timestamp=EPOCH + timedelta(days=30),
            key=event.key(),
            value=event.to_bytes(),
            headers=(),
            spec=spec,
            parsed=event,
        )

    async def take(self, body: Any, minute: float = 0) -> None:
        self.now = max(self.now, self.at(minute))
        applied = await self.updater.apply([message_of(self.delivery(body, minute))])
        assert not applied.refused
        assert not applied.waiting

    async def hold(self, body: Any, minute: float) -> None:
        await self.held.hold([self.delivery(body, minute)], self.at(minute + 1))

    async def shop(self, shop_key: str = "demo", **members: Any) -> None:
        body = ShopSettingsChanged.model_validate({"shop_key": shop_key, **members}, strict=False)
        await self.shops.save(body, EPOCH, message_of(self.delivery(body)))

    async def imported(
        self, product_no: str = "A-1", *, minute: float = 0, shop_key: str = "demo", **members: Any
    ) -> None:
        product = {
            "updated_at": self.at(minute),
            "name": "シャツ",
            "description": "<p>綿</p>",
            "images": ["https://shop.example/1.jpg"],
            "sale_form": "regular",
            "regular_price": 3500,
            "stock_managed": True,
            "skus": [{"stock": 10}],
            **members,
        }
        body = {
            "shop_key": shop_key,
            "product_no": product_no,
            "mode": "changed_only",
            "observed_at": self.at(minute),
            "product": product,
        }
        await self.take(ProductChanged.model_validate(body, strict=False))

    async def edited(self, product_no: str = "A-1", *, minute: float, shop_key: str = "demo", **changes: Any) -> None:
        await self.take(self.edit(product_no, minute=minute, shop_key=shop_key, **changes))

    def edit(self, product_no: str, *, minute: float, shop_key: str = "demo", **changes: Any) -> ProductEdited:
        body = {"shop_key": shop_key, "product_no": product_no, "edited_at": self.at(minute), "changes": changes}
        return ProductEdited.model_validate(body, strict=False)

    async def completed(self, product_no: str = "A-1", *, minute: float = 1) -> None:
        await self.edited(
            product_no,
            minute=minute,
            category_id="600001",
            brand_id="7000",
            package_weight_g=300,
            package_dimensions_cm={"length": 30, "width": 20, "height": 5},
        )

    async def switched(self, product_no: str = "A-1", *, on: bool, minute: float = 1) -> None:
        await self.take(SyncTargetSet(shop_key="demo", product_no=product_no, sync_enabled=on), minute)

    async def pushed(self, product_no: str = "A-1", *, minute: float, stock: int | None = None, **members: Any) -> None:
        stored = await self.document(product_no)
        skus = [
            {
                "vertical_no": sku["vertical_no"],
                "horizontal_no": sku["horizontal_no"],
                "stock_sent": stock,
                "tiktok_sku_id": f"S-{sku['vertical_no']}-{sku['horizontal_no']}",
            }
            for sku in stored["skus"]
        ]
        body = {
            "shop_key": "demo",
            "product_no": product_no,
            "content_version": stored["content_version"],
            "action": "created",
            "tiktok_product_id": "T1",
            "skus": skus,
            "review": "in_review",
            **members,
        }
        await self.take(PushSucceeded.model_validate(body, strict=False), minute)

    async def failed(
        self,
        product_no: str = "A-1",
        *,
        status: PushFailureStatus,
        code: str,
        message: str = "TikTok says no",
        missing: tuple[str, ...] = (),
    ) -> None:
        stored = await self.document(product_no)
        await self.take(
            PushFailed(
                shop_key="demo",
                product_no=product_no,
                content_version=stored["content_version"],
                status=status,
                code=code,
                message=message,
                missing=missing,
            )
        )

    async def reviewed(self, product_no: str = "A-1", *, review: str, minute: float, reasons: Any = ()) -> None:
        version = (await self.document(product_no))["pushed_content_version"]
        body = {
            "shop_key": "demo",
            "product_no": product_no,
            "tiktok_product_id": "T1",
            "review": review,
            "content_version": version,
            "reasons": reasons,
            "occurred_at": self.at(minute),
        }
        await self.take(ReviewChanged.model_validate(body, strict=False))

    async def removed(self, product_no: str = "A-1", *, minute: float) -> None:
        proof = Enumeration(id="E1", started_at=self.at(minute), completed_at=self.at(minute + 1), product_count=5)
        await self.take(ProductRemoved(shop_key="demo", product_no=product_no, enumeration=proof))

    async def deleted(self, product_no: str = "A-1", *, minute: float) -> None:
        proof = EnumerationProof(id="E1", completed_at=EPOCH)
        await self.take(
            DeleteRequested(shop_key="demo", product_no=product_no, sweep_id="S1", enumeration=proof), minute
        )

    async def document(self, product_no: str = "A-1") -> dict[str, Any]:
        found = await self.database["products"].find_one({"_id": f"demo/{product_no}"})
        assert found is not None
        return found
