"""Temporary folders of servers, which a crash of ours does not leave behind indefinitely."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "SHOPSYNC_SCRATCH"
"""Environment variable: where the folders are made. Unset: the system's folder for temporary files."""
_PREFIX = "shopsync-sandbox-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it have names of their own and belong to us alone
_ENOUGH = 4 << 30
_held: dict[Path, int] = {}


def new_folder(kind: str) -> Path:
    """A new folder in the one that SHOPSYNC_SCRATCH names, ours until `remove_folder`.

    A lock marks it as in use. First removes the folders of processes that died without removing theirs: the kernel
    has freed their locks.
    """
    _sweep()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=_base()))
        handle = lock_file(folder / "lock")
        if handle is not None:  # else another process's sweep came between the two calls
            _held[folder] = handle
            return folder


def memory_folder() -> Path | None:
    """A folder whose files are kept in memory, if this machine has one with 4 GiB free.

    MongoDB waits for its journal at every acknowledged write: on a disk that takes a millisecond or more, in memory
    nothing. What is written outlives a process that is killed, not the machine.
    """
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ENOUGH and os.access(_MEMORY, os.W_OK) else None
    except OSError:
        return None


def _base() -> Path:
    return Path(os.environ.get(FOLDER) or tempfile.gettempdir())


def remove_folder(folder: Path) -> None:
    """Remove a folder of `new_folder` with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    handle = _held.pop(folder, None)
    if handle is not None:
        os.close(handle)


def _sweep() -> None:
    for folder in _base().glob(f"{_PREFIX}*"):
        handle = lock_file(folder / "lock", create=False)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def lock_file(path: Path, *, create: bool = True) -> int | None:
    """A descriptor that holds the lock on `path` until it is closed or this process ends.

    None when another holds it, or the file is absent or not ours to open.
    """
    try:
        handle = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
