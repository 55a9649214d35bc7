"""The client against a server that answers in the bytes a test wants: reliability 24, and every kind of odd reply."""

import asyncio
import gzip
import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from publisher.errors import (
    AppMisconfigured,
    AppStopped,
    ClockWrong,
    PublisherError,
    RateLimited,
    Refused,
    TokenExpired,
    Unavailable,
)
from publisher.tiktok.client import App, Call, TikTokClient
from publisher.tiktok.endpoints import ENDPOINTS, NotAllowed, endpoint_of
from shopsync_runtime.http_connections import Connections
from shopsync_sandbox.tiktok.api.table import OPERATIONS

TOKEN = SecretStr("ROW_token_of_the_test")
GET = Call("GET", "/product/202309/products/1")
CREATE = Call("POST", "/product/202309/products", body={"title": "靴下"})
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Raw:
    """An HTTP server of bytes. `answer` is written as it stands, `pause` seconds between pieces; then it may close."""

    url: str = ""
    pieces: list[bytes] = field(default_factory=list)
    pause: float = 0.0
    close: bool = False
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def says(self, body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> None:
        length = len(body) if length is None else length
        head = "\r\n".join([f"HTTP/1.1 {status}", f"content-length: {length}", *headers, "", ""])
        self.pieces = [head.encode() + body]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                sizes = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-len")]
                self.requests.append(head + await reader.readexactly(int(sizes[0]) if sizes else 0))
                for piece in self.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.pause)
                if self.close:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Now:
    def __init__(self) -> None:
        self.value = NOW

    def __call__(self) -> datetime:
        return self.value


@pytest.fixture
def now():
    return Now()


@pytest_asyncio.fixture(loop_scope="session")
async def raw():
    raw = Raw()
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0)
    raw.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield raw


@pytest_asyncio.fixture(loop_scope="session")
async def client(raw, now):
    async with Connections(timeout=5) as http:
        yield client_over(http, raw, now)


def client_over(http, raw, now):
    app = App("k", SecretStr("s3cret"), raw.url, raw.url)
    return TikTokClient(http, app, deadline=timedelta(seconds=0.6), clock=now)


def envelope(code=0, **members) -> bytes:
    return json.dumps({"code": code, "message": "m", "request_id": "r-1", "data": {}, **members}).encode()


async def failing(client, call=CREATE) -> PublisherError:
    with pytest.raises(PublisherError) as raised:
        await client.call(call, token=TOKEN, cipher="c")
    assert TOKEN.get_secret_value() not in str(raised.value)
    assert "s3cret" not in str(raised.value)
    return raised.value


