"""The send times that a replica has reserved for a shop and not used yet. Local seconds. No I/O."""

from collections import deque

from publisher.pace.slots import SlotReservation, late_limit

_CLOSE_SPACING = 0.25
"""Seconds. With closer send times more are reserved while one is left: MongoDB's answer would come too late. Chosen."""


class ReservedTimes:
    """Reservations in order, each with evenly spaced send times."""

    def __init__(self) -> None:
        self._reservations: deque[SlotReservation] = deque()

    @property
    def first(self) -> SlotReservation:
        """The reservation of the next send time. Raises IndexError when there is none."""
        return self._reservations[0]

    def add(self, reservation: SlotReservation) -> None:
        """Behind those that are reserved."""
        self._reservations.append(reservation)

    def is_short(self, waiting: int) -> bool:
        """Whether to reserve more for `waiting` calls. Closely spaced, that is before the last one is used."""
        if len(self._reservations) != 1:
            return not self._reservations
        return self.first.count == 1 and self.first.step < _CLOSE_SPACING and waiting > 0

    def use_first(self) -> None:
        """The next send time is used, or was missed."""
        left = self._reservations.popleft().without_first()
        if left is not None:
            self._reservations.appendleft(left)

    def drop_late(self, now: float) -> bool:
        """Drop times that have passed: there were no calls, or the machine was too busy. Whether there were any."""
        dropped = False
        while self._reservations:
            if now - self.first.first <= late_limit(1.0 / self.first.step, alone=self.first.alone):
                break
            self.use_first()
            dropped = True
        return dropped

    def clear(self) -> None:
        """Give up all: the rate has changed, or calls are stopped."""
        self._reservations.clear()
