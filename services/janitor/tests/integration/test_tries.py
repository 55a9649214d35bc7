"""What a sweep makes of answers that are bad, late or about something else, and of a night that goes wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from janitor.catalog_view import CatalogView
from janitor.clock import Schedule
from janitor.model import Sweep
from janitor.nights import Nights
from janitor.store import SweepStore
from shopsync_contracts.events import Enumeration, ProductRemoved
from shopsync_contracts.topics import DELETE_COMMANDS, IMPORT_COMMANDS, PRODUCT_CHANGES
from shopsync_runtime import Leases
from shopsync_testkit.polling import eventually


def now():
    return datetime.now(UTC).replace(microsecond=0)


def verdicts_of(pages):
    return {verdict.product_no: verdict.verdict for page in pages for verdict in page.verdicts}


async def in_order(world, count):
    """The enumerations asked for, each once, in the order of the sweeps' tries."""
    found = {event.id: event for event in await world.asked(count)}
    return list(found.values())


class TestTheNextTry:
    """DL-10: futureshop's maintenance falls on some nights; the sweep asks again until the night is over."""

    async def test_a_failed_enumeration_is_asked_for_again_and_a_late_answer_is_none(self, world):
        world.settings["enumeration_retry"] = "200ms"
        await world.catalog.put("off", removed_by="e2")
        await world.catalog.put("stale", removed_by="e1")
        async with world.catalog_running(), world.janitor():
            request = await world.nightly(now())
            [first] = await in_order(world, 1)
            await world.answer_badly(first)
            _, second = await in_order(world, 2)
            # The first try is answered after all, by a listing that the second has overtaken.
            await world.answer(first, "e1")
            await world.answer(second, "e2")
            [page] = await world.reports(request)
        assert verdicts_of([page]) == {"off": "deleted", "stale": "kept_unproven"}
        assert (page.enumeration_id, page.refused_because) == ("e2", None)
        [stored] = await world.sweeps()
        assert (stored["attempt"], stored["succeeded"]) == (2, True)

    async def test_at_the_end_of_the_night_it_is_refused_and_says_how_often_it_asked(self, world):
        world.settings |= {"enumeration_retry": "300ms", "nightly_catch_up": "10m"}
        await world.catalog.put("off", removed_by="e1")
        ahead = timedelta()
        async with world.catalog_running(), world.janitor(ahead=lambda: ahead):
            request = await world.nightly(datetime.now(UTC))
            [first] = await in_order(world, 1)
            await world.answer_badly(first)
            _, second = await in_order(world, 2)
            ahead = timedelta(minutes=11)
            await world.answer_badly(second)
            [page] = await world.reports(request)
        assert "HTTP 503 (tried 2 times)" in page.refused_because
        assert await world.events(DELETE_COMMANDS) == []
        [stored] = await world.sweeps()
        assert (stored["succeeded"], stored["state"]) == (False, "done")

    @pytest.mark.parametrize("code", ["futureshop_denied", "shop_unknown"])
    async def test_what_an_operator_has_to_mend_is_refused_at_once(self, world, code):
        async with world.catalog_running(), world.janitor():
            request = await world.nightly(now())
            [command] = await world.asked()
            await world.answer_badly(command, code)
            [page] = await world.reports(request)
        assert code in page.refused_because

    async def test_an_operator_is_told_at_once_and_overtakes_a_sweep_that_waits_for_its_next_try(self, world):
        world.settings["enumeration_retry"] = "1h"
        await world.catalog.put("off", removed_by="e2")
        async with world.catalog_running(), world.janitor():
            await world.nightly(now())
            [first] = await in_order(world, 1)
            await world.answer_badly(first)
            await eventually(lambda: world.database["sweeps"].find_one({"attempt": 2}), what="to wait")
            await world.sweep("r1")
            _, second = await in_order(world, 2)
            await world.answer_badly(second)
            [page] = await world.reports("r1")
            assert "HTTP 503" in page.refused_because
            await world.sweep("r2")
            *_, third = await in_order(world, 3)
            await world.answer(third, "e2")
            assert verdicts_of(await world.reports("r2")) == {"off": "deleted"}
        waiting, *_ = await world.sweeps()
        assert (waiting["state"], waiting["attempt"]) == ("requested", 2)


