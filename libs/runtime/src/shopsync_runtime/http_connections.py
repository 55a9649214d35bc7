"""HTTP/1.1 for httpx over asyncio's own transports, parsed by httptools: a tenth of the processor time of httpx's own.

docs/performance.md has the measurement. A request is sent in one piece, nothing is ever sent twice, and no redirect is
followed. Connections are kept per scheme, host and port, and never serve another name: TLS was verified for one.
"""

import asyncio
import select
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httptools
import httpx

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, in the order in which they are tried. What it raises is raised to whoever asks."""

_KEPT_SECONDS = 5.0
"""How long an idle connection is kept, as in httpx: servers keep theirs as long or longer."""
_NEXT_ADDRESS_SECONDS = 3.0
"""How long an address is tried while there is another one. Chosen."""
_LONGEST_HEAD = 100 * 1024
"""Bytes of a reply that are no body, in a row. As in h11."""
_READ_AHEAD = 64 * 1024
"""Bytes of a body that are taken from the kernel before somebody reads them."""
_PORTS = {"http": 80, "https": 443}

_Origin = tuple[str, str, int]
_Headers = list[tuple[bytes, bytes]]


async def look_up(host: str, port: int) -> list[str]:
    """The host's addresses as the system resolves them. Raises OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return in_order(str(entry[4][0]) for entry in found)


def in_order(addresses: Any) -> list[str]:
    """Each once, IPv4 first: a host with both must stay reachable from a machine without IPv6."""
    return sorted(dict.fromkeys(addresses), key=lambda ip: ":" in ip)


