"""The faults of the proxy, as a client and a server feel them."""

import asyncio
import contextlib
import time

import pytest

from shopsync_testkit.fault_proxy import FaultProxy, Route
from shopsync_testkit.polling import eventually
from shopsync_testkit.ports import free_port

QUIET = 0.3
"""So long nothing comes where nothing may come."""


class Linked(FaultProxy):
    """A proxy with one route, and what the server behind it has seen."""

    server_saw_an_end: asyncio.Event

    @property
    def port(self):
        return self._routes[0].listen


@pytest.fixture
async def link():
    """A proxy before a server that sends everything back."""
    ended = asyncio.Event()

    async def echo(reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()
        ended.set()

    route = Route(free_port(), free_port())
    server = await asyncio.start_server(echo, "127.0.0.1", route.target)
    async with server, Linked([route]) as proxy:
        proxy.server_saw_an_end = ended
        yield proxy


@contextlib.asynccontextmanager
async def client(link):
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def asked(connection, text=b"hello"):
    reader, writer = connection
    writer.write(text)
    return await reader.readexactly(len(text))


async def silent(connection, text=b"hello"):
    reader, writer = connection
    writer.write(text)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), QUIET)


async def reset(connection):
    reader, writer = connection
    with contextlib.suppress(OSError):
        writer.write(b"hello")
        assert await reader.read(1) == b""


async def test_without_a_fault_everything_passes_both_ways(link):
    async with client(link) as connection:
        assert await asked(connection, b"x" * 300_000) == b"x" * 300_000
    assert link.bytes_carried == 600_000
    await eventually(lambda: link.open_connections == 0)
    await asyncio.wait_for(link.server_saw_an_end.wait(), 60)


async def test_a_cut_resets_what_is_open_and_what_is_new_until_it_heals(link):
    async with client(link) as connection:
        await asked(connection)
        link.cut()
        await reset(connection)
        async with client(link) as another:
            await reset(another)
        link.heal()
        async with client(link) as another:
            await asked(another)


async def test_a_half_open_link_swallows_everything_and_says_nothing(link):
    async with client(link) as connection:
        await asked(connection)
        link.half_open()
        await silent(connection)
        async with client(link) as another:
            await silent(another)
        connection[1].close()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.server_saw_an_end.wait(), QUIET)
        link.heal()
        await asyncio.wait_for(link.server_saw_an_end.wait(), 60)
        async with client(link) as another:
            await asked(another)


async def test_what_is_forgotten_stays_silent_while_new_connections_work(link):
    async with client(link) as connection, client(link) as another:
        await asked(connection)
        link.forget()
        await silent(connection)
        async with client(link) as new:
            await asked(new)
            link.heal()
            await reset(another)
            await asked(new)


async def test_a_throttled_link_is_shared_by_its_connections(link):
    async with client(link) as one, client(link) as other:
        link.throttle(64_000)
        began = time.monotonic()
        await asyncio.gather(asked(one, b"x" * 16_000), asked(other, b"y" * 16_000))
        assert time.monotonic() - began >= 0.5
        link.heal()
        assert await asked(one, b"z" * 2_000_000)


async def test_a_slow_link_holds_each_answer_back(link):
    async with client(link) as connection:
        link.slow(0.2)
        began = time.monotonic()
        await asked(connection)
        assert time.monotonic() - began >= 0.2
        link.heal()
        await asked(connection)


async def test_a_server_that_is_away_is_an_end_for_the_client():
    route = Route(free_port(), free_port())
    async with Linked([route]) as link, client(link) as connection:
        await reset(connection)
