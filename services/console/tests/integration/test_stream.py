"""Open pages are told what changed in their own shop, and miss nothing when a connection is lost."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from played_services import PlayedServices

from console.actions import Actions
from console.live.hub import EVERYTHING, Hub
from console.live.watching import SessionWatch
from console.metrics import STREAMS, STREAMS_OVER
from console.store import ActionStore
from shopsync_accounts import Accounts
from shopsync_contracts.topics import CATALOG_PRODUCTS, TOOL_EDITS
from shopsync_runtime.http_server import HttpServer, make_http_app
from shopsync_testkit.polling import eventually


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr("console.live.watching.EVERY_SECONDS", 0.2)


@pytest.fixture
async def address(world):
    """The console on a port: a stream does not end by itself, as the tests' other client expects."""
    runtime = world.runtime
    app = make_http_app(livez=runtime.livez, readyz=runtime.readyz, routes=runtime.routes, is_started=lambda: True)
    server = HttpServer(app, host="127.0.0.1", port=0)
    port = await server.start()
    yield f"http://127.0.0.1:{port}"
    await server.stop()


@asynccontextmanager
async def opened(browser, address, after="", **headers):
    async with (
        httpx.AsyncClient(base_url=address, cookies=browser.cookies, timeout=20) as client,
        client.stream("GET", f"/stream?after={after}", headers=headers) as response,
    ):
        yield response, response.aiter_lines()


async def told(lines, count):
    """The next events as name and data, with the position after the last."""
    found, name, position = [], "", ""
    async with asyncio.timeout(20):
        async for line in lines:
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                position = value
            elif field == "data" or (field == "data:"):
                found.append((name, value))
            if not line and len(found) >= count:
                return found, position
    raise AssertionError("the stream ended")


async def snapshot(world, subject):
    """Of this product: what stands in it does not matter here."""
    topic = CATALOG_PRODUCTS.full_name(world.common.topic_prefix)
    await world.producer.send_and_wait(topic, b"{}", key=subject.encode())


async def test_a_page_that_comes_without_a_position_asks_for_everything(world, address):
    async with opened(world.client, address) as (response, lines):
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        found, _ = await told(lines, 4)
    assert tuple(found) == EVERYTHING


async def test_a_change_of_a_product_is_told_to_its_own_shop_alone(world, address):
    other = await world.log_in("other")
    async with (
        opened(world.client, address) as (_, mine),
        opened(other, address) as (_, theirs),
    ):
        await told(mine, 4)
        await told(theirs, 4)
        await snapshot(world, "demo/シャツ 1")
        await snapshot(world, "other/B-1")
        assert (await told(mine, 1))[0] == [("product", "シャツ 1")]
        assert (await told(theirs, 1))[0] == [("product", "B-1")]


async def test_a_lost_connection_gets_what_it_missed(world, address):
    async with opened(world.client, address) as (_, lines):
        _, position = await told(lines, 4)
    await snapshot(world, "demo/A-1")
    await snapshot(world, "other/B-1")

    async def again(**headers):
        async with opened(world.client, address, **headers) as (_, lines):
            return (await told(lines, 1))[0]

    async def one_came():
        found = await again(after=position)
        return ("product", "A-1") in found and ("product", "B-1") not in found

    await eventually(one_came, timeout=20)
    assert ("product", "A-1") in await again(**{"last-event-id": position})
    assert (await again(after="another-process"))[0] == ("list", "")


async def test_an_action_that_ends_is_told(world, address):
    actions = Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)
    one = str(uuid4())
    async with opened(world.client, address) as (_, lines):
        await told(lines, 4)
        await actions.switch("demo", "A-1", True, action_id=one)
        assert ("action", one) in (await told(lines, 1))[0]


async def test_the_row_of_an_action_that_ends_is_told(world, address):
    services = await PlayedServices.of(world)
    await services.imported("A-1")
    actions = Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)
    async with opened(world.client, address) as (_, lines):
        await told(lines, 4)
        await actions.switch("demo", "A-1", True, action_id=str(uuid4()))
        [event] = await world.events(TOOL_EDITS)
        await services.apply(event)
        found = []
        while ("product", "A-1") not in found:
            found += (await told(lines, 1))[0]


async def test_a_stream_needs_a_session(world, address):
    async with opened(world.stranger, address) as (response, _):
        assert response.status_code == 303


async def rest_of(lines):
    """Names of the events until the stream ends."""
    async with asyncio.timeout(10):
        return [line.removeprefix("event: ") async for line in lines if line.startswith("event: ")]


