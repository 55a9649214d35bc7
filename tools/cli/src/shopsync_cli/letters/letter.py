"""Dead letters as they are read back: where each came from, why, and what may be sent again. Pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shopsync_cli.kafka.records import Record
from shopsync_contracts.envelope import TYPE_PREFIX
from shopsync_runtime import deadletters as names
from shopsync_runtime.kafka.producer import Message

X_REDRIVEN_FROM = "x-redriven-from"
_DROPPED = names.OWN_HEADERS | {X_REDRIVEN_FROM}


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the dead-letter topic."""

    record: Record
    texts: dict[str, str]

    @property
    def place(self) -> str:
        """`PARTITION:OFFSET`, as the command line takes it."""
        return f"{self.record.partition}:{self.record.offset}"

    @property
    def full_place(self) -> str:
        """`TOPIC/PARTITION@OFFSET`, what a redriven message carries."""
        return f"{self.record.topic}/{self.record.partition}@{self.record.offset}"

    @property
    def topic(self) -> str:
        """Full name of the topic it came from; empty when the header is missing."""
        return self.texts.get(names.X_TOPIC, "")

    @property
    def source(self) -> tuple[str, str, str]:
        """Where the original record stands."""
        return (self.topic, self.texts.get(names.X_PARTITION, ""), self.texts.get(names.X_OFFSET, ""))

    @property
    def origin(self) -> tuple[str, int, int]:
        """Sorts letters as their records stood on the topics."""
        topic, partition, offset = self.source
        return topic, _number(partition), _number(offset)

    @property
    def service(self) -> str:
        """Who put it aside."""
        return self.texts.get(names.X_SERVICE, "")

    @property
    def error_type(self) -> str:
        """Class of the reason."""
        return self.texts.get(names.X_ERROR_TYPE, "")

    @property
    def error(self) -> str:
        """The reason in words."""
        return self.texts.get(names.X_ERROR, "")

    @property
    def failed_at(self) -> datetime:
        """When it was put aside; the broker's stamp when the header is missing or unreadable."""
        try:
            stamp = datetime.fromisoformat(self.texts.get(names.X_FAILED_AT, ""))
        except ValueError:
            stamp = datetime.fromtimestamp(max(self.record.timestamp, 0) / 1000, UTC)
        return stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)

    @property
    def redriven_from(self) -> str:
        """The dead letter that this one was redriven from before it failed again."""
        return self.texts.get(X_REDRIVEN_FROM, "")

    @property
    def event_type(self) -> str:
        """`product.changed`, as far as the value can be read; else empty."""
        kind = self._envelope().get("type")
        return kind.removeprefix(TYPE_PREFIX).rpartition(".")[0] if isinstance(kind, str) else ""

    @property
    def shop_key(self) -> str:
        """From the key, else from the subject; empty when neither can be read."""
        subject = self.record.key.decode(errors="replace") if self.record.key else self._envelope().get("subject")
        return subject.partition("/")[0] if isinstance(subject, str) else ""

    def _envelope(self) -> dict[str, Any]:
        try:
            document = json.loads(self.record.value or b"")
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


def letter_of(record: Record) -> Letter:
    """Read the headers; null and undecodable ones count as far as they can be read."""
    return Letter(record, {name.lower(): (value or b"").decode(errors="replace") for name, value in record.headers})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant; None and empty mean all."""

    topics: tuple[str, ...] = ()
    event_type: str | None = None
    error_type: str | None = None
    shop_key: str | None = None
    since: datetime | None = None
    places: frozenset[tuple[int, int]] = frozenset()

    @property
    def empty(self) -> bool:
        """True when every letter is meant."""
        return self == Filter()

    def takes(self, letter: Letter) -> bool:
        """Whether the letter is meant."""
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
        """What was asked for that no letter has, with what there is: a misspelt word must not look like good news."""
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
    """A record that was put aside again, as when its topic is read again, is one case: its newest letter tells it.

    `letters` in the order of their time.
    """
    return list({one.source if one.topic else (one.full_place,): one for one in letters}.values())


def _short(event_type: str) -> str:
    name = event_type.removeprefix(TYPE_PREFIX)
    return name.rpartition(".")[0] if name.rpartition(".")[2] == "v1" else name


@dataclass(frozen=True, slots=True)
class Plan:
    """What a redrive will do: the letters to send, in the order of their origins, and those left out with why."""

    send: tuple[Letter, ...]
    left_out: tuple[tuple[Letter, str], ...]

    def count_by_topic(self) -> dict[str, int]:
        """Messages to send per original topic."""
        counts: dict[str, int] = {}
        for letter in self.send:
            counts[letter.topic] = counts.get(letter.topic, 0) + 1
        return counts

    def count_left_out(self) -> dict[str, int]:
        """Letters left out, per reason."""
        counts: dict[str, int] = {}
        for _, why in self.left_out:
            counts[why] = counts.get(why, 0) + 1
        return counts


def plan(
    letters: Iterable[Letter], settled: Callable[[Letter], str], *, existing_topics: frozenset[str], prefix: str
) -> Plan:
    """Decide for every one of these letters.

    A record put aside twice (a crash between dead letter and commit) is sent once. `settled` says why nothing has to be
    done about a letter any more; empty when something has.
    """
    send: list[Letter] = []
    left_out: list[tuple[Letter, str]] = []
    seen: set[tuple[str, str, str]] = set()
    for letter in letters:
        why = _why_not(letter, existing_topics, prefix) or settled(letter)
        if not why and letter.source in seen:
            why = "the same record twice"
        if why:
            left_out.append((letter, why))
        else:
            seen.add(letter.source)
            send.append(letter)
    return Plan(tuple(sorted(send, key=lambda letter: letter.origin)), tuple(left_out))


def _why_not(letter: Letter, existing_topics: frozenset[str], prefix: str) -> str:
    if not letter.topic:
        return "no x-topic header"
    if not letter.topic.startswith(f"{prefix}."):
        return f"{letter.topic} is outside of the prefix {prefix!r}"
    if letter.topic not in existing_topics:
        return f"{letter.topic} does not exist"
    if missing := letter.texts.get(names.X_LEFT_OUT):
        return f"{missing} left out, too large for a dead letter: publish the original again"
    if letter.record.key is None and (letter.record.value is None or names.X_NULL_VALUE in letter.texts):
        return "neither key nor value"
    return ""


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def redriven(letters: Sequence[Letter]) -> Iterable[Message]:
    """The messages to send: key, value and foreign headers byte by byte, and where each was redriven from."""
    for letter in letters:
        headers = [(name, value) for name, value in letter.record.headers if name.lower() not in _DROPPED]
        headers.append((X_REDRIVEN_FROM, letter.full_place.encode()))
        yield Message(letter.topic, letter.record.value, letter.record.key, headers)
