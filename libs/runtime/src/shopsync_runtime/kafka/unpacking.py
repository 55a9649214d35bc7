"""Limits the memory for decompressing a batch.

A broker only checks the compressed size, and aiokafka decompresses whatever it gets. 16 KiB of zstd may be 500 MiB and
need twice that memory, so one message could kill every replica that gets its partition. Snappy is not limited, since
it compresses at most 22 times.
"""

import contextlib
import mmap
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import cramjam
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch

MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Bytes of one decompressed batch: 32 of the largest messages that publishers may send."""

_USUAL_BYTES = 256 * 1024

UnpackInto = Callable[[Any, mmap.mmap | bytearray], int]

_UNPACK_INTO: dict[str, UnpackInto] = {
    "gzip": cramjam.gzip.decompress_into,
    "lz4": cramjam.lz4.decompress_into,
    "zstd": cramjam.zstd.decompress_into,
}


class UnpackError(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """A batch is broken, or larger than `MAX_UNPACKED_BYTES` without its compression."""


def bound_unpacking() -> None:
    """Replace aiokafka's decompression in the whole process, since it has no option for a limit. Idempotent."""
    for batch in (DefaultRecordBatch, LegacyRecordBatch):
        module = sys.modules[batch.__module__]
        for codec, unpack_into in _UNPACK_INTO.items():
            name = f"{codec}_decode"
            if hasattr(module, name):
                setattr(module, name, _bounded(codec, unpack_into))


class _Room(threading.local):
    """Room for a usual batch, kept: asking the system for room costs more than unpacking a message."""

    def __init__(self) -> None:
        self.bytes = bytearray(_USUAL_BYTES)


_room = _Room()


def _bounded(codec: str, unpack_into: UnpackInto) -> Callable[[Any], bytes]:
    def unpack(packed: Any) -> bytes:
        if len(packed) < _USUAL_BYTES:
            with contextlib.suppress(cramjam.DecompressionError):  # most likely too large for this room
                usual = _room.bytes
                return bytes(memoryview(usual)[: unpack_into(packed, usual)])
        with mmap.mmap(-1, MAX_UNPACKED_BYTES) as room:  # only takes memory as far as it is written to
            try:
                size = unpack_into(packed, room)
            except cramjam.DecompressionError as error:
                raise UnpackError(
                    f"{len(packed)} bytes of {codec} cannot be unpacked into {MAX_UNPACKED_BYTES}: {error}"
                ) from error
            return room[:size]

    return unpack
