"""Rates, outages and quotas of whole shops, against the sandbox's own limits."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from shopsync_sandbox.tiktok import Fault
from shopsync_sandbox.tiktok.limits import Rate
from shopsync_testkit.polling import eventually


async def products(demo, count, shop="demo", prefix="P"):
    names = [f"{prefix}-{number:02}" for number in range(count)]
    for name in names:
        await demo.store(name, shop)
    return names


def created(demo, shop="demo"):
    """How many `created` events each product of the shop has."""
    events = demo.events("push.succeeded")
    return Counter(event["product_no"] for event in events if (event["shop_key"], event["action"]) == (shop, "created"))


async def until_created(demo, count):
    await eventually(lambda: len(created(demo)) == count)


async def until_read(demo, count):
    await eventually(lambda: demo.sandbox.journal.requests["get_product"] >= count)


class TestAtTenASecond:
    @pytest.fixture
    def publisher_settings(self):
        return {"requests_per_second": 10.0}

    @pytest.mark.reliability(32)
    async def test_reliability_32_the_rate_is_never_exceeded(self, demo):
        """TikTok allows 10 a second over all endpoints, uploads and readings included."""
        demo.sandbox.limits.shop_rates["demo"] = Rate(10.0, 10)
        demo.sandbox.faults.add(Fault("slow", shop="demo", times=None, seconds=0.2))
        await demo.command(*await products(demo, 30))
        await eventually(lambda: len(created(demo)) == 30)
        # How much of the rate is used is proven where time is made (test_pace): here the machine's load counts too.
        assert demo.sandbox.journal.traffic.summary()["demo"]["rate_limited"] == 0

    @pytest.mark.reliability(32)
    async def test_reliability_32_a_throttled_shop_slows_no_other(self, demo):
        """`demo` is limited to 1 a second and was first; `other` goes at its full rate meanwhile."""
        assert (await demo.authorise("other")).status_code == 200
        demo.sandbox.limits.shop_rates["demo"] = Rate(1.0, 1)
        demo.sandbox.faults.add(Fault("slow", times=None, seconds=0.2))
        await demo.command(*await products(demo, 20))
        await eventually(lambda: demo.sandbox.journal.traffic.summary().get("demo", {}).get("rate_limited", 0) > 0)
        await demo.command(*await products(demo, 30, "other"), shop_key="other")
        await eventually(lambda: len(created(demo, "other")) == 30)
        assert len(created(demo)) < 20, "fewer products, told first, and still not done"
        assert demo.events("push.failed") == []
        held = await demo.database["push_jobs"].count_documents({"shop_key": "demo", "owner": {"$ne": ""}})
        assert held <= 12, "the others wait in the store"

    @pytest.mark.reliability(32)
    @pytest.mark.parametrize("status", [429, 200])
    @pytest.mark.parametrize("retry_after", [True, False])
    async def test_reliability_32_every_form_of_the_limit_slows_the_shop_down(self, demo, status, retry_after):
        """429 with and without Retry-After, and HTTP 200 with the rate code."""
        demo.sandbox.faults.add(Fault("rate_limit", shop="demo", times=2, status=status, retry_after=retry_after))
        await demo.command(*await products(demo, 2))
        await eventually(lambda: len(created(demo)) == 2)
        document = await demo.database["paces"].find_one({"_id": "demo"})
        assert document["learned"]["low"] < 10.0
        assert demo.events("push.failed") == []
        await demo.quiet()
        assert not await demo.database["push_jobs"].count_documents({})


class TestBroken:
    @pytest.fixture
    def publisher_settings(self):
        return {"breaker_longest": timedelta(seconds=1), "requests_per_second": 50.0}

    @pytest.mark.reliability(35)
    @pytest.mark.parametrize("kind", ["error", "html", "drop"])
    async def test_reliability_35_a_shop_that_does_not_answer_is_left_alone_and_comes_back(self, demo, kind):
        """Its jobs wait in the store and keep their attempts; the other shop goes on; one create per product."""
        assert (await demo.authorise("other")).status_code == 200
        demo.sandbox.faults.add(Fault(kind, shop="demo", times=None))
        names = await products(demo, 30)
        await demo.command(*names)

        async def is_open():
            document = await demo.database["paces"].find_one({"_id": "demo"})
            return document is not None and document.get("open_until") is not None

        await eventually(is_open)
        await demo.command(*await products(demo, 5, "other"), shop_key="other")
        await eventually(lambda: len(created(demo, "other")) == 5)
        before = demo.sandbox.journal.traffic.summary()["demo"]["requests"]
        assert before <= 5 + 12, "no more than were under way when the fifth failed"
        await asyncio.sleep(2.5)
        assert demo.sandbox.journal.traffic.summary()["demo"]["requests"] - before <= 4, "one probe a second"
        attempts = [job["attempts"] async for job in demo.database["push_jobs"].find({"shop_key": "demo"})]
        assert len(attempts) == 30
        assert max(attempts) <= 2, "waiting is no attempt"
        demo.sandbox.faults.clear()
        await eventually(lambda: len(created(demo)) == 30)
        assert set(created(demo).values()) == {1}
        assert demo.events("push.failed") == []
        assert not await is_open()

    async def test_one_product_that_breaks_tiktok_stops_at_most_its_own_shop_and_is_reported(self, demo):
        demo.sandbox.faults.add(Fault("error", operation="create*", times=None, status=500))
        await demo.store("B-1")
        await demo.command("B-1")
        event = (await eventually(lambda: demo.events("push.failed")))[0]
        assert (event["status"], event["product_no"]) == ("sync_error", "B-1")


class TestQuota:
    async def test_scenario_53_rb11_what_is_over_the_daily_quota_waits_for_the_next_days(self, demo):
        """Ten a day of twenty-five, the rest waits as 同期待ち; edits go on; nothing fails for the limit alone."""
        demo.sandbox.settings.daily_listing_quota = 10
        names = await products(demo, 25)
        await demo.push(*names)
        assert len(created(demo)) == 10
        assert await demo.database["push_jobs"].count_documents({}) == 15

        listed = min(created(demo))
        await demo.store(listed, content={"price": 2480}, content_version=2, version=2)
        await demo.push(listed)
        assert [event["product_no"] for event in demo.events("push.succeeded") if event["action"] == "edited"] == [
            listed
        ]

        for expected in (20, 25):
            # The reviews of what was created fall due with the jobs.
            read = demo.sandbox.journal.requests["get_product"] + len(created(demo))
            demo.clock.forward(days=1)
            await until_created(demo, expected)
            await demo.quiet()
            # A call under way would find TikTok's clock a day on.
            await until_read(demo, read)
            assert len(created(demo)) == expected
        assert set(created(demo).values()) == {1}
        assert demo.events("push.failed") == []
        assert demo.events("push.skipped") == []


@pytest.mark.reliability(37)
async def test_reliability_37_commands_for_one_product_are_one_push_and_the_newest_content_goes(demo):
    """Ten commands at once, then one while the push runs: one create, then the newest content, never the old one."""
    demo.sandbox.faults.add(Fault("slow", operation="create*", times=1, seconds=0.5))
    await demo.store("A-100")
    await demo.command(*["A-100"] * 10)
    await eventually(lambda: demo.database["listings"].count_documents({"intent": {"$exists": True}}))
    await demo.store("A-100", content={"price": 2480}, content_version=2, version=2)
    await demo.command(*["A-100"] * 3, reason="auto")
    await demo.quiet()
    told = [(event["action"], event["content_version"]) for event in demo.events("push.succeeded")]
    assert told == [("created", 1), ("edited", 2)]
    assert not await demo.database["push_jobs"].count_documents({})


async def test_an_idle_shop_costs_nothing(demo):
    """After the last push the rate limiter writes nothing, and has no task."""
    await demo.store("A-100")
    await demo.push("A-100")

    async def nothing_happens():
        before, tasks = await demo.database["paces"].find_one({"_id": "demo"}), len(asyncio.all_tasks())
        await asyncio.sleep(1.2)
        return await demo.database["paces"].find_one({"_id": "demo"}) == before and len(asyncio.all_tasks()) <= tasks

    await eventually(nothing_happens, what="rest, after the reading that the webhook of the create causes")
