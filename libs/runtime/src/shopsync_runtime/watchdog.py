import asyncio
import faulthandler
import os
import threading

EXIT_CODE = 70
_ROUND = 1.0
_STDERR = 2


class Watchdog:
    """A thread that proves the event loop turns. A loop that is blocked too long is dumped and the process ends.

    A blocked loop sends no heartbeats and answers no probe; only another thread can say what it is stuck in. The
    stacks go to stderr without any lock of ours, then `os._exit`: logging could hang on the very lock that blocks.
    Time is counted in rounds of a second that the thread itself lived through, so a suspended process is not blamed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._loop = loop
        self._rounds = max(1, round(timeout / _ROUND))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Cease to watch."""
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
