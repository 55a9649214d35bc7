"""Dead letters as rows, as text and as JSON."""

from typing import Any

from rich.text import Text

from shopsync_cli.letters.letter import Letter
from shopsync_cli.letters.states import LetterOutcome
from shopsync_cli.views.messages import headers_of
from shopsync_cli.views.output import out, print_table, show, visible
from shopsync_runtime.wording import counted

LETTER_COLUMNS = ("place", "state", "failed at", "from", "service", "type", "key", "reason")


def letter_row(letter: Letter, outcome: LetterOutcome) -> tuple[Any, ...]:
    """One line of the list."""
    topic, partition, offset = letter.source
    reason = f"{letter.error_type}: {letter.error}"
    return (
        letter.place,
        outcome.state.value,
        letter.failed_at,
        f"{topic}/{partition}@{offset}",
        letter.service,
        letter.event_type or None,
        _text(letter.record.key),
        f"{reason} (redriven from {letter.redriven_from})" if letter.redriven_from else reason,
    )


def print_letter(letter: Letter, outcome: LetterOutcome) -> None:
    """Reason, headers, key and value."""
    console, value = out(), letter.record.value
    facts = [("place", letter.full_place), ("state", _state(outcome)), *headers_of(letter.record).items()]
    print_table(("", ""), facts, console=console)
    console.print(Text(visible(f"key    {_text(letter.record.key)}", in_one_line=True)))
    console.print(Text(f"value  {'null' if value is None else counted(len(value), 'byte')}"))
    console.print(Text(visible(_text(value))), soft_wrap=True)


def letter_document(letter: Letter, outcome: LetterOutcome) -> dict[str, Any]:
    """For JSON."""
    record = letter.record
    return {
        "place": letter.place,
        "state": outcome.state.value,
        "redriven_to": outcome.place,
        "redriven_at": outcome.at,
        "failed_at": letter.failed_at,
        "topic": letter.topic,
        "partition": letter.source[1],
        "offset": letter.source[2],
        "service": letter.service,
        "error_type": letter.error_type,
        "error": letter.error,
        "redriven_from": letter.redriven_from or None,
        "event_type": letter.event_type or None,
        "shop_key": letter.shop_key or None,
        "key": None if record.key is None else _text(record.key),
        "value": None if record.value is None else _text(record.value),
        "headers": headers_of(record),
    }


def _state(outcome: LetterOutcome) -> str:
    if outcome.place is None:
        return outcome.state.value
    return f"{outcome.state.value}: sent back {show(outcome.at)} to {outcome.place}"


def _text(value: bytes | None) -> str:
    return "null" if value is None else value.decode(errors="backslashreplace")
