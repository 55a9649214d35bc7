"""Faults on order: the network and the service going wrong in ways a client must survive."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import translate
from typing import Any, Literal, get_args

from shopsync_sandbox.tiktok.protocol.live_answers import status_seen
from shopsync_sandbox.tiktok.state.world import World

Kind = Literal["drop", "truncate", "rate_limit", "error", "html", "slow", "gateway_timeout", "answer"]

_STATUS = {"rate_limit": 429, "error": 503, "html": 502, "gateway_timeout": 504, "answer": 200}
_TOKEN_HOST = "token_"  # noqa: S105 - the beginning of operation names


@dataclass(slots=True)
class Fault:
    """`kind`: drop the connection, cut the body short, 429, a 5xx envelope, HTML instead of JSON, a delay, or any code.

    An `answer` has `code`; `message` and `status` are those that TikTok uses, where they are known, unless given.

    `after` processes the request first and then answers wrong (or late), so the write has happened; `truncate` always
    does. `operation` is a shell pattern over operation names, `shop` a shop key; None = all. The token host's
    operations, token_get and token_refresh, are meant only by a pattern that begins with token_. The first `skip`
    requests that match are left alone, the next `times` (None = all) are hit, for at most `for_seconds` from now.
    `status` replaces the kind's HTTP status. `seconds` is the delay, or the Retry-After of a 429.
    """

    kind: Kind
    operation: str = "*"
    shop: str | None = None
    times: int | None = 1
    after: bool = False
    status: int | None = None
    #: of an `answer`: the envelope's code and words
    code: int | None = None
    message: str | None = None
    seconds: float = 1.0
    retry_after: bool = True
    retry_after_form: Literal["seconds", "date"] = "seconds"
    skip: int = 0
    for_seconds: float | None = None
    #: Unix seconds, set when the fault is ordered
    until: float | None = None
    id: int = 0
    hits: int = 0
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind {self.kind!r} is not one of {', '.join(get_args(Kind))}")
        if self.retry_after_form not in {"seconds", "date"}:
            raise ValueError(f"retry_after_form {self.retry_after_form!r} is not seconds or date")
        if (self.code is None) == (self.kind == "answer"):
            raise ValueError("a code belongs to kind answer, and only there")
        if self.status is None:
            self.status = status_seen(self.code) if self.code is not None else _STATUS.get(self.kind)
        elif self.kind not in _STATUS:
            raise ValueError(f"kind {self.kind} has no status of its own")
        elif not 200 <= self.status <= 599:
            raise ValueError(f"status {self.status} is not 200 to 599")
        if self.seconds < 0 or self.skip < 0 or (self.times is not None and self.times < 1):
            raise ValueError("seconds and skip must not be negative, times must be null or at least 1")
        self._pattern = re.compile(translate(self.operation))

    @property
    def carries_out(self) -> bool:
        """Whether the request is processed all the same."""
        return self.after or self.kind in {"slow", "truncate"}

    def means(self, operation: str, shop_key: str | None) -> bool:
        if self.shop is not None and self.shop != shop_key:
            return False
        if operation.startswith(_TOKEN_HOST) and not self.operation.startswith(_TOKEN_HOST):
            return False
        return self._pattern.match(operation) is not None

    def describe(self) -> dict[str, Any]:
        facts = asdict(self)
        del facts["_pattern"]
        return facts


class Faults:
    """The faults on order; each request takes those that match."""

    def __init__(self, world: World, ordered: Sequence[Fault] = ()) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []
        for fault in ordered:
            self.add(fault)

    def add(self, fault: Fault, *, for_seconds: float | None = None) -> Fault:
        """Order a fault; `for_seconds` counts from now. Spent ones are forgotten."""
        now = self._world.real_time()
        fault.id = next(self._numbers)
        if for_seconds is not None:
            fault.for_seconds = for_seconds
        if fault.for_seconds is not None:
            fault.until = now + fault.for_seconds
        self._faults = [f for f in self._faults if not _over(f, now)]
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> None:
        """Raises KeyError when there is no such fault (any more)."""
        if all(fault.id != fault_id for fault in self._faults):
            raise KeyError(f"fault {fault_id}")
        self._faults = [fault for fault in self._faults if fault.id != fault_id]

    def clear(self) -> None:
        self._faults.clear()

    def take(self, operation: str, shop_key: str | None) -> tuple[Fault, ...]:
        """The faults this request meets: every delay, and the first other one. Uses up one of `times` each."""
        if not self._faults:
            return ()
        taken: list[Fault] = []
        for fault in self._matching(operation, shop_key):
            if fault.kind != "slow" and any(t.kind != "slow" for t in taken):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.hits += 1
            taken.append(fault)
        return tuple(taken)

    def describe(self) -> list[dict[str, Any]]:
        return [fault.describe() for fault in self._faults]

    def _matching(self, operation: str, shop_key: str | None) -> Iterator[Fault]:
        now = self._world.real_time()
        return (f for f in self._faults if not _over(f, now) and f.means(operation, shop_key))


def _over(fault: Fault, now: float) -> bool:
    spent = fault.times is not None and fault.hits >= fault.times
    return spent or (fault.until is not None and now > fault.until)
