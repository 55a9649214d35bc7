"""What the merchant asks for is published once per form, and what is stored about it."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import bson
import pytest
from aiokafka.errors import KafkaConnectionError

from console.actions import Actions
from console.errors import WrongForm
from console.model import Action
from console.store import ActionStore
from shopsync_contracts.events import EditChanges, SyncSettings, TaxDefaults
from shopsync_contracts.topics import IMPORT_COMMANDS, SHOP_SETTINGS, SYNC_COMMANDS, TOOL_EDITS


@pytest.fixture
def actions(world):
    return Actions(world.runtime.events, ActionStore(world.database), world.database, clock=world.clock)


def an_id():
    return str(uuid4())


async def test_an_edit_has_the_forms_id_and_the_console_as_its_source(world, actions):
    one = an_id()
    await actions.edit("demo", "シャツ 1", EditChanges(package_weight_g=300), action_id=one)
    [event] = await world.events(TOOL_EDITS)
    assert (event.id, event.source, event.subject) == (one, "/shopsync/console", "demo/シャツ 1")
    assert event.data.edited_at == event.time == world.now
    assert event.data.changes.model_dump() == {"package_weight_g": 300}
    [kept] = await actions.recent("demo")
    assert (kept.id, kept.kind, kept.product_nos, kept.state) == (one, "edit", ("シャツ 1",), "sent")


async def test_a_double_click_sends_one_event(world, actions):
    one = an_id()
    await asyncio.gather(*(actions.switch("demo", "A-1", True, action_id=one) for _ in range(5)))
    await actions.switch("demo", "A-1", True, action_id=one)
    assert [event.id for event in await world.events(TOOL_EDITS)] == [one]
    assert len(await actions.recent("demo")) == 1


async def test_what_kafka_did_not_take_is_sent_by_the_same_form_with_its_first_time(world, actions, monkeypatch):
    one, publish = an_id(), world.runtime.events.publish_all

    async def refuse(_events):
        raise KafkaConnectionError("no broker")

    monkeypatch.setattr(world.runtime.events, "publish_all", refuse)
    with pytest.raises(KafkaConnectionError):
        await actions.switch("demo", "A-1", True, action_id=one)
    [kept] = await actions.recent("demo")
    assert (kept.state, kept.code) == ("unknown", "not_sent")
    monkeypatch.setattr(world.runtime.events, "publish_all", publish)
    first, world.now = world.now, world.now.replace(hour=9)
    await actions.switch("demo", "A-1", True, action_id=one)
    [event] = await world.events(TOOL_EDITS)
    assert (event.id, event.time) == (one, first)
    assert [kept.state for kept in await actions.recent("demo")] == ["sent"]


async def test_the_same_form_with_other_values_is_another_event(world, actions):
    one = an_id()
    await actions.switch("demo", "A-1", True, action_id=one)
    await actions.switch("demo", "A-1", False, action_id=one)
    await actions.switch("demo", "A-1", False, action_id=one)
    found = await world.events(TOOL_EDITS)
    assert [event.data.sync_enabled for event in found] == [True, False]
    assert found[0].id == one != found[1].id


async def test_a_process_that_ended_before_it_published_leaves_what_the_next_form_sends(world, actions, monkeypatch):
    one = an_id()

    async def end(_action, _bodies, _at):
        raise asyncio.CancelledError

    monkeypatch.setattr(actions, "_publish", end)
    with pytest.raises(asyncio.CancelledError):
        await actions.request_import("demo", "changed_only", action_id=one)
    monkeypatch.undo()
    world.now = world.now.replace(hour=9)
    assert (await actions.get("demo", one)).code == "not_sent"
    await actions.request_import("demo", "changed_only", action_id=one)
    assert [event.id for event in await world.events(IMPORT_COMMANDS)] == [one]


@pytest.mark.parametrize(("on", "words"), [(True, "連携対象をONに切り替え"), (False, "連携対象をOFFに切り替え")])
async def test_the_page_of_a_switch_says_which_way(world, actions, on, words):
    one = an_id()
    await actions.switch("demo", "A-1", on, action_id=one)
    assert words in (await world.client.get(f"/actions/{one}")).text


async def test_many_products_are_several_events_of_one_action(world, actions):
    one, numbers = an_id(), [f"P-{number}" for number in range(2_500)]
    await actions.bulk_edit("demo", numbers, EditChanges(package_weight_g=300), None, action_id=one)
    await actions.request_sync("demo", numbers, action_id=an_id())
    parts = await world.events(TOOL_EDITS)
    assert sorted(number for part in parts for number in part.data.product_nos) == sorted(numbers)
    assert parts[0].id == one
    kept = await actions.get("demo", one)
    assert (kept.count, len(kept.product_nos), kept.more) == (2_500, 1_000, True)
    assert set(kept.event_ids) == {part.id for part in parts}
    assert len(await world.events(SYNC_COMMANDS)) == 2


async def test_settings_keep_what_the_screen_does_not_show(world, actions):
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": {"category_version": "v2"}})
    sync = SyncSettings(mode="scheduled", times=("03:00",))
    await actions.save_settings("demo", sync, TaxDefaults(rate_percent=8), action_id=an_id())
    [event] = await world.events(SHOP_SETTINGS)
    assert (event.data.sync, event.data.tax.rate_percent, event.data.category_version) == (sync, 8, "v2")


async def save(actions, one, rate=8):
    return await actions.save_settings("demo", SyncSettings(), TaxDefaults(rate_percent=rate), action_id=one)


async def change_category_version(world):
    """As an operator does, while the form is open."""
    await world.database["shops"].update_one({"_id": "demo"}, {"$set": {"category_version": "v2"}})


async def test_the_same_settings_again_are_one_action_whatever_an_operator_has_changed_meanwhile(world, actions):
    one = an_id()
    assert await save(actions, one) == one
    await change_category_version(world)
    assert await save(actions, one) == one
    assert [event.id for event in await world.events(SHOP_SETTINGS)] == [one]
    assert await save(actions, one, rate=5) != one
    assert [event.data.category_version for event in await world.events(SHOP_SETTINGS)] == ["v1", "v2"]


async def test_settings_that_kafka_did_not_take_go_out_as_the_same_action_with_what_an_operator_set(
    world, actions, monkeypatch
):
    async def refuse(_events):
        raise KafkaConnectionError("no broker")

    one, first, publish = an_id(), world.now, world.runtime.events.publish_all
    monkeypatch.setattr(world.runtime.events, "publish_all", refuse)
    with pytest.raises(KafkaConnectionError):
        await save(actions, one)
    monkeypatch.setattr(world.runtime.events, "publish_all", publish)
    await change_category_version(world)
    world.now = world.now.replace(hour=9)
    assert await save(actions, one) == one
    [event] = await world.events(SHOP_SETTINGS)
    assert (event.id, event.time, event.data.category_version) == (one, first, "v2")
    assert [kept.state for kept in await actions.recent("demo")] == ["sent"]


async def test_the_newest_two_hundred_are_kept(world, actions):
    for _ in range(201):
        await ActionStore(world.database).claim(_action(world), "digest", world.now)
    found = await world.database["accounts"].find_one({"_id": "demo"})
    assert len(found["actions"]) == 200


async def test_an_ended_action_keeps_a_few_refusals_and_how_many_there_were(world):
    store, action = ActionStore(world.database), replace(_action(world), kind="bulk_edit")
    await store.claim(action, "digest", world.now)
    refused = tuple((f"P-{number}", "理由" * 250) for number in range(900))
    await store.note(replace(action, state="done", code="some_refused", refused=refused, progress={"refused": 900}))
    found = await world.database["accounts"].find_one({"_id": "demo"})
    assert 200 * len(bson.encode(found["actions"][0])) < 8 * 1024 * 1024
    for path, words in ((f"/actions/{action.id}", "ほか 895 商品"), ("/history/refusals", "900 商品に")):
        assert words in (await world.client.get(path)).text
    # The report of every product is gone by now, or was never kept.
    assert "反映済み" not in (await world.client.get(f"/bulk/{action.id}")).text


def _action(world):
    return Action(an_id(), "demo", "switch", ("A-1",), 1, world.now, "sent")


@pytest.mark.parametrize("id_", ["", "1", "../x", "0" * 40])
async def test_a_form_without_an_id_of_its_own_sends_nothing(world, actions, id_):
    with pytest.raises(WrongForm):
        await actions.switch("demo", "A-1", True, action_id=id_)
    assert not await world.events(TOOL_EDITS)


async def test_nothing_to_do_is_no_event(world, actions):
    with pytest.raises(WrongForm):
        await actions.edit("demo", "A-1", EditChanges(), action_id=an_id())
    with pytest.raises(WrongForm):
        await actions.bulk_edit("demo", ["A-1"], EditChanges(), None, action_id=an_id())
    with pytest.raises(WrongForm):
        await actions.request_sync("demo", [], action_id=an_id())


async def test_the_page_of_an_action_is_that_of_its_own_shop_alone(world, actions):
    one = an_id()
    await actions.edit("demo", "<b>1", EditChanges(package_weight_g=300), action_id=one)
    page = await world.client.get(f"/actions/{one}")
    part = await world.client.get(f"/actions/{one}", headers={"hx-request": "true"})
    assert page.status_code == part.status_code == 200
    assert "受け付けました" in page.text
    assert "<html" not in part.text
    assert f'hx-get="/actions/{one}"' in part.text
    assert "<b>1" not in page.text
    other = await world.log_in("other")
    assert (await other.get(f"/actions/{one}")).status_code == 404
