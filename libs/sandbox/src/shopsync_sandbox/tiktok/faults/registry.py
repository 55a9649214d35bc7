"""Requested faults: problems of the network and the service that a client must survive."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import translate
from typing import Any, Literal, get_args

from shopsync_sandbox.tiktok.protocol.live_answers import live_status
from shopsync_sandbox.tiktok.state.world import World

Kind = Literal["drop", "truncate", "rate_limit", "error", "html", "slow", "gateway_timeout", "answer"]

_STATUS = {"rate_limit": 429, "error": 503, "html": 502, "gateway_timeout": 504, "answer": 200}
_TOKEN_HOST = "token_"  # noqa: S105 - the beginning of operation names


@dataclass(slots=True)
class Fault:
    """`kind`: drop the connection, cut the body short, 429, a 5xx envelope, HTML instead of JSON, a delay, or any code.

    An `answer` has `code`; `message` and `status` default to those of the live service, where they are known.

    With `after` the request is processed first and answered wrong or late, so that the write has happened; `truncate`
    always does that. `operation` is a shell pattern for operation names, `shop` a shop key; None: all. The token host's
    operations, token_get and token_refresh, match only a pattern that begins with token_. The first `skip` matching
    requests are not affected, the next `times` are (None: all), for at most `for_seconds` from now. `status` replaces
    the kind's HTTP status. `seconds` is the delay, or the Retry-After of a 429.
    """

    kind: Kind
    operation: str = "*"
    shop: str | None = None
    times: int | None = 1
    after: bool = False
    status: int | None = None
    #: of an `answer`: the envelope's code and message
    code: int | None = None
    message: str | None = None
    seconds: float = 1.0
    retry_after: bool = True
    retry_after_form: Literal["seconds", "date"] = "seconds"
    skip: int = 0
    for_seconds: float | None = None
    #: Unix seconds, set when the fault is added
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
            self.status = live_status(self.code) if self.code is not None else _STATUS.get(self.kind)
        elif self.kind not in _STATUS:
            raise ValueError(f"kind {self.kind} has no status of its own")
        elif not 200 <= self.status <= 599:
            raise ValueError(f"status {self.status} is not 200 to 599")
        if self.seconds < 0 or self.skip < 0 or (self.times is not None and self.times < 1):
            raise ValueError("seconds and skip must not be negative, times must be null or at least 1")
        self._pattern = re.compile(translate(self.operation))

    @property
    def is_carried_out(self) -> bool:
        """Whether the request is processed in spite of the fault."""
        return self.after or self.kind in {"slow", "truncate"}

    def matches(self, operation: str, shop_key: str | None) -> bool:
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
    """The active faults. Each request takes those that match."""

    def __init__(self, world: World, active: Sequence[Fault] = ()) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self._faults: list[Fault] = []
        for fault in active:
            self.add(fault)

    def add(self, fault: Fault, *, for_seconds: float | None = None) -> Fault:
        """Add a fault. `for_seconds` counts from now. Used-up faults are removed."""
        now = self._world.real_time()
        fault.id = next(self._numbers)
        if for_seconds is not None:
            fault.for_seconds = for_seconds
        if fault.for_seconds is not None:
            fault.until = now + fault.for_seconds
        self._faults = [f for f in self._faults if not _is_over(f, now)]
        self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> None:
        """Raises KeyError when there is no such fault, or it is used up."""
        if all(fault.id != fault_id for fault in self._faults):
            raise KeyError(f"fault {fault_id}")
        self._faults = [fault for fault in self._faults if fault.id != fault_id]

    def clear(self) -> None:
        self._faults.clear()

    def take(self, operation: str, shop_key: str | None) -> tuple[Fault, ...]:
        """The faults of this request: every delay, and the first other one. Each counts as one of its `times`."""
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
        return (f for f in self._faults if not _is_over(f, now) and f.matches(operation, shop_key))


def _is_over(fault: Fault, now: float) -> bool:
    spent = fault.times is not None and fault.hits >= fault.times
    return spent or (fault.until is not None and now > fault.until)
