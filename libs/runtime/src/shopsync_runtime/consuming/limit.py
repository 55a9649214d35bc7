from collections.abc import Sequence


class DeadLetterLimit:
    """Counts dead letters in a row: a bad deploy must stop the subscription, not drain the topic.

    A single good message starts the count again. The count belongs to the subscription, over all its partitions.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_a_row = 0

    def admit(self, dead: Sequence[bool]) -> int:
        """How many of these, in order, may be settled before the limit is passed. Changes nothing."""
        count = self.in_a_row
        for index, is_dead in enumerate(dead):
            count = count + 1 if is_dead else 0
            if count > self.limit:
                return index
        return len(dead)

    def record(self, dead: Sequence[bool]) -> None:
        """Take settled messages into the count."""
        for is_dead in dead:
            self.in_a_row = self.in_a_row + 1 if is_dead else 0
