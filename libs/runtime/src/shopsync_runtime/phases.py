"""Where the seconds of a process's start go."""

import os
import time
from collections.abc import Callable
from pathlib import Path

_IMPORTED = time.monotonic()


def process_age() -> float:
    """Seconds since this process began, the interpreter's own start included.

    Where there is no /proc, since this module was imported.
    """
    try:
        text = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace")
        # after the command's closing bracket: state is field 3 of proc(5), starttime field 22
        ticks = int(text.rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):
        return time.monotonic() - _IMPORTED


class Phases:
    """Splits the seconds of a start among its phases, of which one begins where the last one ended."""

    def __init__(self, *, age: Callable[[], float] = process_age) -> None:
        self._age = age
        self._ended_at = 0.0
        self.seconds: dict[str, float] = {}

    def ended(self, phase: str) -> None:
        """Note that this phase has ended just now."""
        now = self._age()
        self.seconds[phase] = round(now - self._ended_at, 3)
        self._ended_at = now

    @property
    def total(self) -> float:
        """Seconds from the process's beginning to the end of the last phase."""
        return round(self._ended_at, 3)
