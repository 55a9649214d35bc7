import random

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
_DOUBLINGS = 20


def backoff_delay(
    attempt: int, *, first: float = FIRST_DELAY, longest: float = LONGEST_DELAY, jitter: float | None = None
) -> float:
    """Seconds to wait before retry number `attempt`, from 1. The wait doubles up to `longest`.

    `jitter` from 0 to 1 distributes replicas over the upper half of the wait. It is random by default.
    """
    ceiling = min(longest, first * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS))
    drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
    return ceiling / 2 + ceiling / 2 * drawn
