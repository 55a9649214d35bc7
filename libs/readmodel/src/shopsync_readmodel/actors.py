from enum import StrEnum


class Actor(StrEnum):
    """Who has to act."""

    FUTURESHOP = "merchant in futureshop"
    TOOL = "merchant in the tool"
    SELLER_CENTER = "merchant in Seller Center"
    OPERATOR = "operator"
    WAIT = "wait"
