import asyncio
import faulthandler
import os
import threading

EXIT_CODE = 70
_ROUND = 1.0
_STDERR = 2


class Watchdog:
    """A thread that checks that the event loop runs. If it is blocked too long, the process dumps its stacks and exits.

    A blocked loop sends no heartbeats and answers no probe, so only another thread can report where it is stuck. It
    writes the stacks to stderr and calls `os._exit`, because logging could wait for the very lock that blocks. Time is
    counted in seconds that the thread itself ran, so a suspended process does not count as blocked.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._loop = loop
        self._rounds = max(1, round(timeout / _ROUND))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(_ROUND):
            turned = threading.Event()
            try:
                self._loop.call_soon_threadsafe(turned.set)
            except RuntimeError:  # the loop is closed: the process is ending by itself
                return
            if not self._await(turned):
                self._die()

    def _await(self, turned: threading.Event) -> bool:
        return any(turned.wait(_ROUND) or self._stop.is_set() for _ in range(self._rounds))

    def _die(self) -> None:
        os.write(
            _STDERR, f"watchdog: the event loop was blocked for {self._rounds} s, exit code {EXIT_CODE}\n".encode()
        )
        faulthandler.dump_traceback(file=_STDERR, all_threads=True)
        os._exit(EXIT_CODE)
