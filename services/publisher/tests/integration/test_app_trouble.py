"""Trouble of the app itself: shown once, no product pays for it (reliability 34)."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from shopsync_testkit.polling import eventually

NAMES = [f"P-{number}" for number in range(12)]


async def upkeep(world):
    task = next(task for task in world.runtime.tasks if task.name == "upkeep")
    await task.stop()
    await task._run.__closure__[0].cell_contents()


def gauge(name):
    return REGISTRY.get_sample_value(f"shopsync_publisher_{name}")


async def held_up(world, *, calls_at_most):
    """Commands for all products wait; TikTok gets hardly any calls, and no product is reported as failed."""
    before = world.sandbox.journal.requests.total()
    await world.command(*NAMES)
    await eventually(lambda: gauge("app_refused") == 1)
    await world.quiet()
    assert world.events("push.failed") == []
    assert await world.database["push_jobs"].count_documents({}) == len(NAMES)
    assert world.sandbox.journal.requests.total() - before <= calls_at_most
    await upkeep(world)
    (trouble,) = await world.database["app_troubles"].find().to_list()
    return trouble


async def goes_on(world):
    world.clock.forward(seconds=61)
    await eventually(lambda: gauge("app_refused") == 0)
    world.clock.forward(seconds=21)  # others wait that long for the one that tried
    await eventually(lambda: len(world.events("push.succeeded")) == len(NAMES))
    assert world.events("push.failed") == []
    await upkeep(world)
    assert await world.database["app_troubles"].count_documents({}) == 0
    assert gauge("app_refused") == 0


@pytest.mark.reliability(34)
@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_wrong_clock_is_reported_once_and_uses_up_no_attempt(demo, minutes):
    for name in NAMES:
        await demo.store(name)
    # Ours goes wrong, TikTok's (and the Date of its replies) stays right.
    demo.sandbox.settings.oldest_timestamp_seconds = 300
    demo.clock.forward(minutes=minutes)
    demo.sandbox.set_clock_offset(-60 * minutes)
    with capture_logs() as logs:
        trouble = await held_up(demo, calls_at_most=len(NAMES))
    assert trouble["code"] == "clock"
    assert f"s {'ahead of' if minutes > 0 else 'behind'} TikTok's" in trouble["message"]
    assert abs(gauge("clock_skew_seconds") - 60 * minutes) < 5
    stopped = [one for one in logs if one["event"].startswith("TikTok Shop refuses the app")]
    assert [one["log_level"] for one in stopped] == ["error"]
    demo.sandbox.set_clock_offset(0)
    await goes_on(demo)


@pytest.mark.reliability(34)
async def test_a_clock_that_drifts_is_warned_of_before_it_is_refused(demo):
    await demo.store()
    demo.clock.forward(seconds=25)
    with capture_logs() as logs:
        await demo.push("A-100")
    assert demo.events("push.succeeded")
    (warning,) = [one for one in logs if "clock is off" in one["event"]]
    assert (warning["log_level"], 23 <= warning["ahead_seconds"] <= 27) == ("warning", True)


async def test_a_caller_that_is_not_on_the_list(demo):
    for name in NAMES:
        await demo.store(name)
    demo.sandbox.settings.allowed_ips = ("203.0.113.9",)
    trouble = await held_up(demo, calls_at_most=len(NAMES))
    assert trouble["code"] == "36009033"
    demo.sandbox.settings.allowed_ips = ()
    await goes_on(demo)


async def test_one_call_a_minute_tries(demo):
    for name in NAMES:
        await demo.store(name)
    demo.sandbox.settings.allowed_ips = ("203.0.113.9",)
    await held_up(demo, calls_at_most=len(NAMES))
    for _ in range(3):
        before = demo.sandbox.journal.requests.total()
        demo.clock.forward(seconds=61)
        await eventually(lambda: demo.sandbox.journal.requests.total() > before)  # noqa: B023 - read in this turn
        await demo.quiet()
        assert demo.sandbox.journal.requests.total() == before + 1
    assert demo.events("push.failed") == []


class TestWrongSecret:
    @pytest.fixture
    def publisher_settings(self):
        return {"retry_longest": timedelta(seconds=1)}

    async def test_a_wrong_secret_stops_all_calls(self, demo):
        for name in NAMES:
            await demo.store(name)
        right = demo.sandbox.world.app.app_secret
        object.__setattr__(demo.sandbox.world.app, "app_secret", "changed-in-partner-center")
        trouble = await held_up(demo, calls_at_most=len(NAMES))
        assert trouble["code"] == "106001"
        object.__setattr__(demo.sandbox.world.app, "app_secret", right)
        await goes_on(demo)
