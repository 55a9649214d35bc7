import cramjam
import pytest

from shopsync_runtime.kafka import unpacking
from shopsync_runtime.kafka.unpacking import UnpackError

USUAL = unpacking._USUAL_BYTES
PACK = {"gzip": cramjam.gzip.compress, "lz4": cramjam.lz4.compress, "zstd": cramjam.zstd.compress}


@pytest.fixture(params=sorted(PACK))
def codec(request):
    return request.param


@pytest.fixture
def unpack(codec):
    return unpacking._bounded(codec, unpacking._UNPACK_INTO[codec])


@pytest.mark.parametrize("size", [0, 1, 1000, USUAL - 1, USUAL, USUAL + 1, 10 * USUAL])
def test_batches_of_any_size_come_out_whole(codec, unpack, size):
    for fill in (bytes(size), bytes(number * 7 % 251 for number in range(size))):
        assert unpack(bytes(PACK[codec](fill))) == fill


def test_what_was_unpacked_before_leaves_nothing_behind(codec, unpack):
    unpack(bytes(PACK[codec](b"long" * 1000)))
    assert unpack(bytes(PACK[codec](b"short"))) == b"short"


def test_a_broken_or_huge_batch_is_refused_and_the_next_one_is_read(codec, unpack, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 2 * USUAL)
    packed = bytes(PACK[codec](b"x" * 1000))
    for wrong in (packed[: len(packed) // 2], bytes(PACK[codec](bytes(3 * USUAL)))):
        with pytest.raises(UnpackError):
            unpack(wrong)
    assert unpack(packed) == b"x" * 1000
