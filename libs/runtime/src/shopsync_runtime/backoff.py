import random

FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
_DOUBLINGS = 20


def backoff_delay(
    attempt: int, *, first: float = FIRST_DELAY, longest: float = LONGEST_DELAY, jitter: float | None = None
) -> float:
    """Seconds to wait before attempt number `attempt` (1 = the first repetition): doubling, at most `longest`.

    `jitter` in 0…1 spreads the replicas over the upper half of the wait; drawn at random when not given.
    """
    ceiling = min(longest, first * 2.0 ** min(max(attempt, 1) - 1, _DOUBLINGS))
    drawn = random.random() if jitter is None else jitter  # noqa: S311 - spreads load, guards nothing
    return ceiling / 2 + ceiling / 2 * drawn