async def test_a_log_out_ends_the_streams_of_its_session_at_once_and_no_other(world, address, monkeypatch):
    monkeypatch.setattr("console.live.watching.EVERY_SECONDS", 3600)
    second = await world.log_in("demo")
    async with opened(world.client, address) as (_, mine), opened(second, address) as (_, still):
        await told(mine, 4)
        await told(still, 4)
        await world.post(world.client, "/logout")
        assert await rest_of(mine) == ["ended"]
        await snapshot(world, "demo/A-1")
        assert (await told(still, 1))[0] == [("product", "A-1")]


async def test_a_new_password_ends_every_stream_of_the_shop_at_once_and_no_other(world, address, monkeypatch):
    monkeypatch.setattr("console.live.watching.EVERY_SECONDS", 3600)
    accounts, other = Accounts(world.database), await world.log_in("other")
    link = f"/password/{await accounts.reset('demo', world.now)}"
    async with opened(world.client, address) as (_, mine), opened(other, address) as (_, theirs):
        await told(mine, 4)
        await told(theirs, 4)
        await world.stranger.get(link)
        await world.post(world.stranger, link, password="correct horse battery", again="correct horse battery")
        assert await rest_of(mine) == ["ended"]
        await snapshot(world, "other/B-1")
        assert (await told(theirs, 1))[0] == [("product", "B-1")]


@pytest.mark.parametrize("how", ["by another replica", "by time"])
async def test_a_session_that_ends_elsewhere_ends_its_streams_with_the_next_look(world, address, how):
    async with opened(world.client, address) as (_, lines):
        await told(lines, 4)
        if how == "by time":
            world.now += timedelta(hours=12)
        else:
            await world.sessions.end(world.client.cookies["console_session"])
        assert await rest_of(lines) == ["ended"]


async def test_one_question_is_for_all_open_streams():
    asked: list[set[str]] = []

    class OnlyFirst:
        def on_end(self, **_):
            """They end elsewhere."""

        async def ended(self, digests):
            asked.append(set(digests))
            return set(digests) - {"first"}

    hub = Hub()
    sessions: Any = OnlyFirst()
    watch = SessionWatch(hub, sessions)
    await watch.look()
    streams = [hub.open("demo", session, hub.position) for session in ("first", "first", "second", "third")]
    await watch.look()
    assert asked == [{"first", "second", "third"}]
    for stream in streams[2:]:
        hub.tell("demo", "product", "A-1")
        assert [change async for change, _ in stream.changes()] == [("ended", "")]
    for stream in streams:
        hub.leave(stream)


async def test_open_streams_are_counted_and_end_when_the_process_stops(world, address):
    before = STREAMS._value.get()
    async with opened(world.client, address) as (_, lines):
        await told(lines, 4)
        assert STREAMS._value.get() == before + 1
        stopping = [hook for hook in world.runtime.stop_hooks if "Hub" in repr(hook)]
        assert stopping
        await stopping[0]()
        async with asyncio.timeout(5):
            async for _ in lines:
                pass

    def none_is_open():
        return STREAMS._value.get() == before

    await eventually(none_is_open, timeout=10)


async def test_a_ninth_stream_of_a_session_closes_its_first_and_that_page_comes_back_later(world, address):
    other = await world.log_in("demo")
    before = STREAMS_OVER._value.get()
    async with AsyncExitStack() as pages:
        (_, theirs) = await pages.enter_async_context(opened(other, address))
        mine = [await pages.enter_async_context(opened(world.client, address)) for _ in range(9)]
        for _, lines in (*mine[1:], (None, theirs)):
            await told(lines, 4)
        async with asyncio.timeout(10):
            first = [line async for line in mine[0][1]]
        assert "retry: 60000" in first
        assert "event: ended" not in first
        position = next(line.removeprefix("id: ") for line in reversed(first) if line.startswith("id: "))
        assert STREAMS_OVER._value.get() == before + 1
        await snapshot(world, "demo/A-1")
        for _, lines in (*mine[1:], (None, theirs)):
            assert ("product", "A-1") in (await told(lines, 1))[0]
        _, again = await pages.enter_async_context(opened(world.client, address, after=position))
        assert ("product", "A-1") in (await told(again, 1))[0]


async def test_many_changes_at_once_are_told_as_one():
    hub = Hub()
    stream = hub.open("demo", "digest", hub.position)
    for number in range(5_000):
        hub.tell("demo", "product", f"P-{number}")
        hub.tell("demo", "counts")
    stream.close()
    found = [change async for change, _ in stream.changes()]
    hub.leave(stream)
    assert len(found) <= 22
    assert {("list", ""), ("counts", "")} <= set(found)


async def test_a_position_that_nobody_was_given_asks_for_everything():
    hub = Hub()
    for nonsense in ("", "x", hub.position.replace("-0", "-" + "9" * 5_000), hub.position.replace("-0", "-一")):
        stream = hub.open("demo", "digest", nonsense)
        stream.close()
        assert ("list", "") in [change async for change, _ in stream.changes()], nonsense
        hub.leave(stream)
