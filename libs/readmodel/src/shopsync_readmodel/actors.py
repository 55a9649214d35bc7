"""Who has to act, and why."""

from dataclasses import dataclass
from enum import StrEnum


class Actor(StrEnum):
    """Who has to act."""

    FUTURESHOP = "merchant in futureshop"
    TOOL = "merchant in the tool"
    SELLER_CENTER = "merchant in Seller Center"
    OPERATOR = "operator"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and what helps."""

    who: Actor
    what: str
    do: str
