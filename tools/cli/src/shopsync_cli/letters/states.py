"""What became of dead letters since: open, sent back, applied, or refused again. Pure.

A redrive leaves a mark on the dead-letter topic, so every host sees the same. The mark is an empty record with the
place of the letter (`x-redriven-from`), the place of its message now (`x-redriven-to`) and the time
(`x-redriven-at`). It lives as long as the letter itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shopsync_cli.kafka.records import Place, Record
from shopsync_cli.letters.letter import Letter, letter_of
from shopsync_runtime import deadletters as names

X_REDRIVEN_TO = "x-redriven-to"
X_REDRIVEN_AT = "x-redriven-at"
X_CLOCK_PROBE = "x-clock-probe"
"""On an empty record whose only purpose is the broker's time; it is neither letter nor mark."""
_PLACE = re.compile(r"(?P<topic>.+)/(?P<partition>\d+)@(?P<offset>\d+)")


class LetterState(StrEnum):
    """What became of a letter.

    `open`: nobody sent it back. `redriven`: sent back, no service has read it yet. `held`: kept until its product
    comes. `applied`: every service that reads the topic has accepted it. `failed_again`: there is a newer letter for
    the same message.
    """

    OPEN = "open"
    REDRIVEN = "redriven"
    HELD = "held"
    APPLIED = "applied"
    FAILED_AGAIN = "failed_again"


@dataclass(frozen=True, slots=True)
class Mark:
    """A letter was sent back."""

    letter: str
    to: Place
    at: datetime


@dataclass(frozen=True, slots=True)
class LetterOutcome:
    """What became of one letter. `to` and `at`: where and when it was last sent back."""

    state: LetterState
    to: Place | None = None
    at: datetime | None = None

    @property
    def place(self) -> str | None:
        """`TOPIC/PARTITION@OFFSET`."""
        return None if self.to is None else "{}/{}@{}".format(*self.to)


def letters_and_marks(records: Iterable[Record]) -> tuple[list[Letter], list[Mark]]:
    """The records of the topic as letters and marks."""
    letters, marks = [], []
    for record in records:
        letter = letter_of(record)
        if X_CLOCK_PROBE in letter.texts:
            continue
        mark = None if names.X_TOPIC in letter.texts else _mark(letter)
        if mark is None:
            letters.append(letter)
        else:
            marks.append(mark)
    return letters, marks


def _mark(letter: Letter) -> Mark | None:
    to = _PLACE.fullmatch(letter.texts.get(X_REDRIVEN_TO, ""))
    if to is None:
        return None
    place = to["topic"], int(to["partition"]), int(to["offset"])
    return Mark(letter.redriven_from, place, _moment(letter.texts.get(X_REDRIVEN_AT, ""), letter.record))


def _moment(text: str, record: Record) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)


def outcomes(
    letters: Sequence[Letter],
    marks: Iterable[Mark],
    *,
    is_taken: Callable[[Place], bool],
    held: frozenset[Place] = frozenset(),
) -> Mapping[str, LetterOutcome]:
    """By the full place of each letter. `is_taken`: whether every service that reads the topic has passed a place.

    Two letters of one record are one case: what was done to one of them was done to both.
    """
    case_of = {letter.full_place: letter.source if letter.topic else (letter.full_place,) for letter in letters}
    again = {case_of[letter.redriven_from] for letter in letters if letter.redriven_from in case_of}
    newest: dict[tuple[str, ...], Mark] = {}
    for mark in marks:
        case = case_of.get(mark.letter)
        if case is not None and (case not in newest or newest[case].at <= mark.at):
            newest[case] = mark

    def outcome(case: tuple[str, ...]) -> LetterOutcome:
        mark = newest.get(case)
        if case in again:
            to, at = (None, None) if mark is None else (mark.to, mark.at)
            return LetterOutcome(LetterState.FAILED_AGAIN, to, at)
        if mark is None:
            return LetterOutcome(LetterState.OPEN)
        if mark.to in held:
            return LetterOutcome(LetterState.HELD, mark.to, mark.at)
        return LetterOutcome(LetterState.APPLIED if is_taken(mark.to) else LetterState.REDRIVEN, mark.to, mark.at)

    return {place: outcome(case) for place, case in case_of.items()}
