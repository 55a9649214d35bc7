"""Arrival times and answers of every call, per shop. Nothing is discarded: a call takes 15 bytes."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shopsync_sandbox.tiktok.protocol.codes import Code

DROPPED = 0
_RATE_LIMITED = int(Code.RATE_LIMITED)


@dataclass(slots=True)
class _Calls:
    """Columns of one shop's calls, in the order of their answers."""

    at: "array[float]" = field(default_factory=lambda: array("d"))
    operation: "array[int]" = field(default_factory=lambda: array("B"))
    status: "array[int]" = field(default_factory=lambda: array("H"))
    code: "array[int]" = field(default_factory=lambda: array("I"))


class Traffic:
    """Signed API calls whose shop is known, refused ones included. Times are Unix seconds.

    A call is recorded when it is answered, with the time of its arrival. Kept until `reset`, unlike the request log.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._shops: dict[str, _Calls] = {}
        self._operations: dict[str, int] = {}

    def add(self, shop: str, at: float, operation: str, status: int | None, code: int | None) -> None:
        calls = self._shops.get(shop)
        if calls is None:
            calls = self._shops[shop] = _Calls()
        calls.at.append(at)
        calls.operation.append(self._operations.setdefault(operation, len(self._operations)))
        calls.status.append(DROPPED if status is None else status)
        calls.code.append(code or 0)

    def arrivals(self, shop: str) -> list[float]:
        """Arrival times, ascending; empty for a shop that never called."""
        calls = self._shops.get(shop)
        return [] if calls is None else sorted(calls.at)

    def summary(self) -> dict[str, dict[str, Any]]:
        """Counts per shop that has called.

        `requests`, `rate_limited`, `server_errors`, `dropped`, `by_status`, `first` and `last` arrival, and
        `busiest_second`, the most arrivals in any half-open second.
        """
        return {shop: _summary(calls) for shop, calls in self._shops.items()}

    def columns(self, shop: str) -> dict[str, list[Any]]:
        """The shop's calls by arrival: `at`, `operation`, `status` (0: dropped), `code`, one list each."""
        calls, names = self._shops.get(shop, _Calls()), list(self._operations)
        order = sorted(range(len(calls.at)), key=calls.at.__getitem__)
        return {
            "at": [calls.at[i] for i in order],
            "operation": [names[calls.operation[i]] for i in order],
            "status": [calls.status[i] for i in order],
            "code": [calls.code[i] for i in order],
        }


def busiest_second(arrivals: Sequence[float]) -> int:
    """The most arrivals in any half-open second [t, t + 1); `arrivals` ascending."""
    return max((bisect_left(arrivals, at + 1.0, index) - index for index, at in enumerate(arrivals)), default=0)


def _summary(calls: _Calls) -> dict[str, Any]:
    arrivals, statuses = sorted(calls.at), Counter(calls.status)
    return {
        "requests": len(arrivals),
        "rate_limited": sum(code == _RATE_LIMITED for code in calls.code),
        "server_errors": sum(count for status, count in statuses.items() if status >= 500),
        "dropped": statuses[DROPPED],
        "by_status": {str(status): count for status, count in sorted(statuses.items()) if status != DROPPED},
        "first": arrivals[0],
        "last": arrivals[-1],
        "busiest_second": busiest_second(arrivals),
    }
