"""What became of dead letters since: open, sent back, taken, or refused again. Pure.

A redrive leaves a mark on the dead-letter topic, so every host sees the same: an empty record that names the letter
(`x-redriven-from`), where its message stands now (`x-redriven-to`) and when (`x-redriven-at`). It lives as long as the
letter itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from shopsync_cli.kafka.records import Record
from shopsync_cli.letters.letter import X_REDRIVEN_FROM, Letter, letter_of
from shopsync_cli.publishing.outcomes import Place
from shopsync_runtime import deadletters as names
from shopsync_runtime.kafka.messages import Message
from shopsync_runtime.kafka.producer import Placed

X_REDRIVEN_TO = "x-redriven-to"
X_REDRIVEN_AT = "x-redriven-at"
_PLACE = re.compile(r"(?P<topic>.+)/(?P<partition>\d+)@(?P<offset>\d+)")


class LetterState(StrEnum):
    """What became of a letter.

    `open`: nobody sent it back. `redriven`: sent back, no service has come to it yet. `held`: kept until its product
    comes. `applied`: every service that reads the topic has taken it. `failed_again`: refused once more, by a newer
    letter.
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
class Standing:
    """What became of one letter; `to` and `at` where and when it was sent back last."""

    state: LetterState
    to: Place | None = None
    at: datetime | None = None

    @property
    def place(self) -> str | None:
        """`TOPIC/PARTITION@OFFSET`."""
        return None if self.to is None else "{}/{}@{}".format(*self.to)


def marks_of(letters: Sequence[Letter], placed: Sequence[Placed], *, topic: str, at: datetime) -> Iterable[Message]:
    """The marks for letters whose messages stand at `placed` now. `topic` is the dead-letter topic's full name."""
    for letter, now in zip(letters, placed, strict=True):
        headers = (
            (X_REDRIVEN_FROM, letter.full_place.encode()),
            (X_REDRIVEN_TO, f"{now.topic}/{now.partition}@{now.offset}".encode()),
            (X_REDRIVEN_AT, at.isoformat().encode()),
        )
        # Never a null value: aiokafka refuses a record with neither key nor value.
        yield Message(topic, b"", letter.record.key, headers)


def sorted_out(records: Iterable[Record]) -> tuple[list[Letter], list[Mark]]:
    """The records of the topic as letters and marks."""
    letters, marks = [], []
    for record in records:
        letter = letter_of(record)
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


def standings(
    letters: Sequence[Letter],
    marks: Iterable[Mark],
    *,
    is_taken: Callable[[Place], bool],
    held: frozenset[Place] = frozenset(),
) -> Mapping[str, Standing]:
    """By the full place of each letter. `is_taken`: whether every service that reads the topic has passed a place.

    A record that was put aside twice is one case: what was done to one of its letters was done to both.
    """
    case_of = {letter.full_place: letter.source if letter.topic else (letter.full_place,) for letter in letters}
    again = {case_of[letter.redriven_from] for letter in letters if letter.redriven_from in case_of}
    newest: dict[tuple[str, ...], Mark] = {}
    for mark in marks:
        case = case_of.get(mark.letter)
        if case is not None and (case not in newest or newest[case].at <= mark.at):
            newest[case] = mark

    def standing(case: tuple[str, ...]) -> Standing:
        mark = newest.get(case)
        if case in again:
            to, at = (None, None) if mark is None else (mark.to, mark.at)
            return Standing(LetterState.FAILED_AGAIN, to, at)
        if mark is None:
            return Standing(LetterState.OPEN)
        if mark.to in held:
            return Standing(LetterState.HELD, mark.to, mark.at)
        return Standing(LetterState.APPLIED if is_taken(mark.to) else LetterState.REDRIVEN, mark.to, mark.at)

    return {place: standing(case) for place, case in case_of.items()}
