"""Standard output that is piped into `head`, that a full disk refuses, or whose encoding lacks characters."""

import io
import os
import sys
from typing import TYPE_CHECKING

from shopsync_cli.errors import CommandFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDOUT = 1


class _Pipe(io.FileIO):
    """Standard output whose reader may close it. The rest is dropped, and the command keeps its own exit code."""

    reader_is_gone = False

    def write(self, data: "ReadableBuffer") -> int:
        """Write, or drop what nobody reads. Raises CommandFailed when it cannot be written, as on a full disk."""
        try:
            return super().write(data) or 0
        except BrokenPipeError:
            type(self).reader_is_gone = True
            self._drop_the_rest()
            return memoryview(data).nbytes
        except OSError as error:
            self._drop_the_rest()
            raise CommandFailed(f"cannot write the output: {error.strerror}") from error

    def _drop_the_rest(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def prepare() -> None:
    """Prepare the process's own streams for both. Streams that a test put in their place are left alone."""
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.flush()
        pipe = io.BufferedWriter(_Pipe(_STDOUT, "w", closefd=False))
        sys.stdout = io.TextIOWrapper(
            pipe, encoding=sys.stdout.encoding, errors="backslashreplace", line_buffering=sys.stdout.line_buffering
        )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def reader_is_gone() -> bool:
    """Whether the reader closed standard output: an endless command should end."""
    return _Pipe.reader_is_gone


def has_every_character() -> bool:
    """Whether the encoding of standard output has every character, so that JSON needs no escapes."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
