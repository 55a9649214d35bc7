"""Who has to act, and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from shopsync_readmodel.words import Words


class Actor(StrEnum):
    """Who has to act; `japanese` and `plain` are for merchants."""

    FUTURESHOP = "merchant in futureshop"
    TOOL = "merchant in the tool"
    SELLER_CENTER = "merchant in Seller Center"
    OPERATOR = "operator"
    WAIT = "wait"

    @property
    def japanese(self) -> str:
        """Where the merchant has to do something, or who else does it."""
        return _JAPANESE[self]

    @property
    def plain(self) -> str:
        """The same in English."""
        return _PLAIN[self]


_JAPANESE = {
    Actor.FUTURESHOP: "futureshop管理画面で対応",
    Actor.TOOL: "この画面で対応",
    Actor.SELLER_CENTER: "Seller Centerで対応",
    Actor.OPERATOR: "運営担当者へ連絡",
    Actor.WAIT: "対応は不要",
}
_PLAIN = {
    Actor.FUTURESHOP: "In futureshop",
    Actor.TOOL: "In this tool",
    Actor.SELLER_CENTER: "In Seller Center",
    Actor.OPERATOR: "Ask the operator",
    Actor.WAIT: "Nothing to do",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and what helps. `what` and `do` are for operators.

    Merchants read `what_ja` and `do_ja` or `what_en` and `do_en`: they name no command. Of those who only have to wait
    `more_ja` and `more_en` are what is left of it after the words of `who`.
    """

    who: Actor
    what: str
    do: str
    what_ja: str
    do_ja: str
    what_en: str
    do_en: str

    @classmethod
    def of(cls, who: Actor, what: Words, do: Words) -> Self:
        """From texts in both languages."""
        return cls(who, what.english, do.english, what.japanese, do.japanese, what.for_merchants, do.for_merchants)

    @property
    def more_ja(self) -> str:
        """`do_ja` beside the name of `who`."""
        return _beside(self.do_ja, "対応は不要です。") if self.who is Actor.WAIT else self.do_ja

    @property
    def more_en(self) -> str:
        """`do_en` beside the name of `who`."""
        return _beside(self.do_en, "Nothing to do: ") if self.who is Actor.WAIT else self.do_en


def _beside(text: str, said: str) -> str:
    rest = text.removeprefix(said)
    return "" if rest.rstrip("。") == said.rstrip("。: ") else f"{rest[:1].upper()}{rest[1:]}"
