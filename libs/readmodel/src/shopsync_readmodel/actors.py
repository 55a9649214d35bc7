"""Who has to act, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from shopsync_readmodel.words import Words


class Actor(StrEnum):
    """Who has to act; `japanese` is for merchants."""

    FUTURESHOP = "merchant in futureshop"
    TOOL = "merchant in the tool"
    SELLER_CENTER = "merchant in Seller Center"
    OPERATOR = "operator"
    WAIT = "wait"

    @property
    def japanese(self) -> str:
        """Where the merchant has to do something, or who else does it."""
        return _JAPANESE[self]


_JAPANESE = {
    Actor.FUTURESHOP: "futureshop管理画面で対応",
    Actor.TOOL: "この画面で対応",
    Actor.SELLER_CENTER: "Seller Centerで対応",
    Actor.OPERATOR: "運営担当者へ連絡",
    Actor.WAIT: "対応は不要",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and what helps. `what_ja` and `do_ja` are for merchants: they name no command of an operator."""

    who: Actor
    what: str
    do: str
    what_ja: str
    do_ja: str

    @classmethod
    def of(cls, who: Actor, what: Words, do: Words) -> Self:
        """From texts in both languages."""
        return cls(who, what.english, do.english, what.japanese, do.japanese)
