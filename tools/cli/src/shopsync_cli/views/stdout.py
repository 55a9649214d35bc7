"""Standard output as it is met in the field: piped into `head`, or in an encoding that has not every character."""

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDOUT = 1


class _Pipe(io.FileIO):
    """Standard output whose reader may go away: the rest is dropped, and the command goes on to its own exit code."""

    reader_is_gone = False

    def write(self, data: "ReadableBuffer") -> int:
        """Write, or drop what nobody reads any more."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            type(self).reader_is_gone = True
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return memoryview(data).nbytes


def prepare() -> None:
    """Make the process's own streams bear both; streams that a test or another program put in their place are left."""
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.flush()
        pipe = io.BufferedWriter(_Pipe(_STDOUT, "w", closefd=False))
        sys.stdout = io.TextIOWrapper(
            pipe, encoding=sys.stdout.encoding, errors="backslashreplace", line_buffering=sys.stdout.line_buffering
        )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def reader_is_gone() -> bool:
    """Whether nobody reads standard output any more: what prints without an end should end."""
    return _Pipe.reader_is_gone


def has_every_character() -> bool:
    """Whether standard output can take any text, so that JSON may hold it as it is."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