async def test_a_server_that_sends_slowly_is_given_up_at_the_deadline(client, raw):
    """Each byte comes well within the longest silence; only the deadline for the whole call ends it."""
    raw.pieces = [b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", *[b" "] * 100]
    raw.pause = 0.05
    error = await failing(client)
    assert (type(error), error.code, error.outcome_unknown) == (Unavailable, "deadline", True)
    assert (await failing(client, GET)).outcome_unknown is False


async def test_a_silent_server_is_given_up_at_the_deadline(client, raw):
    raw.pieces, raw.pause = [b""], 30
    assert (await failing(client)).code == "deadline"


async def test_connections_are_used_again(client, raw):
    raw.says(envelope())
    for _ in range(20):
        await client.call(CREATE, token=TOKEN, cipher="c")
    raw.says(envelope(12052104), status="400 Bad Request")
    for _ in range(5):
        await failing(client)
    assert (len(raw.requests), raw.connections) == (25, 1)


GOOD = envelope(data={"product_id": "1"})
BOMB = gzip.compress(b'{"code":0,"data":{"x":"' + b"a" * (64 * 1024 * 1024) + b'"}}')
ODD = {
    "HTML": (b"<html>502</html>", [], "http_200"),
    "empty": (b"", [], "http_200"),
    "no UTF-8": (b'{"code":0,"message":"\xff\xfe"}', [], "http_200"),
    "Shift_JIS": ('{"code":0,"message":"成功"}'.encode("shift_jis"), [], "http_200"),
    "nested beyond reading": (b"[" * 200_000, [], "http_200"),
    "nested inside": (b'{"code":0,"data":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, [], "http_200"),
    "cut JSON": (GOOD[:-3], [], "http_200"),
    "a list": (b"[1]", [], "http_200"),
    "code as text": (b'{"code":"0","data":{}}', [], "http_200"),
    "code true": (b'{"code":true,"data":{}}', [], "http_200"),
    "code false": (b'{"code":false,"data":{}}', [], "http_200"),
    "code as fraction": (b'{"code":0.0,"data":{}}', [], "http_200"),
    "NaN": (b'{"code":0,"data":{"a":NaN}}', [], "http_200"),
    "data as list": (b'{"code":0,"data":[1]}', [], "reply"),
    "data as text": (b'{"code":0,"data":"ok"}', [], "reply"),
    "huge": (b'{"code":0,"data":{"x":"' + b"a" * (9 * 1024 * 1024) + b'"}}', [], "reply_too_large"),
    "gzip bomb": (BOMB, ["content-encoding: gzip"], "reply_too_large"),
    "cut gzip": (gzip.compress(GOOD)[:-12], ["content-encoding: gzip"], "reply_encoding"),
    "no gzip": (GOOD, ["content-encoding: gzip"], "reply_encoding"),
    "strange packing": (GOOD, ["content-encoding: br"], "reply_encoding"),
}


@pytest.mark.parametrize("name", ODD)
async def test_odd_replies_are_no_answer(client, raw, name):
    body, headers, code = ODD[name]
    raw.says(body, *headers)
    error = await failing(client)
    assert (type(error), error.code, error.outcome_unknown) == (Unavailable, code, True)


async def test_a_truncated_body_is_no_answer(client, raw):
    raw.says(GOOD, length=len(GOOD) + 5)
    raw.close = True
    error = await failing(client)
    assert (error.code, error.outcome_unknown) == ("network", True)


async def test_bytes_that_are_no_http_are_no_answer(client, raw):
    raw.pieces, raw.close = [b"\x16\x03\x01 hello\r\n\r\n"], True
    assert (await failing(client)).code == "network"


async def test_a_server_that_is_away_has_done_nothing(now):
    async with Connections() as http:
        client = TikTokClient(
            http,
            App("k", SecretStr("s"), "http://127.0.0.1:1", "http://127.0.0.1:1"),
            deadline=timedelta(seconds=2),
            clock=now,
        )
        error = await failing(client)
    assert (error.code, error.outcome_unknown) == ("network", False)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
async def test_packed_replies_are_read(client, raw, pack):
    packed = pack(GOOD)
    raw.says(packed, f"content-encoding: {'gzip' if pack is gzip.compress else 'deflate'}")
    assert await client.call(CREATE, token=TOKEN, cipher="c") == {"product_id": "1"}


async def test_big_integers_stay_exact(client, raw):
    number = 2**63 + 1
    raw.says(b'{"code":0,"data":{"product_id":%d,"next":9007199254740993}}' % number)
    data = await client.call(GET, token=TOKEN, cipher="c")
    assert data == {"product_id": number, "next": 9007199254740993}


async def test_what_is_sent_is_what_is_signed(client, raw):
    """The body is sent as the bytes that were signed: compact JSON in UTF-8."""
    raw.says(envelope())
    await client.call(CREATE, token=TOKEN, cipher="c")
    assert raw.requests[0].endswith('\r\n\r\n{"title":"靴下"}'.encode())


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        ("200 OK", 12052104, Refused),
        ("400 Bad Request", 12052104, Refused),
        ("401 Unauthorized", 105002, TokenExpired),
        ("200 OK", 105002, TokenExpired),
        ("200 OK", 36009002, RateLimited),
        ("429 Too Many Requests", 36009002, RateLimited),
        ("500 Internal Server Error", 36009003, Unavailable),
        ("200 OK", 36009003, Unavailable),
        ("502 Bad Gateway", 0, Unavailable),
    ],
)
async def test_a_code_counts_whatever_the_status(client, raw, status, code, kind):
    raw.says(envelope(code), status=status)
    error = await failing(client)
    assert (type(error), error.request_id) == (kind, "r-1")


@pytest.mark.reliability(34)
@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_wrong_clock_is_named_by_tiktoks_date(client, raw, now, minutes):
    """Reliability 34."""
    stamp = format_datetime(NOW, usegmt=True)
    now.value = NOW + timedelta(minutes=minutes)
    raw.says(envelope(36009004, message="timestamp is not within 5 minutes"), f"date: {stamp}")
    error = await failing(client)
    assert type(error) is ClockWrong
    assert f"clock is 600 s {'ahead of' if minutes > 0 else 'behind'} TikTok's" in error.message
    # The proof is TikTok's own time: nothing more is sent for a while.
    assert type(await failing(client)) is AppStopped
    assert len(raw.requests) == 1


