"""What goes over the wire, when a connection is used again, and how each way to lose an answer is told."""

import asyncio
import contextlib

import httpcore
import httpx
import pytest
import uvloop

from shopsync_runtime import SettingsError, http_connections
from shopsync_runtime.http_connections import Connections, web_context
from shopsync_runtime.tls import TlsFiles
from shopsync_testkit.certificates import Authority

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of its answers, the last one repeatedly. None: it closes the connection."""

    def __init__(self, *answers):
        self.answers = list(answers) or [OK]
        self.requests = []
        self.connections = 0
        self.url = ""
        self.writers = []

    async def serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
                )
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    break
                for part in [answer] if isinstance(answer, bytes) else answer:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0)
                if b"connection: close" in b"".join(answer if isinstance(answer, tuple) else [answer]).lower():
                    break
        writer.close()


@contextlib.asynccontextmanager
async def asking(*answers, network=None, **options):
    """A server and a client."""
    server = Server(*answers)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    transport = Connections(network=network)
    try:
        async with httpx.AsyncClient(transport=transport, trust_env=False, **options) as client:
            yield server, client
    finally:
        listener.close()


def played(scenario):
    """Under both loops: uvloop's transports differ from asyncio's."""
    asyncio.run(scenario())
    uvloop.run(scenario())


def test_requests_go_out_as_httpx_builds_them_over_one_connection():
    async def scenario():
        async with asking() as (server, client):
            plain = await client.get(f"{server.url}/a%20b", params={"x": "あ"}, headers={"x-one": "1"})
            form = await client.post(server.url, files={"data": ("image", b"\x00\r\n\xff")}, data={"use_case": "MAIN"})
            await client.put(server.url, json={"a": 1})
        assert (plain.status_code, plain.text, form.text) == (200, "ok", "ok")
        first, second, third = server.requests
        assert first.startswith(b"GET /a%20b?x=%E3%81%82 HTTP/1.1\r\nHost: 127.0.0.1:")
        assert b"\r\nx-one: 1\r\n" in first
        assert b'name="use_case"\r\n\r\nMAIN\r\n' in second
        assert b"\x00\r\n\xff" in second
        assert third.endswith(b'\r\n\r\n{"a":1}')
        assert server.connections == 1

    played(scenario)


@pytest.mark.parametrize(
    ("answer", "status", "content"),
    [
        ((b"HTTP/1.1 2", b"00 OK\r\ncontent-le", b"ngth: 4\r\n\r\n", b"o", b"kay"), 200, b"okay"),
        (
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", b"2\r\nay\r\n0\r\nx: y\r\n\r\n"),
            200,
            b"okay",
        ),
        ((b"HTTP/1.1 100 Continue\r\nx: y\r\n\r\n", b"HTTP/1.1 103 Early\r\n\r\n", OK), 200, b"ok"),
        ((b"HTTP/1.1 204 No\r\n\r\n",), 204, b""),
        ((b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n",), 304, b""),
        ((b"HTTP/1.1 503 Busy\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n",), 503, b""),
    ],
    ids=["in pieces", "chunked", "1xx before", "204", "304 with a length", "empty"],
)
def test_an_answer_is_read_to_its_end_and_the_connection_serves_again(answer, status, content):
    async def scenario():
        async with asking(answer, OK) as (server, client):
            first = await client.get(server.url)
            second = await client.get(server.url)
        assert (first.status_code, first.content, second.content) == (status, content, b"ok")
        assert server.connections == 1
        assert "x" not in first.headers

    played(scenario)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
    ],
    ids=["told to close", "ended by closing", "HTTP/1.0"],
)
def test_a_connection_that_cannot_serve_again_is_closed(answer):
    async def scenario():
        async with asking(answer, OK) as (server, client):
            assert [(await client.get(server.url)).text for _ in range(2)] == ["ok", "ok"]
        assert server.connections == 2

    played(scenario)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-le",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 50_000,
    ],
    ids=["none", "cut", "chunk cut", "head cut", "no HTTP", "two lengths", "long line", "long head", "long trailer"],
)
def test_an_answer_that_is_not_whole_is_an_error_and_nothing_is_sent_again(answer):
    async def scenario():
        async with asking(OK, answer) as (server, client):
            await client.get(server.url)
            with pytest.raises(httpx.TransportError) as lost:
                await client.post(server.url, content=b"x")
        assert not isinstance(lost.value, httpx.ConnectError | httpx.TimeoutException)
        assert len(server.requests) == 2

    played(scenario)


def test_a_large_body_goes_out_whole():
    body = bytes(range(256)) * 40_000

    async def scenario():
        async with asking() as (server, client):
            assert (await client.post(server.url, content=body)).text == "ok"
            assert (await client.get(server.url)).text == "ok"
        assert server.requests[0].endswith(b"\r\n\r\n" + body)
        assert server.connections == 1

    played(scenario)


def test_a_connection_that_the_server_closed_is_not_used():
    async def scenario():
        async with asking() as (server, client):
            await client.get(server.url)
            server.writers[0].close()
            await server.writers[0].wait_closed()
            assert (await client.post(server.url, content=b"x")).text == "ok"
        assert (server.connections, len(server.requests)) == (2, 2)

    played(scenario)


def test_a_connection_that_brought_bytes_while_idle_is_not_used():
    async def scenario():
        async with asking() as (server, client):
            await client.get(server.url)
            server.writers[0].write(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")
            await server.writers[0].drain()
            assert (await client.post(server.url, content=b"x")).text == "ok"
        assert (server.connections, len(server.requests)) == (2, 2)

    played(scenario)


def test_idle_connections_are_not_used_and_are_closed_with_the_next_request(monkeypatch):
    monkeypatch.setattr(http_connections, "_KEPT_SECONDS", 0.05)

    async def scenario():
        async with asking() as (server, client):
            await asyncio.gather(*(client.get(server.url) for _ in range(3)))
            assert server.connections == 3
            await asyncio.sleep(0.1)
            await client.get(server.url)
            assert server.connections == 4
            for writer in server.writers[:3]:
                async with asyncio.timeout(10):
                    await writer.wait_closed()

    played(scenario)


def test_nobody_listens():
    async def scenario():
        async with asking() as (server, client):
            url = server.url
        async with httpx.AsyncClient(transport=Connections()) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(url)

    played(scenario)


def test_what_the_network_raises_is_raised():
    class NotAllowedError(Exception):
        pass

    class Network(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host, port, *args, **kwargs):
            raise NotAllowedError(host)

    async def scenario():
        async with asking(network=Network()) as (server, client):
            with pytest.raises(NotAllowedError):
                await client.get(server.url)

    played(scenario)


def test_silence_ends_an_exchange():
    async def scenario():
        async with asking(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", timeout=0.1) as (server, client):
            with pytest.raises(httpx.ReadTimeout):
                await client.get(server.url)

    played(scenario)


def test_an_exchange_that_is_cancelled_closes_its_connection():
    async def scenario():
        async with asking(b"HTTP/1.1 200 OK\r\n", OK) as (server, client):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.get(server.url)
            assert (await client.get(server.url)).text == "ok"
            assert server.connections == 2

    played(scenario)


def test_a_body_that_nobody_reads_stays_in_the_kernel():
    """8 MiB that come at once: what is not read is not taken."""
    body = b"x" * (8 << 20)

    async def scenario():
        async with (
            asking(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body) as (server, client),
            client.stream("GET", server.url) as response,
        ):
            await asyncio.sleep(0.1)
            first = await anext(response.aiter_raw())
            assert len(first) < len(body) / 2

    played(scenario)


@pytest.mark.parametrize("header", ["a\r\nx: y", "a\nb"])
def test_a_line_break_in_a_header_is_not_sent(header):
    async def scenario():
        async with asking() as (server, client):
            with pytest.raises(httpx.LocalProtocolError):
                await client.get(server.url, headers={"x-one": header})
        assert server.requests == []

    played(scenario)


def test_other_schemes_are_not_sent():
    async def scenario():
        async with asking() as (server, client):
            with pytest.raises(httpx.UnsupportedProtocol):
                await client.get("ftp://shop.test/")
        assert server.requests == []

    played(scenario)


@pytest.mark.parametrize("has_own", [False, True])
def test_openssl_s_own_file_is_named_when_it_cannot_be_used(monkeypatch, tmp_path, has_own):
    own = Authority(tmp_path / "own").certificate if has_own else None
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"^SSL_CERT_FILE: .*nowhere cannot be used: No such file or directory$"):
        web_context(TlsFiles("HTTP", own))
    (tmp_path / "nowhere").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"^SSL_CERT_FILE: .*nowhere cannot be used: .*certificate"):
        web_context(TlsFiles("HTTP", own))
