"""Lines that libraries repeat: one at once, then one per interval that says how many there were."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

_INTERVAL = 60.0
_KINDS = 1_000  # a library that writes its values into the text would fill the memory otherwise

_Kind = tuple[str, int, str]


class Repeats(logging.Filter):
    """Lets a library's line through when it is the first of its kind within the interval.

    A kind is logger, level and text before its values are put in. aiokafka tells of each attempt to reach a broker, ten
    a second for every consumer: an outage of a minute would be thousands of lines that say one thing. What was held
    back is counted on the next line of its kind (`repeated`). Our own loggers are not touched.
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
