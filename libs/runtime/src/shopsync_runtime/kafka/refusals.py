"""Rights that are taken away while a service runs."""

import time
from collections.abc import Callable

import structlog
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

log = structlog.get_logger(__name__)


def is_refusal(error: BaseException) -> bool:
    """Whether a right is missing. aiokafka raises some of these by their class, others as text in its base class."""
    if isinstance(error, TopicAuthorizationFailedError | GroupAuthorizationFailedError):
        return True
    return type(error) is KafkaError and "AuthorizationFailedError" in str(error)


class Refusal:
    """What the cluster does not let us do. Told until it works again, or `told_seconds` after the last attempt.

    It is tried again without end, so that a right that comes back is enough.
    """

    def __init__(self, told_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._told_seconds = told_seconds
        self._clock = clock
        self._what = ""
        self._until = 0.0

    @property
    def text(self) -> str | None:
        """For /readyz; None while nothing is refused."""
        if self._clock() >= self._until:
            return None
        return f"Kafka does not let us {self._what}; grant it with `shopsync topics apply --acls`"

    def note(self, what: str) -> bool:
        """Note that this was refused, such as `read p.reports.v1`. Logged when it begins; returns whether it does."""
        is_known = self.text is not None and what == self._what
        self._what, self._until = what, self._clock() + self._told_seconds
        if not is_known:
            log.error("refused by Kafka", reason=self.text)
        return not is_known

    def works(self, what: str) -> None:
        """Note that this was allowed."""
        if what == self._what:
            self._until = 0.0
