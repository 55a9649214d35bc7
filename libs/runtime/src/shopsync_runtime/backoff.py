import random

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
_DOUBLINGS = 10


def backoff_delay(attempt: int, *, jitter: float | None = None) -> float:
    """Seconds to wait before attempt number `attempt` (1 = the first repetition): doubling, at most 30 s.

    `jitter` in 0…1 spreads the replicas over the upper half of the wait; drawn at random when not given.
    """
    ceiling = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS))
    drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
    return ceiling / 2 + ceiling / 2 * drawn
