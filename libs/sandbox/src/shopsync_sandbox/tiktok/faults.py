"""Faults on order: the network and the service going wrong in ways a client must survive."""

import fnmatch
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from shopsync_sandbox.tiktok.world import World

Kind = Literal["drop", "rate_limit", "error", "html", "slow", "gateway_timeout"]


@dataclass(slots=True)
class Fault:
    """`kind`: drop the connection, 429, a 5xx envelope, HTML instead of JSON, a delay, or 36009007.

    `after` processes the request first and then answers wrong, so the write has happened. `times` None = always.
    `operation` is a shell pattern over operation names, `shop` a shop key; None = all. `until` is in Unix seconds.
    """

    kind: Kind
    operation: str = "*"
    shop: str | None = None
    times: int | None = 1
    after: bool = False
    status: int = 503
    seconds: float = 1.0
    retry_after: bool = True
    until: float | None = None
    id: int = field(default=0)
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind {self.kind!r} is not one of {', '.join(get_args(Kind))}")


class Faults:
    """The faults on order; each request takes those that match."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, fault: Fault, *, for_seconds: float | None = None) -> Fault:
        fault.id = next(self._numbers)
        if for_seconds is not None:
            fault.until = self._world.real_time() + for_seconds
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def take(self, operation: str, shop_key: str | None) -> tuple[Fault, ...]:
        """The faults this request meets: every delay, and the first other one. Uses up one of `times` each."""
        taken: list[Fault] = []
        for fault in self._matching(operation, shop_key):
            if fault.kind != "slow" and any(t.kind != "slow" for t in taken):
                continue
            fault.hits += 1
            taken.append(fault)
        return tuple(taken)

    def describe(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._faults]

    def _matching(self, operation: str, shop_key: str | None) -> Iterator[Fault]:
        now = self._world.real_time()
        for fault in self._faults:
            spent = fault.times is not None and fault.hits >= fault.times
            over = fault.until is not None and now > fault.until
            meant = fnmatch.fnmatchcase(operation, fault.operation) and fault.shop in {None, shop_key}
            if meant and not spent and not over:
                yield fault
