"""Free TCP ports on the loopback interface."""

import random
import socket
import tempfile
from pathlib import Path

from shopsync_testkit.scratch import lock_file

# Below the kernel's ephemeral range (32768 and up on Linux). A port inside it may be taken as the local end of any
# outgoing connection while a stopped broker is to return on it. A client that keeps dialling a dead loopback port can
# even connect to itself.
_FIRST, _LAST = 20_000, 32_000
_held: dict[int, int] = {}
_random = random.SystemRandom()


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, reserved for this process as long as it lives.

    The reservation is a lock file that every user of this function respects: two test sessions that start servers at
    the same moment get different ports.
    """
    folder = Path(tempfile.gettempdir()) / "shopsync-ports"
    folder.mkdir(exist_ok=True)
    for _ in range(500):
        port = _random.randint(_FIRST, _LAST)
        if port in _held or not is_free(port, host):
            continue
        handle = lock_file(folder / str(port))
        if handle is not None:
            _held[port] = handle
            return port
    raise RuntimeError(f"no free TCP port found on {host} between {_FIRST} and {_LAST}")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
