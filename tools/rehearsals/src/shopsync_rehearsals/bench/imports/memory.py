"""Resident memory of a process along its progress."""

from dataclasses import dataclass

STEPS = 10
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Step:
    """`done`: percent of the work. Memory in MiB: `now` at that moment, `highest` since the step before."""

    done: int
    seconds: float
    now: float
    highest: float


class Memory:
    """Memory at every tenth of the work, and its highest value in between."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._highest = 0.0
        self.steps: list[Step] = []

    def sample(self, done: int, seconds: float, resident: int | None) -> None:
        """Record that `done` of the total was reached after `seconds`, with so many bytes resident."""
        if resident is None:
            return
        now = resident / _MIB
        self._highest = max(self._highest, now)
        reached = done * STEPS // self._total * 100 // STEPS
        if reached > 0 and (not self.steps or reached > self.steps[-1].done):
            self.steps.append(Step(reached, seconds, now, self._highest))
            self._highest = 0.0


def growth(steps: list[Step], *, since: int = 20) -> float | None:
    """By what share the highest memory after `since` percent exceeds the highest before; None: too few samples."""
    before = [step.highest for step in steps if step.done <= since]
    after = [step.highest for step in steps if step.done > since]
    return max(after) / max(before) - 1 if before and after else None
