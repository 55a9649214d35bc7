"""Compressed batches are unpacked into room of a fixed size.

A broker looks at the compressed size only, and aiokafka unpacks whatever it is given: 16 KiB of zstd may be 500 MiB, in
twice that memory, so one message could end every replica that its partition moves to. Snappy is left as it is: it
makes nothing more than 22 times smaller.
"""

import mmap
import sys
from collections.abc import Callable
from typing import Any, Final

import cramjam
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one batch without its compression: room for 32 of the largest messages that publishers may send."""

UnpackInto = Callable[[Any, mmap.mmap], int]

_UNPACK_INTO: dict[str, UnpackInto] = {
    "gzip": cramjam.gzip.decompress_into,
    "lz4": cramjam.lz4.decompress_into,
    "zstd": cramjam.zstd.decompress_into,
}


class UnpackError(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """A batch is broken, or larger than `MOST_BYTES` without its compression."""


def bound_unpacking() -> None:
    """Let aiokafka unpack with bounds, in the whole process. It has no option for it; again is no harm."""
    for batch in (DefaultRecordBatch, LegacyRecordBatch):
        module = sys.modules[batch.__module__]
        for codec, unpack_into in _UNPACK_INTO.items():
            name = f"{codec}_decode"
            if hasattr(module, name):
                setattr(module, name, _bounded(codec, unpack_into))


def _bounded(codec: str, unpack_into: UnpackInto) -> Callable[[Any], bytes]:
    def unpack(packed: Any) -> bytes:
        with mmap.mmap(-1, MOST_BYTES) as room:  # takes memory as far as it is written to
            try:
                size = unpack_into(packed, room)
            except cramjam.DecompressionError as error:
                raise UnpackError(
                    f"{len(packed)} bytes of {codec} cannot be unpacked into {MOST_BYTES}: {error}"
                ) from error
            return room[:size]

    return unpack
