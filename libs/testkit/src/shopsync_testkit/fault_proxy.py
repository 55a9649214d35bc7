"""A TCP proxy on loopback whose faults are switched on and off while connections are open."""

import asyncio
import contextlib
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Self

_CHUNK = 16 * 1024
# What a throttled lane lets through at once: small, so that what shares the lane takes turns.
_PIECE = 2 * 1024
_IN_FLIGHT = 64
_CONNECT_SECONDS = 10.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Route:
    """Clients connect to the loopback port `listen`, the server listens on `target`."""

    listen: int
    target: int


class _State(Enum):
    OPEN = "open"
    CUT = "cut"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class _Lane:
    """One direction of the whole link, shared by its connections."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    bytes_carried: int = 0


class FaultProxy:
    """All routes share one state, as if they were one cable. It starts without a fault.

    ```
    async with FaultProxy(cluster.routes) as link:
        link.cut()         # open connections are reset, new ones too
        link.half_open()   # everything is accepted and swallowed: no answer, no reset, no end
        link.forget()      # the same for what is open now; new connections work
        link.throttle(64_000)   # bytes a second in each direction, for all connections together
        link.slow(0.5)     # each answer arrives so many seconds later
        link.heal()        # as at the start; what was half-open is reset
    ```
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self._servers: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()
        self.state = _State.OPEN
        self.rate: int | None = None
        self.delay = 0.0
        self.up, self.down = _Lane(), _Lane()
        self.accepted = 0

    async def __aenter__(self) -> Self:
        for route in self._routes:
            server = await asyncio.start_server(self._serve(route), "127.0.0.1", route.listen, limit=_CHUNK)
            self._servers.append(server)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        self._reset_all()
        await asyncio.gather(*(one.ended.wait() for one in set(self._connections)))

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    @property
    def bytes_carried(self) -> int:
        """How many bytes have passed, in both directions."""
        return self.up.bytes_carried + self.down.bytes_carried

    def cut(self) -> None:
        """Reset every connection, and every new one as soon as it is made."""
        self.state = _State.CUT
        self._reset_all()

    def half_open(self) -> None:
        """Swallow everything from now on. Neither side learns of it, not even that the other one has hung up."""
        self.state = _State.HALF_OPEN
        self.forget()

    def forget(self) -> None:
        """Swallow what the open connections carry, as a firewall does that has lost them. New ones are carried."""
        for connection in self._connections:
            connection.is_forgotten = True

    def throttle(self, bytes_per_second: int) -> None:
        """Limit each direction of the link."""
        self.rate = bytes_per_second

    def slow(self, seconds: float) -> None:
        """Hold each answer back for so long. As much as before passes in a given time."""
        self.delay = seconds

    def heal(self) -> None:
        """End every fault. Connections that lost bytes are reset."""
        self.state, self.rate, self.delay = _State.OPEN, None, 0.0
        for connection in set(self._connections):
            if connection.is_forgotten:
                connection.reset()

    def _reset_all(self) -> None:
        for connection in set(self._connections):
            connection.reset()

    def _serve(self, route: Route) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.accepted += 1
            connection = _Connection(self, reader, writer)
            self._connections.add(connection)
            try:
                await connection.run(route.target)
            finally:
                self._connections.discard(connection)
                connection.ended.set()

        return serve


class _Connection:
    """One client and, unless the link is half-open or cut, its connection to the server."""

    def __init__(self, link: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._link = link
        self._reader, self._writer = reader, writer
        self._upstream: asyncio.StreamWriter | None = None
        self._work: asyncio.Task[None] | None = None
        self.is_forgotten = link.state is _State.HALF_OPEN
        self.ended = asyncio.Event()

    async def run(self, target: int) -> None:
        """Carry bytes both ways until a side ends or the connection is reset."""
        self._work = asyncio.ensure_future(self._carry_both(target))
        with contextlib.suppress(asyncio.CancelledError, OSError, TimeoutError):
            await self._work
        for writer in (self._writer, self._upstream):
            if writer is not None:
                _reset(writer)

    def reset(self) -> None:
        """End both sides with a TCP reset."""
        if self._work is not None:
            self._work.cancel()

    async def _carry_both(self, target: int) -> None:
        if self._link.state is _State.CUT:
            return
        if self.is_forgotten:
            await self._swallow()
        async with asyncio.timeout(_CONNECT_SECONDS):
            upstream, self._upstream = await asyncio.open_connection("127.0.0.1", target, limit=_CHUNK)
        ways = [
            asyncio.ensure_future(self._carry(self._reader, self._upstream, self._link.up, answers=False)),
            asyncio.ensure_future(self._carry(upstream, self._writer, self._link.down, answers=True)),
        ]
        try:
            # The end of one side is the end of both: no client of ours half-closes.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _swallow(self) -> None:
        while await self._reader.read(_CHUNK):
            pass
        await asyncio.Event().wait()  # the other end never hears that this one has hung up

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lane: _Lane, *, answers: bool
    ) -> None:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](_IN_FLIGHT)

        async def receive() -> None:
            with contextlib.suppress(OSError):  # a reset is an end, too
                while data := await reader.read(_CHUNK):
                    await queue.put((loop.time() + (self._link.delay if answers else 0.0), data))
            await queue.put((loop.time(), b""))

        receiving = asyncio.ensure_future(receive())
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self.is_forgotten:
                    if not data:
                        await asyncio.Event().wait()
                elif data:
                    await self._deliver(writer, data, lane)
                else:
                    return
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    async def _deliver(self, writer: asyncio.StreamWriter, data: bytes, lane: _Lane) -> None:
        size = len(data) if self._link.rate is None else _PIECE
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            async with lane.turn:
                if (rate := self._link.rate) is not None:
                    await asyncio.sleep(len(piece) / rate)
            writer.write(piece)
            lane.bytes_carried += len(piece)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
    writer.transport.abort()
