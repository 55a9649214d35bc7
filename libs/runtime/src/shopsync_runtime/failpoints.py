"""Named points at which a crash test kills the process.

`SHOPSYNC_FAILPOINT=name[:count]` sends SIGKILL to the own process at the count-th passage (default the first).
Unset, a point costs one comparison. The runtime's points: `before_handler`, `after_handler_before_commit`,
`after_dead_letter_before_commit`, `after_commit`. Services add their own.
"""

import os
import signal
from dataclasses import dataclass

VARIABLE = "SHOPSYNC_FAILPOINT"


@dataclass(slots=True)
class _Armed:
    name: str
    passages_left: int


def parse_failpoint(text: str | None) -> _Armed | None:
    """Read `name[:count]`. Raises ValueError when the count is not a positive number."""
    if not text:
        return None
    name, _, count = text.partition(":")
    passages = int(count) if count else 1
    if passages < 1:
        raise ValueError(f"{VARIABLE}={text!r}: the count must be 1 or more")
    return _Armed(name, passages)


_armed = parse_failpoint(os.environ.get(VARIABLE))


def failpoint(name: str) -> None:
    """Die here by SIGKILL when the environment says so: no handler, no flush, no commit."""
    if _armed is None or _armed.name != name:
        return
    _armed.passages_left -= 1
    if _armed.passages_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
