"""Processor time and memory of processes. Processor time hardly depends on what else the machine does."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a running process with all its threads; None where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    # after the command's closing bracket: state is field 3 of proc(5), utime field 14, stime field 15
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine_seconds() -> float | None:
    """Processor time that all cores of this machine have spent working since its start; None without /proc."""
    try:
        text = Path("/proc/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal, *_ = (int(field) for field in text.split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int | None:
    """Resident memory (RSS) of a running process; None where there is no /proc."""
    return _memory(pid, "VmRSS")


def most_resident_bytes(pid: int) -> int | None:
    """The highest resident memory (RSS) of a running process since its start; None where there is no /proc."""
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> int | None:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Processor seconds used until `at` (Unix seconds), by the measured processes and by the whole machine."""

    at: float
    ours: float
    machine: float | None


@dataclass(frozen=True, slots=True)
class Load:
    """Shares of all cores' time. Where `machine` is not known, it equals `ours`."""

    ours: float
    machine: float
    cores: int


def load(samples: Sequence[Sample], begin: float, end: float, count: int) -> Load | None:
    """The load of `count` cores between two moments; None: fewer than two samples lie between them."""
    within = [sample for sample in samples if begin <= sample.at <= end]
    if len(within) < 2 or within[-1].at <= within[0].at:
        return None
    first, last = within[0], within[-1]
    all_time = (last.at - first.at) * count
    ours = (last.ours - first.ours) / all_time
    if first.machine is None or last.machine is None:
        return Load(ours, ours, count)
    # A machine may have more cores than this program may use.
    return Load(ours, max(ours, min(1.0, (last.machine - first.machine) / all_time)), count)


class Meter:
    """Adds up what named processes use, from `watch` on and over restarts."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._living: dict[int, tuple[str, float]] = {}

    def watch(self, name: str, pid: int | None, *, from_birth: bool = False) -> None:
        """Count a process from now on, or from its start. None is somebody else's server and is not counted."""
        now = None if pid is None else cpu_seconds(pid)
        if pid is not None and now is not None:
            self._spent.setdefault(name, 0.0)
            self._living[pid] = (name, 0.0 if from_birth else now)

    def settle(self, pid: int) -> None:
        """Keep what a process has used so far, because it is about to be killed."""
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
