"""A contender that is a Python program of this package, with its places as the argument."""

import sys
from pathlib import Path

from shopsync_rehearsals.bench.catalogue.contenders.places import Places
from shopsync_rehearsals.bench.catalogue.plan import Kind
from shopsync_testkit.children import Child, spawn

_GRACE_SECONDS = 20.0
_MODULES = {Kind.RAW_LOOP: "raw_loop", Kind.ONE_BY_ONE: "one_by_one"}


class Program:
    """`python -m` one of the modules beside this one. It ends at SIGTERM, after the batch in flight."""

    def __init__(self, kind: Kind, places: Places, folder: Path) -> None:
        self.kind = kind
        self.places = places
        self._log = folder / f"{kind}.log"
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.kind} has not been started")
        return self._child

    async def start(self) -> None:
        """Start the program; it works as soon as it has its partitions."""
        module = f"{__package__}.{_MODULES[self.kind]}"
        self._child = spawn(self.kind, [sys.executable, "-m", module, self.places.to_json()], log=self._log)

    async def stop(self) -> None:
        """End the program (SIGTERM). Does nothing when it has not been started."""
        if self._child is not None:
            await self._child.terminate(_GRACE_SECONDS)

    async def failure(self) -> str | None:
        """Set when the program has ended."""
        code = self._running.exit_code
        return None if code is None else f"{self.kind} ended with code {code}:\n{self._running.tail()}"