async def test_a_stamp_in_the_request_is_not_the_clock(client, raw):
    raw.says(envelope(36009004, message="invalid param: scheduled_sale timestamp"), f"date: {format_datetime(NOW)}")
    assert type(await failing(client)) is Refused


class TestTheGate:
    """A refusal of the app stops all calls; one call a minute tries, and the first good reply ends it."""

    async def test_it_opens_tries_and_closes(self, client, raw, now):
        raw.says(envelope(106001), status="401 Unauthorized")
        for _ in range(3):
            assert type(await failing(client)) is AppMisconfigured
        stopped = [await failing(client) for _ in range(5)]
        assert all(type(error) is AppStopped for error in stopped)
        assert {error.until for error in stopped if isinstance(error, AppStopped)} == {NOW + timedelta(seconds=60)}
        assert len(raw.requests) == 3
        now.value += timedelta(seconds=61)
        assert type(await failing(client)) is AppMisconfigured  # the one that tries
        assert type(await failing(client)) is AppStopped
        assert len(raw.requests) == 4
        now.value += timedelta(seconds=61)
        raw.says(envelope(12052104))
        assert type(await failing(client)) is Refused  # accepted as the app's call
        assert client.app_circuit.trouble is None

    async def test_only_one_tries(self, client, raw, now):
        raw.says(envelope(36009033), status="403 Forbidden")
        for _ in range(3):
            await failing(client)
        now.value += timedelta(seconds=61)
        raw.says(envelope(), status="200 OK")
        raw.pause = 0.1
        results = await asyncio.gather(
            *(client.call(CREATE, token=TOKEN, cipher="c") for _ in range(5)), return_exceptions=True
        )
        assert [type(one) for one in results] == [dict, AppStopped, AppStopped, AppStopped, AppStopped]

    async def test_one_odd_request_does_not_stop_the_others(self, client, raw):
        for _ in range(10):
            raw.says(envelope(106001))
            assert type(await failing(client)) is AppMisconfigured
            raw.says(envelope())
            await client.call(GET, token=TOKEN, cipher="c")


class TestTheList:
    """NV-1, NV-3: the client makes the calls of its list and no other."""

    async def test_whatever_hides_or_deletes_is_refused_before_it_is_sent(self, client, raw):
        tried = 0
        for operation in OPERATIONS:
            for version in operation.versions:
                service, *rest = operation.template.split("/")
                path = "/".join(["", service, version, *rest])
                path = re.sub(r"{\w+}", "1729000000000000001", path)
                if any(one.method == operation.method and one.pattern.fullmatch(path) for one in ENDPOINTS):
                    continue
                method: Any = operation.method  # also DELETE, which a Call cannot be
                with pytest.raises(NotAllowed, match="NV-1"):
                    await client.call(Call(method, path, body={}), token=TOKEN, cipher="c")
                tried += 1
        assert tried >= 15
        assert raw.requests == []

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("DELETE", "/product/202309/products"),
            ("POST", "/product/202309/products/deactivate"),
            ("POST", "/product/202309/products/recover"),
            ("POST", "/product/202309/products/1/inventory/update"),
            ("POST", "/product/202309/products/1/prices/update"),
            ("POST", "/product/202509/products/1/partial_edit"),
            ("DELETE", "/event/202309/webhooks"),
            ("PUT", "/product/202509/products/1/../deactivate"),
            ("PUT", "/product/202509/products/1%2F..%2Fdeactivate"),
            ("PUT", "/product/202509/products/1?x=1"),
            ("PUT", "/product/202509/products/1\n"),
            ("PUT", "/product/202509/products/"),
            ("delete", "/product/202309/products"),
            ("POST", "/product/202309/products/activate/"),
        ],
    )
    def test_no_spelling_bypasses_it(self, method, path):
        with pytest.raises(NotAllowed):
            endpoint_of(method, path)

    def test_no_listed_call_hides_or_deletes(self):
        by_path = {
            (operation.method, version, operation.template): operation.name
            for operation in OPERATIONS
            for version in operation.versions
        }
        listed = set()
        for endpoint in ENDPOINTS:
            _, service, version, *rest = endpoint.template.split("/")
            names = {
                name
                for (method, v, template), name in by_path.items()
                if method == endpoint.method
                and v == version
                and "/".join([service, *rest]) == re.sub(r"{\w+}", "{id}", template)
            }
            assert names == {endpoint.name}, endpoint
            listed |= names
        assert not [name for name in listed if any(w in name for w in ("delet", "deactiv", "recover", "inventory"))]
