"""Rates from arrival times. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shopsync_sandbox.tiktok.traffic import DROPPED

RATE_LIMITED = 429
PUSHING = frozenset({"upload_image", "create_product"})
"""Operations that happen only while a shop has products to push."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as TikTok Shop received it. `at` in Unix seconds."""

    at: float
    shop: str
    operation: str
    status: int

    @property
    def refused(self) -> bool:
        """Over the rate limit."""
        return self.status == RATE_LIMITED

    @property
    def failed(self) -> bool:
        """No answer or a 5xx one."""
        return self.status == DROPPED or self.status >= 500


def busy_span(calls: Sequence[Call]) -> tuple[float, float] | None:
    """From the first call to the last one that pushed; the shop always had work in between. None: it never had."""
    pushing = [call.at for call in calls if call.operation in PUSHING]
    return (calls[0].at, pushing[-1]) if pushing and pushing[-1] > calls[0].at else None


def rate_used(calls: Sequence[Call], rate: float, span: tuple[float, float]) -> float:
    """The share of the allowed rate that was used. It is 1.0 for n calls that span (n - 1) / rate seconds."""
    begin, end = span
    within = sum(1 for call in calls if begin <= call.at <= end)
    return (within - 1) / (rate * (end - begin))
