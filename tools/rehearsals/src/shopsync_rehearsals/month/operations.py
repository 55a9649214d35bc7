"""What can happen in the month: plain values, drawn by the script and carried out by the executor."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shopsync_sandbox.shop import JST


class Kind(StrEnum):
    """Who does what."""

    REGISTER = "futureshop: register"
    EDIT_UPSTREAM = "futureshop: edit"
    STOCK_UPSTREAM = "futureshop: stock"
    DELETE_UPSTREAM = "futureshop: delete"
    EDIT = "tool: edit"
    BULK_EDIT = "tool: 一括入力・変更"
    STOCK = "tool: stock"
    SWITCH = "tool: 連携対象"
    IMPORT = "import"
    SYNC = "sync"
    REVIEW = "TikTok: reviews"
    HIDE = "seller: hide"
    SELL = "seller: stock"
    RETITLE = "seller: edit title"
    DELETE_LISTING = "seller: delete"
    NIGHT = "nightly sweep"
    SETTINGS = "tool: 連携設定"
    TIMING = "timed sync"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that happens. `product_no` None: to the whole shop, or to the products in `about`."""

    kind: Kind
    product_no: str | None = None
    args: dict[str, Any] = field(default_factory=dict)
    about: frozenset[str] = frozenset()

    def concerns(self, product_no: str) -> bool:
        """Whether it may have changed this product."""
        if self.product_no is not None:
            return self.product_no == product_no
        return not self.about or product_no in self.about

    def __str__(self) -> str:
        args = " ".join(f"{name}={value!r}" for name, value in self.args.items())
        return " ".join(part for part in (self.kind.value, self.product_no, args) if part)


@dataclass(slots=True)
class Log:
    """Everything that happened, with simulated times and outcomes."""

    lines: list[tuple[datetime, Operation, str]] = field(default_factory=list)

    def add(self, at: datetime, operation: Operation, outcome: str = "") -> None:
        self.lines.append((at, operation, outcome))

    def of(self, product_no: str) -> list[str]:
        """Everything that happened to one product, as lines."""
        return [
            f"{at.astimezone(JST):%m-%d %H:%M:%S}  {operation}{f'  → {outcome}' if outcome else ''}"
            for at, operation, outcome in self.lines
            if operation.concerns(product_no)
        ]
