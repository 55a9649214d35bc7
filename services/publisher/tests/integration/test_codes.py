"""What TikTok's real codes do to a shop, to its products and to the other shops: in its statuses and words."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

NAMES = [f"P-{number}" for number in range(8)]


def calls(world, operation):
    return world.sandbox.journal.requests[operation]


def codes(world):
    return {(event["status"], event["code"]) for event in world.events("push.failed")}


async def stored(world, *names, shop_key="demo"):
    for name in names:
        await world.store(name, shop_key)


async def upkeep(world):
    task = next(task for task in world.runtime.tasks if task.name == "upkeep")
    await task.stop()
    await task._run.__closure__[0].cell_contents()


WORDS = "Invalid credentials. The 'access_token' header is invalid."
INVALID = {
    "36009005": Fault("answer", code=36009005),
    "36009004 in its words": Fault("answer", code=36009004, status=401, message=WORDS),
    "36009004 with 401": Fault("answer", code=36009004, status=401, message="Invalid credentials"),
    "105002": Fault("answer", code=105002),
}


@pytest.mark.parametrize("name", INVALID)
async def test_an_invalid_token_is_refreshed_once_and_the_call_made_again(demo, name):
    await stored(demo, "A-100")
    before = INVALID[name]
    demo.sandbox.faults.add(
        Fault("answer", code=before.code, operation="create*", status=before.status, message=before.message)
    )
    await demo.push("A-100")
    assert calls(demo, "token_refresh") == 1
    assert demo.events("push.failed") == []
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]


@pytest.mark.parametrize("name", INVALID)
async def test_au5_a_token_that_stays_invalid_blocks_the_shop(demo, name):
    """No product fails for it, there is one refresh, and the consent stays."""
    await stored(demo, *NAMES)
    await stored(demo, "B-1", shop_key="other")
    await demo.authorise("other")
    before = INVALID[name]
    fault = Fault("answer", code=before.code, status=before.status, message=before.message, times=None, shop="demo")
    demo.sandbox.faults.add(fault)
    await demo.command(*NAMES)
    await demo.push("B-1", shop_key="other")
    assert codes(demo) == {("sync_error", "authorization")}
    assert all("authorise it again" in event["message"] for event in demo.events("push.failed"))
    assert calls(demo, "token_refresh") == 1
    assert {event["shop_key"] for event in demo.events("push.succeeded")} == {"other"}
    assert (await demo.database["authorizations"].find_one({"_id": "demo"}))["ended"] is None
    demo.sandbox.faults.clear()
    await demo.quiet()
    demo.clock.forward(minutes=16)
    await eventually(lambda: len(demo.events("push.succeeded")) == len(NAMES) + 1)


async def test_a_pair_that_worked_and_ends_soon_after_is_refreshed_again(demo):
    """It was accepted before, so it is refreshed and the shop goes on at once."""
    await stored(demo, *NAMES)
    for count, name in enumerate(NAMES[:3], start=1):
        demo.sandbox.tokens.expire("demo")
        await demo.push(name)
        assert calls(demo, "token_refresh") == count
    assert demo.events("push.failed") == []
    assert len(demo.events("push.succeeded")) == 3


async def test_au5_an_expired_refresh_token_asks_for_a_new_consent(demo):
    await stored(demo, *NAMES)
    demo.sandbox.tokens.expire("demo", refresh=True)
    await demo.push(*NAMES)
    assert codes(demo) == {("sync_error", "authorization")}
    authorization = await demo.database["authorizations"].find_one({"_id": "demo"})
    assert authorization["ended"] == ["36004001", "rt has expired"]
    assert calls(demo, "token_refresh") == 1


@pytest.mark.parametrize(
    ("condition", "code"), [("shop_inactive", 36009043), ("seller_barred", 36009044), ("shop_deactivated", 36009006)]
)
async def test_a_shop_whose_every_call_is_refused_is_blocked(demo, condition, code):
    await stored(demo, *NAMES)
    await stored(demo, "B-1", shop_key="other")
    await demo.authorise("other")
    demo.sandbox.set_conditions("demo", [condition])
    before = demo.sandbox.journal.requests.total()
    await demo.push(*NAMES)
    assert codes(demo) == {("sync_error", str(code))}
    assert demo.sandbox.journal.requests.total() - before <= len(NAMES) * 3
    assert (await demo.database["authorizations"].find_one({"_id": "demo"}))["blocked"][0] == str(code)
    before = demo.sandbox.journal.requests.total()
    await demo.push(*NAMES, reason="auto")
    assert demo.sandbox.journal.requests.total() == before, "nothing is tried before the time"
    await demo.push("B-1", shop_key="other")
    assert {event["shop_key"] for event in demo.events("push.succeeded")} == {"other"}
    demo.sandbox.set_conditions("demo", [])
    demo.clock.forward(minutes=16)
    await eventually(lambda: len(demo.events("push.succeeded")) == len(NAMES) + 1)


@pytest.mark.parametrize("status", [429, 200])
async def test_rb11_the_end_of_the_hour_is_waited_for_by_this_shop_only(demo, status):
    await stored(demo, *NAMES)
    await stored(demo, "B-1", shop_key="other")
    await demo.authorise("other")
    demo.sandbox.settings.rate_limit_status = status
    demo.sandbox.limits._hours.clear()
    demo.sandbox.settings.requests_per_hour = 10
    await demo.command(*NAMES)
    key = {"_id": "demo", "paused_until": {"$ne": None}}

    async def paused():
        return await demo.database["paces"].find_one(key)

    await eventually(paused)
    before = demo.sandbox.journal.requests.total()
    await demo.command("B-1", shop_key="other")
    await eventually(lambda: [e for e in demo.events("push.succeeded") if e["shop_key"] == "other"])
    assert demo.events("push.failed") == []
    assert (await paused())["learned"] is None, "the rate was not too high"
    assert demo.sandbox.journal.requests.total() - before <= 10
    assert await demo.database["push_jobs"].count_documents({"shop_key": "demo"}) >= 1


@pytest.mark.parametrize("times", [1, 4])
async def test_rb11_after_the_hour_the_shop_goes_on(demo, times):
    await stored(demo, *NAMES)
    demo.sandbox.faults.add(Fault("answer", code=36009037, message="the hour is over", times=times, seconds=1))
    await demo.command(*NAMES)
    await eventually(lambda: len(demo.events("push.succeeded")) == len(NAMES))
    assert demo.events("push.failed") == []


@pytest.mark.parametrize("code", [36009009, 36009010, 36009014])
async def test_a_withdrawn_path_stops_its_calls_and_uses_up_no_attempt(demo, code):
    await stored(demo, "A-100", *NAMES)
    await demo.push("A-100")
    withdrawn = demo.sandbox.faults.add(Fault("answer", code=code, operation="create*", times=None))
    await demo.command(*NAMES)
    await eventually(lambda: REGISTRY.get_sample_value("shopsync_publisher_app_refused") == 1)
    await demo.quiet()
    assert withdrawn.hits <= len(NAMES)
    assert demo.events("push.failed") == []
    await upkeep(demo)
    (trouble,) = await demo.database["app_troubles"].find().to_list()
    assert (trouble["code"], trouble["message"].startswith("create_product: ")) == (str(code), True)
    # Other calls go on.
    await demo.store("A-100", content={"name": "新しい"}, content_version=2)
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created", "edited"]
    for _ in range(6):  # more tries than a job has attempts
        hits = withdrawn.hits
        demo.clock.forward(seconds=61)
        await eventually(lambda: withdrawn.hits > hits)  # noqa: B023 - read in this turn
        await demo.quiet()
        assert withdrawn.hits == hits + 1
    assert demo.events("push.failed") == []
    demo.sandbox.faults.clear()
    demo.clock.forward(seconds=61)
    await eventually(lambda: REGISTRY.get_sample_value("shopsync_publisher_app_refused") == 0)
    demo.clock.forward(seconds=21)
    await eventually(lambda: len(demo.events("push.succeeded")) == len(NAMES) + 2)


async def test_a_member_that_tiktok_misses_is_reported_as_the_merchants_field(demo):
    await stored(demo, "A-100")
    words = "MainImages is a required field"
    demo.sandbox.faults.add(Fault("answer", code=36009004, status=400, message=words, operation="create*"))
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"], event["missing"]) == ("sync_error", "36009004", ["images"])
    assert event["message"].startswith(words)
    await demo.push("A-100")
    assert demo.sandbox.journal.done["creates"] == 1


async def test_a_shop_moved_to_category_tree_v2_is_reported_and_not_retried_indefinitely(demo):
    await stored(demo, "A-100")
    demo.sandbox.set_category_version("demo", "v2")
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"], event["missing"]) == ("sync_error", "12052217", ["category_id"])
    assert "category_version to v2" in event["message"]
    assert await demo.job("demo/A-100") is None
    asked = demo.sandbox.journal.requests.total()
    for _ in range(3):
        await demo.push("A-100", reason="auto")
    assert demo.sandbox.journal.requests.total() == asked
    await demo.database["shops"].replace_one({"_id": "demo"}, {"category_version": "v2"}, upsert=True)
    await demo.store("A-100", content={"category_id": "800111"}, content_version=2)
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]


class TestWithoutLocale:
    @pytest.fixture
    def publisher_settings(self):
        return {"send_locale": False}

    async def test_bodies_go_without_it(self, demo):
        demo.sandbox.settings.locale_in_bodies = "refused"
        await stored(demo, "A-100")
        await demo.push("A-100")
        await demo.store("A-100", content={"name": "新しい"}, content_version=2)
        await demo.push("A-100")
        assert [event["action"] for event in demo.events("push.succeeded")] == ["created", "edited"]


async def test_a_locale_that_tiktok_refuses_is_reported_in_its_words(demo):
    demo.sandbox.settings.locale_in_bodies = "refused"
    await stored(demo, "A-100")
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["code"], "locale" in event["message"]) == ("36009004", True)


class TestBehindABusyServer:
    """HTTP 429 without TikTok's code proves nothing: the rate limiter does not repeat a write."""

    @pytest.fixture
    def publisher_settings(self):
        return {"search_lag": timedelta(milliseconds=100)}

    async def test_a_bare_429_to_a_create_that_was_carried_out(self, demo, monkeypatch):
        monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
        await stored(demo, "A-100")
        demo.sandbox.faults.add(Fault("html", status=429, operation="create*", after=True))
        await demo.push("A-100")

        async def known():
            return (await demo.listing()).get("tiktok_product_id")

        await eventually(known)
        assert calls(demo, "create_product") == 1
        assert demo.sandbox.journal.done["creates"] == 1
