"""A demo that is kept running: its services may be killed, and are started again where somebody asks for it."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from shopsync_testkit.processes import ServiceProcess


def pid_file(folder: Path, name: str) -> Path:
    """Holds the process id of the service's latest start."""
    return folder / f"{name}.pid"


def start_file(folder: Path, name: str) -> Path:
    """Whoever makes it has the service started again; it is gone when that was done."""
    return folder / f"{name}.start"


async def look_after(
    services: Mapping[str, ServiceProcess],
    folder: Path,
    stop: asyncio.Event,
    say: Callable[[str], None],
    *,
    every: float = 1.0,
) -> None:
    """Until `stop` is set: say once of each service that it has ended, and start those that are asked for."""
    for name, service in services.items():
        _note(folder, name, service)
    told: set[str] = set()
    while not stop.is_set():
        for name, service in services.items():
            wanted = start_file(folder, name)
            if not service.running and name not in told:
                told.add(name)
                say(
                    f"{name} has ended with code {service.child.exit_code}, the rest goes on; its log: {service.log};"
                    f" `touch {wanted}` starts it again, Ctrl-C ends the demo"
                )
            if wanted.exists():
                wanted.unlink()
                if not service.running:
                    await service.start(wait=False)
                    _note(folder, name, service)
                    told.discard(name)
                say(f"{name} runs as process {service.child.pid}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)


def _note(folder: Path, name: str, service: ServiceProcess) -> None:
    pid_file(folder, name).write_text(f"{service.child.pid}\n", encoding="utf-8")
