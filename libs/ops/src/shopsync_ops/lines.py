"""Lines of a file as messages. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shopsync_contracts import CONTENT_TYPE, ContractError, Event, ShopBody, TopicSpec, parse
from shopsync_runtime.kafka.producer import Message


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, from 1."""

    number: int
    value: bytes

    @property
    def key(self) -> bytes | None:
        """The subject, as far as the line can be read."""
        try:
            document = json.loads(self.value)
        except (ValueError, RecursionError):
            return None
        subject = document.get("subject") if isinstance(document, dict) else None
        return subject.encode(errors="surrogateescape") if isinstance(subject, str) and subject else None

    def event(self, spec: TopicSpec) -> Event[ShopBody] | None:
        """The event; None for a line that breaks the contract."""
        try:
            return parse(self.value, topic=spec)
        except ContractError:
            return None

    def message(self, topic: str) -> Message:
        """What goes to Kafka: the line byte by byte, keyed by its subject."""
        return Message(topic, self.value, self.key, (("content-type", CONTENT_TYPE.encode()),))


def read_lines(lines: Iterable[bytes]) -> Iterator[Line]:
    """Lines that are not blank, without the line end."""
    for number, line in enumerate(lines, start=1):
        if value := line.strip():
            yield Line(number, value)


def check(line: Line, spec: TopicSpec) -> str:
    """Why the line does not fit the topic; empty when it does."""
    try:
        parse(line.value, topic=spec)
    except ContractError as error:
        return f"{type(error).__name__}: {error}"
    return ""
