"""Named points at which a crash test kills or freezes the process.

With `SHOPSYNC_FAILPOINT=name[:count][:stop]` the process sends itself SIGKILL when it passes the point the count-th
time (default: first). With `stop` it is SIGSTOP, and the process continues when the test sends SIGCONT. Several points
are separated by commas. Without the variable a point costs one comparison. The runtime's points: `before_handler`,
`after_handler_before_commit`, `after_dead_letter_before_commit`, `after_commit`. Services add their own.
"""

import os
import signal
from dataclasses import dataclass

VARIABLE = "SHOPSYNC_FAILPOINT"


@dataclass(slots=True)
class _Armed:
    name: str
    passages_left: int
    send: signal.Signals


def parse_failpoints(text: str | None) -> list[_Armed]:
    """Read `name[:count][:stop],…`. Raises ValueError when a count is not a positive number."""
    return [_parse(one) for one in text.split(",")] if text else []


def _parse(text: str) -> _Armed:
    name, *rest = text.split(":")
    send = signal.SIGKILL
    if rest and rest[-1] == "stop":
        send = signal.SIGSTOP
        rest.pop()
    passages = int(":".join(rest)) if rest else 1
    if passages < 1:
        raise ValueError(f"{VARIABLE}={text!r}: the count must be 1 or more")
    return _Armed(name, passages, send)


_armed = parse_failpoints(os.environ.get(VARIABLE))


def failpoint(name: str) -> None:
    """Kill or freeze the process here if the environment says so. Nothing is flushed or committed."""
    if not _armed:
        return
    for one in _armed:
        if one.name == name:
            one.passages_left -= 1
            if one.passages_left == 0:
                os.kill(os.getpid(), one.send)
