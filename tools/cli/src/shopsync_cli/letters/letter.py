"""Dead letters as they are read back: where each came from, and why. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shopsync_cli.kafka.records import Record
from shopsync_contracts.envelope import TYPE_PREFIX
from shopsync_runtime import deadletters as names

X_REDRIVEN_FROM = "x-redriven-from"


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
        """Topic, partition and offset of the original record."""
        return (self.topic, self.texts.get(names.X_PARTITION, ""), self.texts.get(names.X_OFFSET, ""))

    @property
    def origin(self) -> tuple[str, int, int]:
        """Sorts letters in the order of their original records."""
        topic, partition, offset = self.source
        return topic, _number(partition), _number(offset)

    @property
    def service(self) -> str:
        """The service that wrote it."""
        return self.texts.get(names.X_SERVICE, "")

    @property
    def error_type(self) -> str:
        """Class of the error."""
        return self.texts.get(names.X_ERROR_TYPE, "")

    @property
    def error(self) -> str:
        """The reason in words."""
        return self.texts.get(names.X_ERROR, "")

    @property
    def failed_at(self) -> datetime:
        """When it was written; the broker's timestamp when the header is missing or unreadable."""
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
    """Reads the headers; null becomes empty, and undecodable bytes are replaced."""
    return Letter(record, {name.lower(): (value or b"").decode(errors="replace") for name, value in record.headers})


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
