"""Reads how far a group is, and what processes use, until all messages are done."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from shopsync_rehearsals.bench.catalogue.figures import Reading
from shopsync_rehearsals.bench.catalogue.streams import Streams, Stretch
from shopsync_rehearsals.bench.usage import Meter, machine_seconds

_SAMPLE_SECONDS = 0.05
_ASK_SECONDS = 2.0
_THIS_PROGRAM = "this program"

Failure = Callable[[], Awaitable[str | None]]
"""Why the worker will not go on; None while it works. Asking may cost it time."""

Processes = Iterable[tuple[str, int | None]]
"""Names and process ids; what processes of one name use is added up. None: somebody else's."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a group has to do. `bound`: seconds after which it is given up. `name` is for that error."""

    name: str
    group: str
    stretch: Stretch
    bound: float


def meter_of(processes: Processes) -> Meter:
    """Counts these processes from now on, and this program."""
    meter = Meter()
    for name, pid in (*processes, (_THIS_PROGRAM, os.getpid())):
        meter.watch(name, pid)
    return meter


async def watch(
    streams: Streams,
    work: Work,
    processes: Processes,
    failure: Failure,
    seen: Callable[[int], None] = lambda _: None,
) -> list[Reading]:
    """Read until all is done; `seen` is told how much at each reading. Raises RuntimeError, or TimeoutError."""
    meter = meter_of(processes)
    readings: list[Reading] = []
    asked, deadline = time.monotonic(), time.monotonic() + work.bound
    while not readings or readings[-1].done < work.stretch.messages:
        if time.monotonic() > asked + _ASK_SECONDS:
            asked = time.monotonic()
            if (why := await failure()) is not None:
                raise RuntimeError(why)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{work.name} did not end within {work.bound:g} s")
        done = await streams.done(work.group, work.stretch.begin)
        readings.append(Reading(time.monotonic(), done, meter.read(), machine_seconds()))
        seen(done)
        await asyncio.sleep(_SAMPLE_SECONDS)
    return readings
