"""What others reported of publishing to shops, tried here: see the address above each test."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from pymongo.errors import AutoReconnect

from publisher.store import Listings
from shopsync_sandbox.tiktok import Fault
from shopsync_sandbox.tiktok.api import products
from shopsync_sandbox.tiktok.products.search import search
from shopsync_testkit.polling import eventually

NAMES = [f"P-{number}" for number in range(6)]


def created(world):
    return world.sandbox.journal.done["creates"], max(world.sandbox.journal.stock_writes.values(), default=0)


# https://github.com/openlinker-project/openlinker/pull/1163: a look before a create that fails, or shows less than it
# counts, must never fall through to the create.


class TestSearchesThatCannotBeTrusted:
    @pytest.fixture
    def publisher_settings(self):
        return {"search_lag": timedelta(milliseconds=200), "max_attempts": 100}

    @pytest.mark.parametrize(
        "lie", [{"products": []}, {"products": None}, {"products": "none"}, {"next_page_token": "x"}]
    )
    async def test_rb8_a_search_that_shows_less_than_it_counts_leads_to_no_create(self, demo, monkeypatch, lie):
        monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
        monkeypatch.setattr(products, "search", lambda *args, **more: {**search(*args, **more), **lie})
        await demo.store()
        demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
        searches = demo.sandbox.journal.requests
        await demo.command("A-100")
        await eventually(lambda: searches["search_products"] > 3)
        assert created(demo) == (1, 1)
        monkeypatch.setattr(products, "search", search)

        async def known():
            return (await demo.listing()).get("tiktok_product_id")

        await eventually(known)
        assert created(demo) == (1, 1)

    @pytest.mark.parametrize("fault", [Fault("error"), Fault("html", status=200), Fault("truncate"), Fault("drop")])
    async def test_rb8_a_search_that_fails_leads_to_no_create(self, demo, monkeypatch, fault):
        monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
        await demo.store()
        demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
        failing = Fault(fault.kind, operation="search*", times=4, status=fault.status)
        demo.sandbox.faults.add(failing)
        await demo.command("A-100")

        async def known():
            return (await demo.listing() or {}).get("tiktok_product_id")

        await eventually(lambda: failing.hits == 4)
        await eventually(known)
        assert created(demo) == (1, 1)


# https://github.com/yikart/AiToEarn/issues/586: the platform has accepted, its record fails, the task is tried again.


async def test_rb8_a_create_whose_record_cannot_be_written_is_found_and_not_made_again(demo, monkeypatch):
    monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
    record, failures = Listings.record_push, []

    async def away(self, *args, **more):
        if not failures:
            failures.append(1)
            raise AutoReconnect("the primary stepped down")
        return await record(self, *args, **more)

    monkeypatch.setattr(Listings, "record_push", away)
    await demo.store()
    await demo.push("A-100")

    async def known():
        return (await demo.listing()).get("tiktok_product_id")

    await eventually(known)
    assert created(demo) == (1, 1)
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]


# An integrator's token host answered 36009009 "Invalid path" to a refresh, and its client took that for the end of the
# consent; another one tried a second path. It is the app's trouble: no consent ends, no product is blamed.


async def test_a_withdrawn_path_of_the_token_host_ends_no_consent(demo):
    for name in NAMES:
        await demo.store(name)
    demo.sandbox.tokens.expire("demo")
    invalid = demo.sandbox.faults.add(Fault("answer", code=36009009, operation="token_refresh", times=None))
    await demo.command(*NAMES)
    await eventually(lambda: REGISTRY.get_sample_value("shopsync_publisher_app_refused") == 1)
    await demo.quiet()
    assert invalid.hits <= 4
    assert demo.events("push.failed") == []
    assert (await demo.database["authorizations"].find_one({"_id": "demo"}))["ended"] is None
    demo.sandbox.faults.clear()
    demo.clock.forward(seconds=61)
    await eventually(lambda: REGISTRY.get_sample_value("shopsync_publisher_app_refused") == 0)
    demo.clock.forward(seconds=21)
    await eventually(lambda: len(demo.events("push.succeeded")) == len(NAMES))
    assert demo.events("push.failed") == []
