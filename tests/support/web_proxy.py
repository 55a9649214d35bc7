"""A small HTTP proxy for tests: CONNECT and absolute addresses, with a log-in, and ways to fail."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator


class WebProxy:
    """`login` is demanded if set. `mode`: serve, silent (never answers), cut (closes while asked), or a status."""

    def __init__(self, *, login: str | None = None, mode: str = "serve", scheme: str = "http") -> None:
        self.scheme = scheme
        self.login = login
        self.mode = mode
        self.asked: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            line, *headers = head.decode().split("\r\n")
            method, target, _ = line.split(" ")
            self.asked.append(f"{method} {target}")
            if self.mode == "silent":
                await asyncio.sleep(3600)
            if self.mode == "cut":
                return
            if not self._lets_in(headers):
                await _answer(writer, "407 Proxy Authentication Required")
                continue
            if self.mode != "serve":
                await _answer(writer, self.mode)
                continue
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                there, back = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
                return
            await self._forward(method, target, headers, reader, writer)

    def _lets_in(self, headers: list[str]) -> bool:
        wanted = f"basic {base64.b64encode((self.login or '').encode()).decode()}"
        given = [line.partition(":")[2].strip() for line in headers if line.lower().startswith("proxy-authorization:")]
        return self.login is None or [one[:6].lower() + one[6:] for one in given] == [wanted]

    async def _forward(
        self, method: str, target: str, headers: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        authority, _, path = target.removeprefix("http://").partition("/")
        host, _, port = authority.partition(":")
        there, back = await asyncio.open_connection(host, int(port or 80))
        kept = [line for line in headers if line and not line.lower().startswith(("proxy-", "connection:"))]
        length = next((int(line[15:]) for line in kept if line.lower().startswith("content-length:")), 0)
        back.write("\r\n".join([f"{method} /{path} HTTP/1.1", *kept, "connection: close", "", ""]).encode())
        back.write(await reader.readexactly(length))
        await _pump(there, writer)


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
    await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def web_proxy(
    *, login: str | None = None, mode: str = "serve", context: ssl.SSLContext | None = None
) -> AsyncIterator[WebProxy]:
    """A proxy while the block runs, spoken to by TLS if there is a `context`."""
    proxy = WebProxy(login=login, mode=mode, scheme="http" if context is None else "https")
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=context)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
