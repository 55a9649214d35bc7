"""The folder for what is fetched once per machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """`SHOPSYNC_CACHE`, else `$XDG_CACHE_HOME/shopsync`, else `~/.cache/shopsync`. Created when missing."""
    explicit = os.environ.get("SHOPSYNC_CACHE")
    base = os.environ.get("XDG_CACHE_HOME")
    folder = Path(explicit) if explicit else (Path(base) if base else Path.home() / ".cache") / "shopsync"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`, on this machine. The kernel releases it when the process dies."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
