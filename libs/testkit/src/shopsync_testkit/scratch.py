"""Temporary folders of servers. Those of a process that crashed are removed by the next one."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "SHOPSYNC_SCRATCH"
"""Environment variable: where the folders are made. Unset: the system's folder for temporary files."""
_PREFIX = "shopsync-sandbox-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folders in it have unique names and are only ours
_ENOUGH = 4 << 30
_held: dict[Path, int] = {}


def new_folder(kind: str) -> Path:
    """A new folder in the one that SHOPSYNC_SCRATCH names, reserved until `remove_folder`.

    A lock marks it as in use. The folders of processes that died are removed first: the kernel has released their
    locks.
    """
    _remove_abandoned()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=_base()))
        handle = lock_file(folder / "lock")
        if handle is not None:  # else another process has removed it between the two calls
            _held[folder] = handle
            return folder


def memory_folder() -> Path | None:
    """A folder whose files are kept in memory, if this machine has one with 4 GiB free.

    MongoDB waits for its journal at every acknowledged write, which takes a millisecond or more on a disk and no
    time in memory. The files survive a killed process, not the machine.
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


def _remove_abandoned() -> None:
    for folder in _base().glob(f"{_PREFIX}*"):
        handle = lock_file(folder / "lock", create=False)
        if handle is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def lock_file(path: Path, *, create: bool = True) -> int | None:
    """A descriptor that holds the lock on `path` until it is closed or this process ends.

    None when another process holds the lock, or the file is absent or may not be opened.
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
