"""A demo that is kept running: which of its services has died meanwhile."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from shopsync_testkit.processes import ServiceProcess


async def tell_of_deaths(
    services: Mapping[str, ServiceProcess], stop: asyncio.Event, say: Callable[[str], None], *, every: float = 1.0
) -> None:
    """Until `stop` is set, say once of each service that it has ended, and where its log is."""
    told: set[str] = set()
    while not stop.is_set():
        for name, service in services.items():
            if not service.running and name not in told:
                told.add(name)
                code = service.child.exit_code
                say(
                    f"{name} has ended with code {code}, the rest goes on; its log: {service.log}; Ctrl-C ends the demo"
                )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
