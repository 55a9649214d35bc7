"""Sending dead letters back to the topics they came from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopsync_cli.kafka.chunks import CHUNK
from shopsync_cli.kafka.cluster import Cluster
from shopsync_cli.letters.letter import X_REDRIVEN_FROM, Letter
from shopsync_cli.letters.states import X_REDRIVEN_AT, X_REDRIVEN_TO
from shopsync_cli.moments import now
from shopsync_contracts.topics import DEAD_LETTERS
from shopsync_runtime import deadletters as names
from shopsync_runtime.chunks import batched
from shopsync_runtime.kafka.messages import OutgoingMessage
from shopsync_runtime.kafka.producer import Placed

_DROPPED = names.OWN_HEADERS | {X_REDRIVEN_FROM}


@dataclass(frozen=True, slots=True)
class RedrivePlan:
    """The letters to send, in the order of their original records, and those left out with the reason."""

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


def plan_redrive(
    letters: Iterable[Letter], settled: Callable[[Letter], str], *, existing_topics: frozenset[str], prefix: str
) -> RedrivePlan:
    """Decide for each letter.

    A record that became a dead letter twice (a crash between dead letter and commit) is sent once. `settled` returns
    why a letter needs no redrive; empty when it does.
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
    return RedrivePlan(tuple(sorted(send, key=lambda letter: letter.origin)), tuple(left_out))


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


def redriven_messages(letters: Sequence[Letter]) -> Iterable[OutgoingMessage]:
    """The messages to send: key, value and other headers byte by byte, and the place of the letter."""
    for letter in letters:
        headers = [(name, value) for name, value in letter.record.headers if name.lower() not in _DROPPED]
        headers.append((X_REDRIVEN_FROM, letter.full_place.encode()))
        yield OutgoingMessage(letter.topic, letter.record.value, letter.record.key, headers)


async def send_back(cluster: Cluster, letters: Sequence[Letter]) -> int:
    """Send the letters to where they came from and mark each as sent back. Returns how many were acknowledged.

    A chunk that was sent but not marked, because the command was killed, is still open: a second redrive repeats it.
    """
    sent = 0
    async with cluster.producer() as producer:
        for chunk in batched(letters, CHUNK):
            placed = await producer.send_all(list(redriven_messages(chunk)))
            await producer.send_all(list(marks_of(chunk, placed, topic=cluster.name(DEAD_LETTERS), at=now())))
            sent += len(placed)
    return sent


def marks_of(
    letters: Sequence[Letter], placed: Sequence[Placed], *, topic: str, at: datetime
) -> Iterable[OutgoingMessage]:
    """The marks for letters whose messages are now at `placed`. `topic`: full name of the dead-letter topic."""
    for letter, place in zip(letters, placed, strict=True):
        headers = (
            (X_REDRIVEN_FROM, letter.full_place.encode()),
            (X_REDRIVEN_TO, f"{place.topic}/{place.partition}@{place.offset}".encode()),
            (X_REDRIVEN_AT, at.isoformat().encode()),
        )
        # Never a null value: aiokafka refuses a record with neither key nor value.
        yield OutgoingMessage(topic, b"", letter.record.key, headers)