class TestAnswersThatAreNone:
    """DL-9, NV-9."""

    async def test_the_report_of_another_request_is_not_heard(self, world):
        await world.catalog.put("off", removed_by="e1")
        async with world.catalog_running(), world.janitor():
            await world.sweep("r1")
            [command] = await world.asked()
            stranger = command.model_copy(update={"id": "somebody else's"})
            await world.answer(stranger, "e1")
            other = command.model_copy(update={"data": command.data.model_copy(update={"shop_key": "other"})})
            await world.answer(other, "e1")
            await world.answer(command, "e2")
            [page] = await world.reports("r1")
        assert (page.enumeration_id, verdicts_of([page])) == ("e2", {"off": "kept_unproven"})

    async def test_a_late_report_deletes_nothing(self, world):
        world.settings["enumeration_wait"] = "500ms"
        await world.catalog.put("off", removed_by="e1")
        async with world.catalog_running(), world.janitor():
            await world.sweep("r1")
            [command] = await world.asked()
            [page] = await world.reports("r1")
            await world.answer(command, "e1")
            await world.sweep("r2")  # read behind the report: when it is refused too, the report was handled
            [again] = await world.reports("r2")
        assert "no enumeration within" in page.refused_because
        assert "no enumeration within" in again.refused_because
        assert await world.events(DELETE_COMMANDS) == []
        assert await world.catalog.numbers() == ["off"]

    async def test_an_enumeration_older_than_the_sweep_is_no_proof(self, world):
        await world.catalog.put("off", removed_by="e1")
        old = now() - timedelta(hours=1)
        async with world.catalog_running(), world.janitor():
            await world.sweep("r1")
            [command] = await world.asked()
            proof = Enumeration(id="e1", started_at=old, completed_at=old, product_count=9)
            await world.answer(command, enumeration=proof)
            [page] = await world.reports("r1")
        assert "before the sweep was asked for" in page.refused_because
        assert await world.events(DELETE_COMMANDS) == []

    async def test_a_proof_that_grows_old_while_the_catalog_is_away_is_none(self, world):
        """DL-8: what was gone then may be registered again by now."""
        world.settings["proof_age"] = "1s"
        await world.catalog.put("off", removed_by="e1")
        proof = Enumeration(id="e1", started_at=now(), completed_at=now(), product_count=1)
        async with world.janitor():
            await world.sweep("r1")
            [command] = await world.asked()
            await world.say(PRODUCT_CHANGES, ProductRemoved(shop_key="demo", product_no="off", enumeration=proof), "x")
            await world.answer(command, "e1")
            [page] = await world.reports("r1")
        assert "older than 0:00:01" in page.refused_because
        assert await world.catalog.numbers() == ["off"]


async def test_a_dry_run_tells_what_would_go_and_sends_nothing(world):
    await world.catalog.put("off", removed_by="e1")
    await world.catalog.put("on", on=True, removed_by="e1")
    async with world.catalog_running(), world.janitor():
        await world.sweep("r1", dry_run=True)
        [command] = await world.asked()
        await world.answer(command)
        [page] = await world.reports("r1")
    assert (page.dry_run, verdicts_of([page])) == (True, {"off": "deleted", "on": "kept_sync_enabled"})
    assert await world.events(DELETE_COMMANDS) == []
    assert await world.catalog.numbers() == ["off", "on"]
    [stored] = await world.sweeps()
    assert (stored["dry_run"], stored["succeeded"]) == (True, False)


async def test_hundreds_of_shops_that_wait_cost_nothing_and_begin_one_after_another(world):
    """The shops of a night start spread over some minutes; who waits for an enumeration is not looked at."""
    world.settings["nightly_spread"] = "1h"
    shops = [f"s{n:03}" for n in range(300)]
    await world.database["shops"].insert_many([{"_id": shop} for shop in shops])
    slot = now()
    async with world.janitor():
        for shop in shops:
            await world.nightly(slot, shop)

        async def queued():
            return await world.database["sweeps"].count_documents({}) == 300

        await eventually(queued, what="the sweeps of the night")
    starts = sorted(sweep["not_before"] for sweep in await world.sweeps())
    assert starts[-1] - starts[0] > timedelta(minutes=50)
    store = SweepStore(world.database)
    due = [await store.shops_with_work(now() + timedelta(minutes=minutes)) for minutes in (0, 15, 30, 61)]
    waiting = [len(shops) for shops in due]
    assert waiting == sorted(waiting)
    assert waiting[0] < 20
    assert 50 < waiting[1] < 100
    assert len(await world.events(IMPORT_COMMANDS)) + waiting[3] == 300


