"""One product as futureshop knows it, including the prices that must never leave it."""

from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

JST = ZoneInfo("Asia/Tokyo")
MAX_SKUS = 400  # VA-2: at most 50 choices an axis and 400 combinations


def in_japan(moment: datetime) -> datetime:
    """The moment in Asia/Tokyo, in whole seconds (RA-7). One without a zone is read as Asia/Tokyo."""
    aware = moment.replace(tzinfo=JST) if moment.tzinfo is None else moment.astimezone(JST)
    return aware.replace(microsecond=0)


def _within(limit: int, forbidden: str) -> AfterValidator:
    def check(text: str) -> str:
        if len(text.encode()) > limit:
            raise ValueError(f"{text!r} is {len(text.encode())} bytes of UTF-8; at most {limit} are allowed")
        if found := [sign for sign in forbidden if sign in text]:
            raise ValueError(f"{text!r} holds {found[0]!r}, which is not allowed here")
        return text

    return AfterValidator(check)


ProductNo = Annotated[str, Field(min_length=1), _within(32, "/,")]
AxisNo = Annotated[str, _within(9, "/,")]
Yen = Annotated[int, Field(ge=0)]
Moment = Annotated[datetime, AfterValidator(in_japan)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sku(_Record):
    """One variation, keyed by (vertical_no, horizontal_no). `price` None: the product's price."""

    vertical_no: AxisNo = ""
    horizontal_no: AxisNo = ""
    vertical_name: str = ""
    horizontal_name: str = ""
    jan_code: str = ""
    price: Yen | None = None
    stock: Yen = 0
    preorder_stock: Yen = 0

    @property
    def key(self) -> tuple[str, str]:
        """(縦軸枝番, 横軸枝番)."""
        return (self.vertical_no, self.horizontal_no)


class StagePrice(_Record):
    """会員ステージ価格."""

    stage: str
    price: Yen


class Preorder(_Record):
    """予約販売: the sale form is pre-order. Whether it is in force depends on the period (Asia/Tokyo)."""

    price: Yen | None = None
    period_start: Moment | None = None
    period_end: Moment | None = None


class Product(_Record):
    """One product as its merchant registered it. Images are paths on the sandbox server, or full URLs."""

    id: int
    product_no: ProductNo
    name: str = Field(min_length=1)
    description: str = ""
    images: tuple[str, ...] = Field(default=(), max_length=9)
    visible: bool = True
    unit_price: Yen | None = None
    list_price: Yen | None = None
    body_price: Yen | None = None
    member_price: Yen | None = None
    stage_prices: tuple[StagePrice, ...] = ()
    tax_included: bool = True
    reduced_tax: bool = False
    stock_managed: bool = True
    sales_start: Moment | None = None
    sales_end: Moment | None = None
    preorder: Preorder | None = None
    vertical_axis: str | None = None
    horizontal_axis: str | None = None
    skus: tuple[Sku, ...] = Field(default=(Sku(),), min_length=1, max_length=MAX_SKUS)
    created_at: Moment
    updated_at: Moment

    @model_validator(mode="after")
    def _sku_keys_are_unique(self) -> Self:
        if len({sku.key for sku in self.skus}) != len(self.skus):
            raise ValueError("skus: two of them have the same vertical_no and horizontal_no")
        return self

    @property
    def tax_rate(self) -> int:
        """Percent."""
        return 8 if self.reduced_tax else 10

    @property
    def has_variations(self) -> bool:
        """Whether it has at least one axis."""
        return self.vertical_axis is not None or self.horizontal_axis is not None
