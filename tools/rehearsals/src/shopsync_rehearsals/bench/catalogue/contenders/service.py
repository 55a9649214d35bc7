"""The catalogue itself: the service with its default settings."""

from collections.abc import Mapping
from pathlib import Path

from shopsync_rehearsals.bench import profiled
from shopsync_rehearsals.bench.catalogue.contenders.places import Places
from shopsync_rehearsals.bench.catalogue.plan import Kind
from shopsync_testkit.processes import ServiceProcess


class Catalogue:
    """`python -m catalog`; with `profiles` the same under cProfile, which leaves its files in that folder."""

    kind = Kind.CATALOGUE

    def __init__(
        self, places: Places, settings: Mapping[str, str], folder: Path, profiles: str | None, *, name: str = "catalog"
    ) -> None:
        self.places = places
        module, own = "catalog", dict[str, str]()
        if profiles is not None:
            module, own = profiled.MODULE, profiled.environment("catalog", profiles)
        self._process = ServiceProcess(module, env={**settings, **own}, folder=folder, name=name)

    @property
    def pid(self) -> int:
        return self._process.child.pid

    async def start(self) -> None:
        """Start the service; it works as soon as it has its partitions."""
        await self._process.start(wait=False)

    async def ready(self) -> None:
        """Wait until it has its partitions."""
        await self._process.ready()

    async def stop(self) -> None:
        """End the service (SIGTERM), as an operator would. Does nothing when it has not been started."""
        if self._process.running:
            await self._process.terminate()

    async def failure(self) -> str | None:
        """Set when the service has ended."""
        return None if self._process.running else f"the catalogue ended:\n{self._process.tail()}"
