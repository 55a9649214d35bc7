"""One message in one line. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from shopsync_cli.kafka.records import Record
from shopsync_cli.views.output import show, visible
from shopsync_contracts.envelope import TYPE_PREFIX

_LONGEST = 160
_NAMED = frozenset({"shop_key", "product_no"})


@dataclass(frozen=True, slots=True)
class MessageLine:
    """What one line says of a message."""

    at: datetime
    place: str
    kind: str
    subject: str
    detail: str

    @property
    def shop_key(self) -> str:
        """The shop it is about."""
        return self.subject.partition("/")[0]

    def text(self) -> Text:
        """As printed."""
        return Text.assemble(
            (show(self.at), "dim"),
            "  ",
            (visible(self.kind, in_one_line=True), "bold"),
            "  ",
            (visible(self.subject, in_one_line=True), "cyan"),
            "  ",
            visible(self.detail),
            "  ",
            (self.place, "dim"),
        )


def message_line(record: Record) -> MessageLine:
    """Messages that break the contract are shown as far as they can be read."""
    key = (record.key or b"").decode(errors="replace")
    document = _document(record.value)
    kind = document.get("type")
    subject = document.get("subject")
    return MessageLine(
        at=datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC),
        place=f"{record.topic}/{record.partition}@{record.offset}",
        kind=_kind(record.value, kind),
        subject=subject if isinstance(subject, str) else key,
        detail=_detail(record.value, document),
    )


def as_json_line(record: Record, *, ascii_only: bool = False) -> str:
    """Place, key, headers and value; a value that is not JSON becomes text."""
    return json.dumps(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC).isoformat(),
            "key": None if record.key is None else record.key.decode(errors="replace"),
            "headers": headers_of(record),
            "value": _document(record.value)
            or (None if record.value is None else record.value.decode(errors="replace")),
        },
        ensure_ascii=ascii_only,
    )


def headers_of(record: Record) -> dict[str, str | None]:
    """Headers as text; bytes that are not UTF-8 are replaced."""
    return {name: None if value is None else value.decode(errors="replace") for name, value in record.headers}


def _document(value: bytes | None) -> dict[str, Any]:
    try:
        document = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _kind(value: bytes | None, kind: Any) -> str:
    if value is None:
        return "(tombstone)"
    return kind.removeprefix(TYPE_PREFIX).removesuffix(".v1") if isinstance(kind, str) else "(no event)"


def _detail(value: bytes | None, document: dict[str, Any]) -> str:
    data = document.get("data")
    if not isinstance(data, dict):
        return _cut((value or b"").decode(errors="replace"))
    return _cut("  ".join(f"{name}={_brief(member)}" for name, member in data.items() if name not in _NAMED))


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_brief(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return f"[{len(value)}]" if len(value) > 3 else "[" + ", ".join(map(_brief, value)) + "]"
    return "null" if value is None else str(value)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
