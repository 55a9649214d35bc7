"""Temporary folders of servers, which a crash of ours does not leave behind for ever."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "shopsync-sandbox-"
_held: dict[Path, int] = {}


def new_folder(kind: str) -> Path:
    """A new folder under the system's temporary one, ours until `remove_folder`.

    A lock marks it as in use. First removes the folders of processes that died without removing theirs: the kernel
    has freed their locks.
    """
    _sweep()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
        handle = lock_file(folder / "lock")
        if handle is not None:  # else another process's sweep came between the two calls
            _held[folder] = handle
            return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder of `new_folder` with everything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    handle = _held.pop(folder, None)
    if handle is not None:
        os.close(handle)


def _sweep() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
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
