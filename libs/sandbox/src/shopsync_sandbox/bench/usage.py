"""Processor time of processes, which does not depend on what else the machine does meanwhile."""

import os
from pathlib import Path


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a living process with all its threads; None where /proc does not tell."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    # after the command's closing bracket: state is field 3 of proc(5), utime field 14, stime field 15
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Meter:
    """Adds up what named processes use from `watch` on, over their restarts."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._living: dict[int, tuple[str, float]] = {}

    def watch(self, name: str, pid: int | None, *, from_birth: bool = False) -> None:
        """Count a process from now on, or all it ever used. Nothing happens for None: somebody else's server."""
        now = None if pid is None else cpu_seconds(pid)
        if pid is not None and now is not None:
            self._spent.setdefault(name, 0.0)
            self._living[pid] = (name, 0.0 if from_birth else now)

    def leave(self, pid: int) -> None:
        """Keep what a process has used so far: it is about to be killed."""
        name, since = self._living.pop(pid, ("", 0.0))
        now = cpu_seconds(pid)
        if name and now is not None:
            self._spent[name] += now - since

    def read(self) -> dict[str, float]:
        """Seconds per name so far."""
        found = dict(self._spent)
        for pid, (name, since) in self._living.items():
            now = cpu_seconds(pid)
            if now is not None:
                found[name] += now - since
        return found
