"""The JSON documents of a file as messages: one document, several, an array, or JSON Lines. Pure."""

import codecs
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import IO, Any

from shopsync_contracts import CONTENT_TYPE, ContractError, Event, ShopBody, TopicSpec, parse
from shopsync_runtime.kafka.messages import OutgoingMessage

_BLANK = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Document:
    """One document, unchanged, and its place in the file: `line 3`, `document 2`."""

    place: str
    value: bytes

    @property
    def key(self) -> bytes | None:
        """The subject, as far as the document can be read."""
        document = _read(self.value)
        subject = document.get("subject") if isinstance(document, dict) else None
        return subject.encode(errors="surrogatepass") if isinstance(subject, str) and subject else None

    def event(self, spec: TopicSpec) -> Event[ShopBody] | None:
        """The event; None for a document that breaks the contract."""
        try:
            return parse(self.value, topic=spec)
        except ContractError:
            return None

    def message(self, topic: str) -> OutgoingMessage:
        """What goes to Kafka: the document byte by byte, keyed by its subject."""
        return OutgoingMessage(topic, self.value, self.key, (("content-type", CONTENT_TYPE.encode()),))


def read_documents(file: IO[bytes]) -> Iterator[Document]:
    """The documents of a seekable file, from its start.

    JSON Lines are read line by line. When the first line is not a document, the file is read as a whole: one document
    over several lines, several documents, or an array.
    """
    file.seek(0)
    first = next((line for line in _lines(file) if line.value), None)
    if first is None:
        return
    if isinstance(_read(first.value), dict) or (whole := _whole(file)) is None:
        yield from (line for line in _lines(file) if line.value)
        return
    yield from whole


def check(document: Document, spec: TopicSpec) -> str:
    """Why the document does not fit the topic; empty when it does."""
    try:
        parse(document.value, topic=spec)
    except ContractError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _lines(file: IO[bytes]) -> Iterator[Document]:
    file.seek(0)
    for number, line in enumerate(file, start=1):
        yield Document(f"line {number}", _without_mark(line, number).strip())


def _without_mark(line: bytes, number: int) -> bytes:
    return line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def _read(value: bytes) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _whole(file: IO[bytes]) -> list[Document] | None:
    """The documents of a file that is not JSON Lines; None when it can only be broken JSON Lines."""
    file.seek(0)
    value = file.read().removeprefix(codecs.BOM_UTF8)
    try:
        text = value.decode()
        return [Document(f"document {n}", one.encode()) for n, one in enumerate(_documents(text), start=1)]
    except json.JSONDecodeError as error:
        # A fault in the first line, or lines that are events by themselves: broken JSON Lines.
        if error.lineno == 1 or any(_is_event(line) for line in value.splitlines()):
            return None
        return [Document("the document", value.strip())]
    except (ValueError, RecursionError):
        return None


def _is_event(line: bytes) -> bool:
    document = _read(line)
    return isinstance(document, dict) and "specversion" in document


def _documents(text: str) -> Iterator[str]:
    """Each top-level document as it is written; the entries of a top-level array one by one."""
    position = _after_blanks(text, 0)
    while position < len(text):
        if text[position] == "[":
            position = yield from _entries(text, position + 1)
        else:
            _, end = json.JSONDecoder().raw_decode(text, position)
            yield text[position:end]
            position = end
        position = _after_blanks(text, position)


def _entries(text: str, position: int) -> Generator[str, None, int]:
    """The entries of an array; returns the position after it."""
    position = _after_blanks(text, position)
    while text[position : position + 1] != "]":
        _, end = json.JSONDecoder().raw_decode(text, position)
        yield text[position:end]
        position = _after_blanks(text, end)
        if text[position : position + 1] == ",":
            position = _after_blanks(text, position + 1)
            if text[position : position + 1] == "]":
                raise json.JSONDecodeError("Illegal trailing comma before end of array", text, position)
        elif text[position : position + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
    return position + 1


def _after_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANK:
        position += 1
    return position
