"""Limits repeated log lines of libraries to one per interval, with a count."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

_INTERVAL = 60.0
_KINDS = 1_000  # a library that formats values into the text would otherwise fill the memory

_Kind = tuple[str, int, str]


class Repeats(logging.Filter):
    """Passes a library's line when it is the first of its kind within the interval.

    A kind is logger, level and text before formatting. aiokafka logs each attempt to reach a broker, ten a second for
    every consumer, so an outage of a minute would be thousands of equal lines. The next line of a kind has the number
    of suppressed ones (`repeated`). Our own loggers are not limited.
    """

    def __init__(
        self, libraries: Sequence[str], *, interval: float = _INTERVAL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._libraries = frozenset(libraries)
        self._interval = interval
        self._clock = clock
        self._kinds: OrderedDict[_Kind, tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name.partition(".")[0] not in self._libraries:
            return True
        kind = (record.name, record.levelno, str(record.msg)[:200])
        now = self._clock()
        since, held_back = self._kinds.get(kind, (-self._interval, 0))
        if now - since < self._interval:
            self._kinds[kind] = since, held_back + 1
            return False
        if held_back:
            record.repeated = held_back
        self._kinds[kind] = now, 0
        self._kinds.move_to_end(kind)
        if len(self._kinds) > _KINDS:
            self._kinds.popitem(last=False)
        return True
