"""Which dead letters a command is about. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_cli.letters.letter import Letter
from shopsync_contracts.envelope import TYPE_PREFIX


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Conditions, all together; None and empty: no condition."""

    topics: tuple[str, ...] = ()
    event_type: str | None = None
    error_type: str | None = None
    shop_key: str | None = None
    since: datetime | None = None
    places: frozenset[tuple[int, int]] = frozenset()

    @property
    def empty(self) -> bool:
        """True when there is no condition."""
        return self == LetterFilter()

    def takes(self, letter: Letter) -> bool:
        """Whether the letter meets every condition."""
        return all(
            (
                not self.topics or letter.topic in self.topics,
                self.event_type is None or letter.event_type == _short(self.event_type),
                self.error_type is None or letter.error_type == self.error_type,
                self.shop_key is None or letter.shop_key == self.shop_key,
                self.since is None or letter.failed_at >= self.since,
                not self.places or (letter.record.partition, letter.record.offset) in self.places,
            )
        )

    def unmatched(self, letters: Sequence[Letter]) -> Iterator[str]:
        """Conditions that no letter meets, with the values there are: a misspelt one must not look like good news."""
        topics, kinds = {one.topic for one in letters}, {one.event_type for one in letters}
        errors, shops = {one.error_type for one in letters}, {one.shop_key for one in letters}
        asked = [("--topic", topic, topics) for topic in self.topics]
        if self.event_type is not None:
            asked.append(("--type", _short(self.event_type), kinds))
        asked += [
            (option, value, there)
            for option, value, there in (("--error", self.error_type, errors), ("--shop", self.shop_key, shops))
            if value is not None
        ]
        for option, value, there in asked:
            if letters and value not in there:
                yield f"no dead letter has {option} {value}; there are: {', '.join(sorted(there - {''})) or 'none'}"


def newest_per_record(letters: Iterable[Letter]) -> list[Letter]:
    """A record that became a dead letter twice, as when its topic is read again, counts once, by its newest letter.

    `letters` in the order of their time.
    """
    return list({one.source if one.topic else (one.full_place,): one for one in letters}.values())


def _short(event_type: str) -> str:
    name = event_type.removeprefix(TYPE_PREFIX)
    return name.rpartition(".")[0] if name.rpartition(".")[2] == "v1" else name
