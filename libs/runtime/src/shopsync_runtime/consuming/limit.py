from collections.abc import Sequence


class DeadLetterLimit:
    """Counts dead letters in a row, so that a bad deploy stops the subscription instead of draining the topic.

    A single good message resets the count. There is one count for all partitions of a subscription.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_a_row = 0

    def admit(self, dead: Sequence[bool]) -> int:
        """How many of these, in order, are within the limit. Does not change the count."""
        count = self.in_a_row
        for index, is_dead in enumerate(dead):
            count = count + 1 if is_dead else 0
            if count > self.limit:
                return index
        return len(dead)

    def record(self, dead: Sequence[bool]) -> None:
        """Count handled messages."""
        for is_dead in dead:
            self.in_a_row = self.in_a_row + 1 if is_dead else 0