class Connections(httpx.AsyncBaseTransport):
    """A transport for httpx.AsyncClient, without a limit on connections. Used within one event loop.

    Bodies of requests are known bytes: JSON, or multipart forms of bytes. Timeouts of httpx apply to connecting and to
    each read; the bytes of a request are handed to the kernel at once. `timeout` is for both, in seconds, of requests
    without timeouts of their own. As in httpx, the extension `target` of a request replaces path and query.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = look_up,
        timeout: float | None = None,
    ) -> None:
        self._context = ssl_context or httpx.create_ssl_context(trust_env=False)
        self._context.set_alpn_protocols(["http/1.1"])
        self._resolve = resolve
        self._limits = {"connect": timeout, "read": timeout}
        #: by origin; the one that was used last is at the end
        self._idle: dict[_Origin, list[_Connection]] = {}
        self._open: set[_Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError and ConnectTimeout before the first byte was sent, else other TransportErrors."""
        origin, head, body = _origin(request.url), _head(request), await request.aread()
        limits = request.extensions.get("timeout") or self._limits
        connection = self._kept(origin) or await self._connected(origin, limits.get("connect"))
        try:
            status, headers = await connection.ask(head, body, limits.get("read"))
        except BaseException:
            connection.abort()
            raise
        return httpx.Response(status, headers=headers, stream=_Body(self, connection))

    async def aclose(self) -> None:
        """Close every connection."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in list(self._open):
            connection.abort()

    def give_back(self, connection: "_Connection") -> None:
        """Its reply is no longer read. It serves again if the reply was read to the end, and is closed otherwise."""
        if not connection.is_reusable:
            connection.abort()
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(connection.origin, []).append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(_KEPT_SECONDS, self._sweep)

    def forget(self, connection: "_Connection") -> None:
        """It was lost."""
        self._open.discard(connection)
        kept = self._idle.get(connection.origin, [])
        if connection in kept:
            kept.remove(connection)

    def _kept(self, origin: _Origin) -> "_Connection | None":
        kept = self._idle.get(origin)
        last = asyncio.get_running_loop().time() - _KEPT_SECONDS
        while kept:
            connection = kept.pop()
            if connection.idle_since > last and connection.is_alive():
                return connection
            connection.abort()
        return None

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time() - _KEPT_SECONDS
        for origin, kept in list(self._idle.items()):
            for connection in kept:
                if connection.idle_since <= last:
                    connection.abort()
            left = [connection for connection in kept if connection.idle_since > last]
            if left:
                self._idle[origin] = left
            else:
                del self._idle[origin]
        self._sweeper = loop.call_later(_KEPT_SECONDS, self._sweep) if self._idle else None

    async def _connected(self, origin: _Origin, seconds: float | None) -> "_Connection":
        try:
            async with asyncio.timeout(seconds):
                connection = await self._to_one_of(await self._resolve(*origin[1:]), origin)
        except TimeoutError:
            raise httpx.ConnectTimeout(f"no connection in {seconds:g} s") from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        self._open.add(connection)
        return connection

    async def _to_one_of(self, addresses: list[str], origin: _Origin) -> "_Connection":
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(_NEXT_ADDRESS_SECONDS):
                    return await self._to(address, origin)
            except OSError:  # TimeoutError too
                continue
        if not addresses:
            raise OSError(f"{origin[1]} has no address")
        return await self._to(addresses[-1], origin)

    async def _to(self, address: str, origin: _Origin) -> "_Connection":
        scheme, host, port = origin
        tls: dict[str, Any] = {"ssl": self._context, "server_hostname": host} if scheme == "https" else {}
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: _Connection(self, origin), address, port, **tls)
        return connection


def _origin(url: httpx.URL) -> _Origin:
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"{url.scheme!r} is neither http nor https")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _head(request: httpx.Request) -> bytes:
    """Raises httpx.LocalProtocolError for what would be read as something else, or has a length that is not known."""
    target = request.extensions.get("target") or request.url.raw_path
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), target)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    if b"\r\ntransfer-encoding:" in head.lower():
        raise httpx.LocalProtocolError("the length of the request's body is not known")
    if not head.count(b"\r") == head.count(b"\n") == len(lines) + 1:
        raise httpx.LocalProtocolError("a line of the request's head has a line break")
    return head


class _Body(httpx.AsyncByteStream):
    """The body of a reply, as it is read."""

    def __init__(self, connections: Connections, connection: "_Connection") -> None:
        self._connections = connections
        self._connection: _Connection | None = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (part := await self._connection.read()):
            yield part

    async def aclose(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._connections.give_back(connection)


class _Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self, connections: Connections, origin: _Origin) -> None:
        self.origin = origin
        self.idle_since = 0.0
        self._connections = connections
        self._transport: asyncio.Transport
        self._readable = select.poll()
        self._changed: asyncio.Future[None] | None = None
        self._lost: Exception | None = None
        self._silence: float | None = None
        self._is_asked = False
        self._start_over()

    def _start_over(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: _Headers = []
        self._parts: list[bytes] = []
        self._ahead = self._no_body = 0
        self._has_head = self._has_length = self._is_whole = self._is_kept = self._is_more = False

    # For Connections ----------------------------------------------------------------------------------------

    async def ask(self, head: bytes, body: bytes, silence: float | None) -> tuple[int, _Headers]:
        """Send a request and wait for the head of its reply. `silence`: the longest in seconds."""
        self._start_over()
        self._silence, self._is_asked = silence, True
        self._transport.writelines((head, body) if body else (head,))
        while not self._has_head:
            await self._wait()
        return self._status, self._headers

    async def read(self) -> bytes:
        """The next part of the body, b"" at its end."""
        while not self._parts:
            if self._is_whole:
                return b""
            await self._wait()
        found = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        if self._ahead > _READ_AHEAD and self._lost is None:
            self._transport.resume_reading()
        self._ahead = 0
        return found

    @property
    def is_reusable(self) -> bool:
        """Whether another request may be sent: the last reply was whole, and nothing else is under way."""
        return (
            self._is_whole
            and not self._is_more
            and self._lost is None
            and not self._parts
            and self._is_kept
            and not self._transport.get_write_buffer_size()
        )

    def is_alive(self) -> bool:
        """Asks the kernel: anything to read on an idle connection, most often its end, makes it useless."""
        return self._lost is None and not self._transport.is_closing() and not self._readable.poll(0)

    def abort(self) -> None:
        """Close it without waiting."""
        self._transport.abort()

    async def _wait(self) -> None:
        """Until something has changed. Raises httpx.TransportError when the connection is lost, or silent."""
        if self._lost is not None:
            raise self._lost
        loop = asyncio.get_running_loop()
        self._changed = loop.create_future()
        silent = httpx.ReadTimeout("nothing came in time")
        timer = None if self._silence is None else loop.call_later(self._silence, self._fail, silent)
        try:
            await self._changed
        finally:
            self._changed = None
            if timer is not None:
                timer.cancel()

    def _fail(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    # For asyncio --------------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._readable.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def connection_lost(self, error: Exception | None) -> None:
        if self._has_head and not self._has_length and error is None and self._lost is None:
            self._is_whole = True  # the end of the connection is the end of such a body
        text = str(error) if error is not None else "the server closed the connection"
        self._lost = self._lost or httpx.ReadError(text)
        self._connections.forget(self)
        self._wake()

    def data_received(self, data: bytes) -> None:
        if not self._is_asked or self._is_whole:
            self._fail(httpx.RemoteProtocolError("bytes that nobody asked for"))
            return
        self._no_body += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
            return
        if self._no_body > _LONGEST_HEAD and not self._is_whole:
            self._fail(httpx.RemoteProtocolError("the head of the reply is too long"))
            return
        self._wake()

    # For httptools ------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_more = self._is_whole

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:  # and not behind the body
            self._headers.append((name, value))
            self._has_length = self._has_length or name.lower() in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        if self._has_head:
            return
        self._status = self._parser.get_status_code()
        self._has_head = self._status >= 200
        if self._has_head:
            self._no_body = 0
        else:  # not yet the answer
            self._headers.clear()
            self._has_length = False

    def on_body(self, part: bytes) -> None:
        if self._is_more:
            return
        self._parts.append(part)
        self._no_body = 0
        before, self._ahead = self._ahead, self._ahead + len(part)
        if before <= _READ_AHEAD < self._ahead:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self._is_more:
            self._is_whole = self._has_head
            self._is_kept = self._parser.should_keep_alive()
