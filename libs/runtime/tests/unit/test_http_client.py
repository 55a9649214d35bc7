"""One exchange: what it bounds, and how it tells apart why there is no answer."""

import asyncio
import gzip
import tracemalloc
import zlib
from datetime import timedelta

import httpx
import pytest

from shopsync_runtime.http_client import (
    AnswerLost,
    BodyBroken,
    BodyTooLong,
    BodyUnusable,
    DeadlinePassed,
    ExchangeFailed,
    NotSent,
    exchange,
)

SECRET = "t0ken"


class Sent(httpx.AsyncByteStream):
    """A body as it comes off the wire, `pause` seconds before each piece."""

    def __init__(self, *pieces, pause=0.0):
        self.pieces, self.pause = pieces, pause
        self.read, self.closed = 0, False

    async def __aiter__(self):
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            self.read += 1
            yield piece

    async def aclose(self):
        self.closed = True


async def ask(body, *, status=200, headers=None, accept="gzip, deflate", within=5.0, max_bytes=1000):
    """The answer of a server that sends this body, or raises this error."""

    def answer(request):
        if isinstance(body, Exception):
            raise body
        return httpx.Response(status, headers=headers, stream=body if isinstance(body, Sent) else Sent(body))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=True) as http:
        request = http.build_request(
            "GET", "http://shop.test/", params={"sign": SECRET}, headers={"accept-encoding": accept, "token": SECRET}
        )
        return await exchange(http, request, within=timedelta(seconds=within), max_bytes=max_bytes)


async def failing(kind, *args, **options):
    with pytest.raises(kind) as caught:
        await ask(*args, **options)
    assert SECRET not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__, (
        "httpx's own exception holds the request"
    )
    return caught.value


async def test_a_plain_answer_is_read_whole():
    body = Sent(b"one ", b"two")
    answer = await ask(body, status=201, headers={"X-Page": "3"})
    assert (answer.status, answer.is_success, answer.headers["x-page"], answer.content) == (201, True, "3", b"one two")
    assert body.closed


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("X-GZIP ", gzip.compress), ("deflate", zlib.compress), ("identity", bytes), ("", bytes)],
)
async def test_a_packed_answer_in_pieces_is_unpacked(encoding, pack):
    packed = pack(b"content" * 20)
    pieces = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    assert (await ask(Sent(*pieces), headers={"content-encoding": encoding})).content == b"content" * 20


async def test_a_redirect_is_an_answer_and_not_followed():
    answer = await ask(b"", status=302, headers={"location": "http://elsewhere.test/"})
    assert (answer.status, answer.is_success) == (302, False)


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("x")])
async def test_without_a_connection_nothing_was_sent(error):
    assert type(error).__name__ in str(await failing(NotSent, error))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ReadError("cut"), "ReadError: cut"),
        (httpx.RemoteProtocolError("no HTTP"), "RemoteProtocolError: no HTTP"),
        (httpx.ReadTimeout("slow"), "no reply in time (ReadTimeout)"),
    ],
)
async def test_an_answer_that_broke_off_is_lost(error, words):
    assert str(await failing(AnswerLost, error)) == words


async def test_a_server_that_drips_is_left_at_the_deadline():
    """Each byte arrives in time, but the whole body never does."""
    body = Sent(*[b" "] * 100, pause=0.02)
    await failing(DeadlinePassed, body, within=0.1)
    assert (body.closed, body.read < 50) == (True, True)


class TestLimit:
    async def test_as_many_bytes_as_allowed_are_taken(self):
        assert len((await ask(bytes(1000))).content) == 1000
        packed = gzip.compress(bytes(1000))
        assert len((await ask(packed, headers={"content-encoding": "gzip"})).content) == 1000

    async def test_the_rest_of_a_body_without_end_is_not_read(self):
        body = Sent(*[bytes(400)] * 100)
        error = await failing(BodyTooLong, body)
        assert (str(error), body.read, body.closed) == ("the reply is longer than 1000 bytes", 3, True)

    async def test_a_bomb_is_not_unpacked(self):
        """A few kilobytes that decompress to 256 MiB: memory never exceeds the limit."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(256)) + packer.flush()
        tracemalloc.start()
        try:
            await failing(BodyTooLong, bomb, headers={"content-encoding": "gzip"}, max_bytes=1_000_000)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()

    async def test_it_holds_for_what_comes_behind_the_packed_body_too(self):
        packed = gzip.compress(b"content")
        assert (await ask(packed + b"rest", headers={"content-encoding": "gzip"})).content == b"content"
        await failing(BodyTooLong, Sent(packed, *[bytes(400)] * 9), headers={"content-encoding": "gzip"})


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", gzip.compress(b"{}")[:-4], "breaks off"),
        ("gzip", b"", "breaks off"),
        ("gzip", b"no gzip at all", "compression is broken"),
        ("br", b"x", "compressed as 'br', not as asked for"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}")), "not as asked for"),
    ],
    ids=["cut", "empty", "other bytes", "br", "packed twice"],
)
async def test_a_body_that_cannot_be_unpacked_says_why_and_keeps_its_status(encoding, body, words):
    headers = {"content-encoding": encoding, "retry-after": "9"}
    error = await failing(BodyBroken, body, status=503, headers=headers)
    assert words in str(error)
    assert (error.answer.status, error.answer.headers["retry-after"], error.answer.content) == (503, "9", b"")


async def test_only_what_was_asked_for_is_unpacked():
    headers = {"content-encoding": "deflate"}
    await failing(BodyBroken, zlib.compress(b"x"), headers=headers, accept="gzip")
    await failing(BodyBroken, b"x", headers={"content-encoding": "br"}, accept="gzip, br")


def test_one_name_catches_them_all():
    for kind in (NotSent, DeadlinePassed, AnswerLost, BodyUnusable):
        assert issubclass(kind, ExchangeFailed)
