"""Free TCP ports on the loopback interface."""

import random
import socket

# Below the kernel's ephemeral range (32768 and up on Linux). A port inside it may be taken as the local end of any
# outgoing connection while a stopped broker is to come back on it; a client that keeps dialling a dead loopback port
# can even connect to itself.
_FIRST, _LAST = 20_000, 32_000
_given: set[int] = set()
_random = random.SystemRandom()


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on now and that this process has not given out before."""
    for _ in range(500):
        port = _random.randint(_FIRST, _LAST)
        if port not in _given and _bindable(host, port):
            _given.add(port)
            return port
    raise RuntimeError(f"no free TCP port found on {host} between {_FIRST} and {_LAST}")


def _bindable(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
