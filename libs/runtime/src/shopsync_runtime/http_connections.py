"""A transport for httpx over httpcore, for many requests at a time to the same few hosts.

httpcore goes through all connections of a pool whenever a request begins or ends, so here each pool has one connection
(docs/performance.md has the measurement). No redirect is followed, and nothing is ever sent twice.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import httpcore
import httpx

from shopsync_runtime.http_proxy import NO_PROXY, Proxy, ProxyRules
from shopsync_runtime.tls import FollowingContext, TlsFiles, UnusableFileError

_CERTIFICATES = "SSL_CERT_FILE"
"""OpenSSL's own variable, which httpx reads."""
_KEPT_SECONDS = 5.0
"""How long an idle connection is kept, as in httpx: servers keep theirs as long or longer."""
_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


def web_context(files: TlsFiles) -> ssl.SSLContext:
    """Trusts the public authorities (or SSL_CERT_FILE's), and beside them those of the CA file if there is one.

    Raises UnusableFileError.
    """
    if files.ca_file is None:
        return _public_authorities()
    return FollowingContext(replace(files, base=_public_authorities))


def _public_authorities() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # of ssl as well
        path = os.environ.get(_CERTIFICATES)
        raise UnusableFileError(f"{_CERTIFICATES}: {path} cannot be used: {error.strerror or error}") from None


_Origin = tuple[bytes, bytes, int | None]


class Connections(httpx.AsyncBaseTransport):
    """Connections are not limited, and kept per scheme, host and port. Used within one event loop.

    `network` is what connects where there is no proxy, httpcore's own if None. `timeout` is for connecting and each
    read, in seconds, of requests without timeouts of their own. As in httpx, the extension `target` of a request
    replaces path and query.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
        timeout: float | None = None,
        proxies: ProxyRules = NO_PROXY,
    ) -> None:
        self._proxies = proxies
        self._context = ssl_context or httpx.create_ssl_context(trust_env=False)
        self._network = network
        self._timeouts = {"connect": timeout, "read": timeout}
        self._all: set[_Connection] = set()
        #: the one that was used last is at the end
        self._idle: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError and ConnectTimeout before the first byte was sent, else other TransportErrors."""
        await self._close_expired()
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        connection = self._connection((url.scheme, url.host, url.port))
        extensions = {"timeout": self._timeouts, **request.extensions}
        try:
            if connection.proxy is not None:
                response = await _through(connection.proxy, connection.pool, request, url, extensions)
            else:
                response = await connection.pool.handle_async_request(
                    httpcore.Request(
                        request.method, url, headers=request.headers.raw, content=request.stream, extensions=extensions
                    )
                )
        except _ERRORS as error:
            await self._failed(connection)
            raise _as_of_httpx(error) from error
        except BaseException:
            await self._failed(connection)
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(self, connection, response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        self._idle.clear()
        while self._all:
            await self._all.pop().pool.aclose()

    def give_back(self, connection: "_Connection") -> None:
        """Its reply is no longer read. httpcore has closed it unless it can serve again."""
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.append(connection)

    async def _failed(self, connection: "_Connection") -> None:
        if connection.proxy is None:
            self.give_back(connection)
            return
        # The next one asks for the proxy again: its log-in may have been replaced. And httpcore never uses nor closes a
        # tunnel whose TLS handshake was cancelled, so that whoever got this pool next would wait for it in vain.
        self._all.discard(connection)
        await connection.pool.aclose()

    def _connection(self, origin: _Origin) -> "_Connection":
        for place in reversed(range(len(self._idle))):
            if self._idle[place].origin == origin:
                return self._idle.pop(place)
        scheme, host, port = origin
        proxy = self._proxies.proxy_for(scheme.decode(), host.decode(), port)
        connection = _Connection(origin, self._context, self._network, proxy)
        self._all.add(connection)
        return connection

    async def _close_expired(self) -> None:
        """Whatever its host: httpcore closes an expired connection only when its pool is used again."""
        last = asyncio.get_running_loop().time() - _KEPT_SECONDS
        while self._idle and self._idle[0].idle_since <= last:
            connection = self._idle.pop(0)
            self._all.discard(connection)
            await connection.pool.aclose()


class _Connection:
    """A pool of one connection, which connects again when its connection was closed."""

    def __init__(
        self,
        origin: _Origin,
        context: ssl.SSLContext,
        network: httpcore.AsyncNetworkBackend | None,
        proxy: Proxy | None,
    ) -> None:
        self.origin = origin
        self.proxy = proxy
        self.idle_since = 0.0
        if proxy is None:
            self.pool = httpcore.AsyncConnectionPool(
                ssl_context=context, max_connections=1, keepalive_expiry=_KEPT_SECONDS, network_backend=network
            )
        else:
            self.pool = httpcore.AsyncHTTPProxy(
                proxy.url,
                proxy_auth=proxy.login,
                ssl_context=context,
                proxy_ssl_context=context if proxy.scheme == "https" else None,
                max_connections=1,
                keepalive_expiry=_KEPT_SECONDS,
            )


class _Body(httpx.AsyncByteStream):
    """The body of a reply, as it is read."""

    def __init__(self, connections: Connections, connection: _Connection, response: httpcore.Response) -> None:
        self._connections = connections
        self._connection: _Connection | None = connection
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_stream():
                yield part
        except _ERRORS as error:
            raise _as_of_httpx(error) from error

    async def aclose(self) -> None:
        if self._connection is None:
            return
        connection, self._connection = self._connection, None
        try:
            await self._response.aclose()
        finally:
            self._connections.give_back(connection)


async def _through(
    proxy: Proxy,
    pool: httpcore.AsyncConnectionPool,
    request: httpx.Request,
    url: httpcore.URL,
    extensions: Mapping[str, Any],
) -> httpcore.Response:
    """Send it through a proxy. Raises httpcore's errors, of which ConnectError and ProxyError mean: not sent.

    httpcore passes the extensions of a request on to what it asks the proxy for. The extension `target` would replace
    the host there, so it is put into the address. What is lost before the tunnel stands would look like a lost answer.
    """
    rest, progress = dict(extensions), _Progress()
    target = rest.pop("target", None)
    if target is not None:
        url = httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=target)
    rest["trace"] = progress.note
    sent = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.stream, extensions=rest)
    try:
        response = await pool.handle_async_request(sent)
    except httpcore.ProxyError as error:
        raise httpcore.ProxyError(f"the proxy {proxy.shown} refuses: {error}; check {proxy.variable}") from error
    except httpcore.UnsupportedProtocol:
        raise
    except _ERRORS as error:
        if progress.has_been_sent:
            raise
        raise httpcore.ConnectError(
            f"not through the proxy {proxy.shown} ({type(error).__name__}: {error}); check {proxy.variable}"
        ) from error
    # What comes through a tunnel is the server's, which has got the request.
    if response.status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED and url.scheme == b"http":
        await response.aclose()
        raise httpcore.ProxyError(f"the proxy {proxy.shown} refuses: 407 without its log-in; check {proxy.variable}")
    return response


class _Progress:
    """Whether the request itself was begun. While its tunnel is made it was not."""

    def __init__(self) -> None:
        self.has_been_sent = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore calls with each step."""
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self.has_been_sent = True


def _as_of_httpx(error: Exception) -> httpx.TransportError:
    """The names of the errors are the same in httpcore and httpx."""
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))
