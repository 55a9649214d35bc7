"""push-commands are read again, from the start or from anywhere: nothing is sent that nobody asked to send since."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from publisher.store import Positions
from shopsync_contracts import new_event
from shopsync_contracts.events import PushPauseSet


async def positions(demo) -> dict[str, int]:
    return {one["_id"]: one["offset"] async for one in demo.database["command_positions"].find({})}


async def jobs(demo) -> int:
    return await demo.database["push_jobs"].count_documents({})


@pytest.mark.parametrize("reason", ["manual", "auto", "scheduled", "redrive"])
async def test_what_was_edited_since_the_push_waits_for_its_own_command(demo, reason):
    await demo.store("A-100")
    asked = [demo._delivery("A-100", "demo", reason)]
    await demo.handler(asked)
    await demo.quiet()
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]
    await demo.store("A-100", version=2, content_version=2, content={"name": "まだ同期していない名前"})
    await demo.handler(asked)
    assert await jobs(demo) == 0
    assert len(demo.events()) == 1
    assert demo.sandbox.journal.done["edits"] == 0
    await demo.push("A-100")  # somebody presses the button
    assert demo.sandbox.journal.done["edits"] == 1


async def test_new_commands_behind_repeated_ones_are_taken(demo):
    for product_no in ("A-100", "A-101", "A-102"):
        await demo.store(product_no)
    first, second, third = (demo._delivery(no, "demo", "manual") for no in ("A-100", "A-101", "A-102"))
    await demo.handler([first, second])
    await demo.quiet()
    await demo.handler([first, second, third])
    await demo.quiet()
    assert sorted(event["product_no"] for event in demo.events()) == ["A-100", "A-101", "A-102"]


async def test_commands_whose_jobs_were_lost_with_the_process_come_again(demo, monkeypatch):
    """The position is stored after the jobs: commands that were not stored come again with the repeated batch."""
    await demo.store("A-100")
    asked = [demo._delivery("A-100", "demo", "manual")]

    async def fail(*_) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("publisher.store.Jobs.request", fail)
        with pytest.raises(ConnectionError):
            await demo.handler(asked)
    await demo.handler(asked)
    await demo.quiet()
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]


async def test_a_topic_that_was_created_again_begins_again(demo):
    await demo.store("A-100")
    [old] = asked = [demo._delivery("A-100", "demo", "manual")]
    await demo.handler([replace(old, offset=500)])
    await demo.quiet()
    await demo.handler([replace(old, offset=0, timestamp=old.timestamp + timedelta(seconds=1))])
    await demo.quiet()
    assert len(demo.events()) == 2
    await demo.handler([replace(asked[0], offset=0, timestamp=old.timestamp + timedelta(seconds=1))])
    assert await jobs(demo) == 0
    assert (await positions(demo))["t/0"] == 0


async def test_positions_are_kept_per_partition_and_only_move_forward(demo):
    store = Positions(demo.database)
    one = demo._delivery("A-100", "demo", "manual")
    here, later, there = replace(one, offset=7), replace(one, offset=9), replace(one, partition=1, offset=3)
    await store.taken([later, there, here])
    await store.taken([here])
    assert await positions(demo) == {"t/0": 9, "t/1": 3}
    new = replace(one, partition=1, offset=4)
    assert await store.not_taken([here, later, there, new]) == [new]


async def test_a_pause_behind_a_command_that_was_not_stored_does_not_make_it_a_repeat(demo, monkeypatch):
    """The position moves over pauses too, but never before the jobs of the commands before them are stored."""
    await demo.store("A-100")
    command = demo._delivery("A-100", "demo", "manual")
    pause = new_event(PushPauseSet(shop_key="other", paused=False), source="/t", id="p", time=command.event.time)
    batch = [command, replace(command, offset=command.offset + 1, value=pause.to_bytes(), parsed=pause)]

    async def fail(*_) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr("publisher.store.Jobs.request", fail)
        with pytest.raises(ConnectionError):
            await demo.handler(batch)
    await demo.handler(batch)
    await demo.quiet()
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]
    assert (await positions(demo))["t/0"] == command.offset + 1