class TestWorkToBeDone:
    """`shops_with_work` and `next_for`, the janitor's queue."""

    @pytest.fixture
    def store(self, world):
        return SweepStore(world.database)

    async def put(self, store, name, state, minute, shop_key="demo", **members):
        asked = self.start + timedelta(minutes=minute)
        sweep = Sweep(name, shop_key, f"r-{name}", asked, f"q-{name}", state=state, **members)
        await store.add(sweep)
        return sweep

    start = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("state", "members", "work"),
        [
            ("requested", {}, True),
            ("requested", {"not_before": start + timedelta(minutes=9)}, True),
            ("requested", {"not_before": start + timedelta(minutes=11)}, False),
            ("enumerating", {"deadline": start + timedelta(minutes=11)}, False),
            ("enumerating", {"deadline": start + timedelta(minutes=9)}, True),
            ("proven", {}, True),
            ("commanded", {}, True),
            ("judged", {}, True),
            ("refused", {}, True),
        ],
    )
    async def test_only_what_can_go_on_is_work(self, world, store, state, members, work):
        await self.put(store, "s1", state, 0, **members)
        found = await store.shops_with_work(self.start + timedelta(minutes=10))
        assert found == (["demo"] if work else [])

    async def test_the_running_one_first_then_the_oldest_that_is_due(self, world, store):
        at = self.start + timedelta(minutes=10)
        await self.put(store, "tries-again", "requested", 0, not_before=self.start + timedelta(hours=1))
        assert await store.next_for("demo", at) is None
        third = await self.put(store, "third", "requested", 3)
        await self.put(store, "second", "requested", 2)
        assert (await store.next_for("demo", at)).id == "second"
        third.state, third.deadline = "enumerating", self.start + timedelta(hours=1)
        await store.save(third, 1)
        assert (await store.next_for("demo", at)).id == "third"
        assert await store.shops_with_work(at) == [], "another enumeration would only disturb the first"


async def test_a_shop_without_a_success_for_three_nights_is_an_error_once_a_night(world):
    """The gauge and the log line are what an alert rests on; a dry run and a refusal are no success."""
    store, schedule = SweepStore(world.database), Schedule()
    at = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # 08:30 in Tokyo, the night is over
    nights = [schedule.latest(at) - timedelta(days=days) for days in range(4)]
    await world.database["shops"].insert_one({"_id": "idle"})

    async def swept(shop_key, night, *, dry_run=False, refused=None):
        name = f"{shop_key}-{night.isoformat()}"
        sweep = Sweep(name, shop_key, name, night, name, dry_run=dry_run, state="done", completed_at=night)
        sweep.refused_because = refused
        await store.add(sweep)
        await store.save(sweep, 1)

    await swept("demo", nights[3])
    await swept("demo", nights[1], dry_run=True)
    await swept("demo", nights[0], refused="held back")
    await swept("other", nights[2])
    await swept("gone", nights[3])  # has no settings any more
    replicas = [
        Nights(schedule, store, CatalogView(world.database), Leases(world.database, "janitor"), nights=3, clock=clock)
        for clock in [lambda: at] * 2
    ]
    with capture_logs() as logs:
        found = [await one.look() for one in replicas]
        found += [await replicas[0].look()]
    assert found == [["demo"]] * 3
    assert [(line["log_level"], line["shop_key"]) for line in logs] == [("error", "demo")]
    assert REGISTRY.get_sample_value("shopsync_sweep_overdue_shops") == 1
    last = REGISTRY.get_sample_value("shopsync_sweep_last_success_timestamp_seconds", {"shop_key": "demo"})
    assert last == nights[3].timestamp()
