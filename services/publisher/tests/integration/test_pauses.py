"""An operator lets a shop's pushes wait: nothing is sent, nothing is lost."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from publisher.pushing.paused_shops import PausedShops
from publisher.store import Pauses
from shopsync_contracts import new_event
from shopsync_contracts.events import PushPauseSet
from shopsync_contracts.topics import PUSH_COMMANDS
from shopsync_runtime import Delivery
from shopsync_testkit.polling import eventually


def said(demo, *, paused: bool, offset: int = 0, after: float = 0, shop_key: str = "demo") -> Delivery:
    body = PushPauseSet(shop_key=shop_key, paused=paused, reason="prices are corrected" if paused else "")
    event = new_event(body, source="/shopsync/ops", id=str(uuid4()), time=demo.clock())
    stamp = demo.clock() + timedelta(seconds=after)
    return Delivery("t", 0, offset, stamp, event.key(), event.to_bytes(), (), PUSH_COMMANDS, event)


@pytest.fixture
def rounds(monkeypatch):
    """Waits until the workers have looked for jobs three times more: each look begins with the pauses."""
    looks, refresh = 0, PausedShops.refresh

    async def counted(self):
        nonlocal looks
        await refresh(self)
        looks += 1

    async def wait():
        before = looks
        await eventually(lambda: looks >= before + 3, what="some rounds of the workers")

    monkeypatch.setattr(PausedShops, "refresh", counted)
    return wait


async def jobs(demo) -> dict[str, dict]:
    return {one["_id"]: one async for one in demo.database["push_jobs"].find({})}


async def test_pushes_of_a_paused_shop_wait_and_go_on_where_they_were(demo, rounds):
    await demo.store("A-100")
    await demo.handler([said(demo, paused=True)])
    [command] = await demo.command("A-100")
    await rounds()
    job = (await jobs(demo))["demo/A-100"]
    assert (job["command_id"], job["attempts"], job["owner"]) == (command, 0, "")
    assert demo.events() == []
    assert await demo.listing() is None
    await demo.handler([said(demo, paused=False, after=1)])
    await demo.quiet()
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]
    assert await jobs(demo) == {}


async def test_another_shop_is_pushed_meanwhile(demo):
    await demo.authorise("other")
    await demo.store("A-100")
    await demo.store("B-100", shop_key="other")
    await demo.handler([said(demo, paused=True)])
    await demo.command("A-100")
    await demo.command("B-100", shop_key="other")

    async def sent() -> bool:
        return [event["shop_key"] for event in demo.events("push.succeeded")] == ["other"]

    async def done() -> bool:
        return set(await jobs(demo)) == {"demo/A-100"}

    await eventually(sent, what="the other shop's push")
    await eventually(done, what="the end of its job")


async def test_a_push_that_was_claimed_before_the_pause_sends_nothing(demo, monkeypatch):
    """A replica may learn of a pause a moment later; what is stored decides."""
    found: list[str] = []
    monkeypatch.setattr(PausedShops, "is_paused", lambda _self, _shop: False)
    monkeypatch.setattr(PausedShops, "add", lambda _self, shop: found.append(shop))
    await demo.store("A-100")
    await demo.handler([said(demo, paused=True)])
    await demo.command("A-100")
    await eventually(lambda: found, what="a push that finds the shop paused")
    assert demo.events() == []
    assert await demo.listing() is None
    await demo.handler([said(demo, paused=False, after=1)])
    await demo.quiet()
    assert len(demo.events("push.succeeded")) == 1


async def test_pause_and_commands_in_one_batch(demo, rounds):
    await demo.store("A-100")
    delivery = demo._delivery("A-100", "demo", "manual")
    await demo.handler([delivery, said(demo, paused=True, offset=1)])
    await rounds()
    assert demo.events() == []
    assert set(await jobs(demo)) == {"demo/A-100"}


async def test_the_last_message_in_kafka_counts_however_often_others_are_repeated(demo):
    """A redelivered batch, and a replica that is behind, bring old messages after new ones."""
    pause, resume = said(demo, paused=True, offset=4), said(demo, paused=False, offset=5, after=1)
    again = said(demo, paused=True, offset=6, after=60)
    store = Pauses(demo.database)
    for batch, stands in (
        ([pause], {"demo"}),
        ([resume], set()),
        ([pause], set()),
        ([again], {"demo"}),
        ([resume], {"demo"}),
        ([pause, resume, again], {"demo"}),
    ):
        await demo.handler(batch)
        assert await store.shops() == stands


async def test_the_pause_is_shown_with_its_reason(demo):
    await demo.handler([said(demo, paused=True)])
    stored = await demo.database["push_pauses"].find_one({"_id": "demo"})
    assert (stored["paused"], stored["reason"], stored["source"]) == (True, "prices are corrected", "/shopsync/ops")


async def test_of_many_first_pauses_of_a_shop_at_once_the_newest_counts(demo):
    """Two replicas may read one partition for a moment while it is reassigned."""
    pauses = Pauses(demo.database)
    stamp = demo.clock()

    async def note(shop: int, offset: int) -> None:
        one = said(demo, paused=offset == 0, offset=offset, shop_key=f"s{shop}")
        await pauses.note(one.event.data, set_at=stamp, source="/", appended=stamp, offset=offset)

    for shop in range(150):
        await asyncio.gather(note(shop, 0), note(shop, 1))
    assert await pauses.shops() == set()
    stored = [one["offset"] async for one in demo.database["push_pauses"].find({})]
    assert stored == [1] * 150
