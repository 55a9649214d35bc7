"""What one process holds at a moment: memory, descriptors, threads, tasks, messages that wait."""

from dataclasses import dataclass
from pathlib import Path

import httpx

from shopsync_rehearsals.bench.usage import resident_bytes
from shopsync_testkit.processes import ServiceProcess

_MIB = 1024 * 1024
TASKS = "shopsync_event_loop_tasks"
LAG = "shopsync_consumer_lag"


@dataclass(frozen=True, slots=True)
class Sample:
    """`at`: seconds since the begin."""

    at: float
    megabytes: float
    descriptors: int
    threads: int
    tasks: int
    lag: int


async def sample(service: ServiceProcess, client: httpx.AsyncClient, at: float) -> Sample | None:
    """One reading; None when the process does not answer, or where there is no /proc."""
    pid = service.child.pid
    resident = resident_bytes(pid)
    try:
        text = (await client.get(f"{service.url}/metrics")).text
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))  # noqa: ASYNC240 - /proc is memory
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))  # noqa: ASYNC240
    except (httpx.TransportError, OSError):
        return None
    if resident is None:
        return None
    return Sample(at, resident / _MIB, descriptors, threads, int(total(text, TASKS)), int(total(text, LAG)))


def total(metrics: str, name: str) -> float:
    """The sum of a gauge over its labels, in Prometheus' text."""
    lines = (line for line in metrics.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
