"""Pushes end to end: real database, sandbox TikTok Shop over HTTP, events captured."""

from datetime import timedelta

import pytest

from shopsync_sandbox.tiktok import Code, Fault, Settings
from shopsync_testkit.polling import eventually


def only(world):
    products = list(world.sandbox.world.shop("demo").products.values())
    assert len(products) == 1
    return products[0]


def done(world):
    return world.sandbox.journal.done


async def test_a_product_is_created_once_and_told(demo):
    await demo.store()
    await demo.push("A-100")
    product = only(demo)
    assert product.content.title == "綿の靴下"
    assert product.status == "PENDING"
    (event,) = demo.events("push.succeeded")
    assert event["action"] == "created"
    assert event["review"] == "in_review"
    assert event["content_version"] == 1
    assert event["tiktok_product_id"] == product.id
    assert event["skus"] == [
        {"vertical_no": "", "horizontal_no": "", "tiktok_sku_id": product.content.skus[0].id, "stock_sent": 7}
    ]
    assert await demo.job("demo/A-100") is None
    listing = await demo.listing()
    assert listing["outbox"] == []
    assert "intent" not in listing


@pytest.mark.reliability(37)
async def test_scenario_8_reliability_37_ten_commands_are_one_push_of_the_newest_content(demo):
    demo.sandbox.faults.add(Fault("slow", operation="create*", seconds=0.3))
    await demo.store()
    await demo.push(*["A-100"] * 10)
    assert done(demo)["creates"] == 1
    assert len(demo.events()) == 1
    await demo.store(content={"name": "二番目"}, content_version=2)
    await demo.command("A-100", reason="auto")
    await demo.store(content={"name": "三番目"}, content_version=3)
    await demo.push("A-100", reason="auto")
    assert only(demo).content.title == "三番目"
    assert demo.events("push.succeeded")[-1]["content_version"] == 3
    assert done(demo)["edits"] <= 2


async def test_a_command_during_the_push_makes_it_run_again(demo):
    await demo.store()
    demo.sandbox.faults.add(Fault("slow", operation="create*", seconds=0.5))
    await demo.command("A-100")

    async def runs():
        job = await demo.job("demo/A-100")
        return job and job["owner"]

    await eventually(runs)
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created", "unchanged"]
    assert done(demo)["creates"] == 1


async def test_scenario_13_rb9_q11_unchanged_content_is_not_sent_again(demo):
    """RB-9, Q11."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    await demo.store(content_version=2, version=3)
    await demo.push("A-100", reason="auto")
    event = demo.events("push.succeeded")[-1]
    assert (event["action"], event["review"], event["content_version"]) == ("unchanged", "live", 2)
    assert done(demo)["edits"] == 0


async def test_scenario_27_st3_nv3_an_edit_carries_no_stock(demo):
    """NV-3, scenario 27."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    product = only(demo)
    sku_id = product.content.skus[0].id
    demo.sandbox.set_stock(product, sku_id, 3)
    await demo.store(content={"name": "新しい名前", "price": 2500}, content_version=2)
    await demo.push("A-100")
    event = demo.events("push.succeeded")[-1]
    assert event["action"] == "edited"
    assert event["skus"][0]["stock_sent"] is None
    assert product.under_review.title == "新しい名前"
    assert product.prices[sku_id] == 2500
    assert sum(product.stock[sku_id].values()) == 3
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_st11_q5_a_new_sku_brings_its_own_stock_only(demo, sku):
    """ST-11."""
    axes = {"vertical": "サイズ"}
    await demo.store(axes=axes, skus=[sku("M", stock=5)])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    await demo.store(axes=axes, skus=[sku("M", stock=9), sku("L", stock=4)], content_version=2)
    await demo.push("A-100")
    sent = {entry["vertical_no"]: entry["stock_sent"] for entry in demo.events("push.succeeded")[-1]["skus"]}
    assert sent == {"M": None, "L": 4}
    assert dict(demo.sandbox.journal.stock_writes) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1}


@pytest.mark.reliability(31)
@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop", operation="create*", after=True),
        Fault("gateway_timeout", operation="create*", after=True),
        Fault("error", operation="create*", after=True),
        Fault("html", operation="create*", after=True),
    ],
    ids=lambda fault: fault.kind,
)
async def test_scenario_32_reliability_31_a_create_whose_reply_is_lost_makes_no_second_listing(demo, fault):
    """RB-8, ST-13, scenario 32."""
    await demo.store()
    demo.sandbox.faults.add(fault)
    await demo.push("A-100")
    product = only(demo)
    assert done(demo)["creates"] == 1
    assert max(demo.sandbox.journal.stock_writes.values()) == 1
    (event,) = demo.events("push.succeeded")
    assert event["tiktok_product_id"] == product.id
    assert event["skus"][0]["stock_sent"] == 7


@pytest.mark.reliability(31)
async def test_scenario_31_reliability_31_a_create_that_never_arrived_is_done_at_the_retry(demo):
    """Scenario 31."""
    await demo.store()
    demo.sandbox.faults.add(Fault("error", operation="create*"))
    await demo.push("A-100")
    assert sum(only(demo).stock[only(demo).content.skus[0].id].values()) == 7
    assert demo.events("push.succeeded")[0]["skus"][0]["stock_sent"] == 7


class TestSearchThatLagsBehind:
    @pytest.fixture
    def publisher_settings(self):
        return {"retry_longest": timedelta(milliseconds=100)}

    @pytest.mark.parametrize("idempotency", ["same", "error"])
    async def test_a_lost_create_that_search_does_not_show_yet_is_not_repeated(self, demo, idempotency):
        """However many attempts there are within the delay."""
        demo.sandbox.settings.search_delay_seconds = 0.4
        demo.sandbox.settings.idempotency = idempotency
        await demo.store()
        demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
        await demo.command("A-100")
        await eventually(lambda: demo.events("push.succeeded"))
        only(demo)
        assert done(demo)["creates"] == 1
        assert [event["action"] for event in demo.events("push.succeeded")] == ["created"]


async def test_content_that_changed_after_a_lost_create_follows_as_an_edit(demo):
    demo.sandbox.settings.search_delay_seconds = 3600
    await demo.store()
    demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
    demo.sandbox.faults.add(Fault("error", operation="search*", times=3))
    await demo.command("A-100")
    await eventually(lambda: done(demo)["creates"] == 1)
    await demo.store(
        content={"name": "変更後"}, content_version=2, skus=[{**(await demo.store())["skus"][0], "stock": 99}]
    )
    await demo.store(content={"name": "変更後"}, content_version=2)
    await demo.quiet()
    product = only(demo)
    assert product.content.title == "変更後"
    assert demo.events("push.succeeded")[-1]["content_version"] == 2
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_a_lost_edit_with_a_new_sku_sends_its_stock_once(demo, sku):
    axes = {"vertical": "サイズ"}
    await demo.store(axes=axes, skus=[sku("M")])
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    demo.sandbox.faults.add(Fault("drop", operation="edit*", after=True))
    await demo.store(axes=axes, skus=[sku("M"), sku("L", stock=4)], content_version=2)
    await demo.push("A-100")
    product = only(demo)
    assert len(product.under_review.skus) == 2
    assert max(demo.sandbox.journal.stock_writes.values()) == 1
    assert demo.events("push.succeeded")[-1]["action"] == "edited"


async def test_scenario_45_50_nv4_tg6_off_absent_and_incomplete_products_are_skipped(demo):
    """NV-4, TG-6, scenario 45."""
    await demo.store("OFF", sync_enabled=False)
    await demo.store("INC", missing=["category_id"], status="incomplete")
    await demo.push("OFF", "INC", "NONE")
    assert {event["product_no"]: event["why"] for event in demo.events("push.skipped")} == {
        "OFF": "sync_disabled",
        "INC": "incomplete",
        "NONE": "not_found",
    }
    assert not demo.sandbox.world.shop("demo").products


async def test_scenario_39_va5_ed9_a_field_tiktok_would_refuse_is_named_before_any_call(demo, sku):
    """Scenario 39."""
    await demo.store(axes={"vertical": "サイズとカラー" * 5}, skus=[sku("M"), sku("L")])
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["missing"]) == ("incomplete", ["axes.vertical"])
    assert "20" in event["message"]
    assert demo.sandbox.journal.requests["create_product"] == 0


async def test_scenario_46_84_ly6_rb10_a_hidden_product_comes_back_on_sale(demo):
    """LY-6, scenario 46."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    product = only(demo)
    demo.sandbox.lifecycle.hide(product)
    await demo.push("A-100", reason="auto")
    assert product.status == "PENDING"
    event = demo.events("push.succeeded")[-1]
    assert (event["action"], event["review"]) == ("relisted", "in_review")
    assert done(demo)["edits"] == 0


async def test_ss8_a_version_that_brought_the_old_content_back_counts_as_pushed(demo):
    """Otherwise the product would stay 同期待ち, though there is nothing to send."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    demo.sandbox.lifecycle.hide(only(demo))
    await demo.store(content_version=3)
    await demo.push("A-100", reason="auto")
    relisted = demo.events("push.succeeded")[-1]
    assert (relisted["action"], relisted["content_version"]) == ("relisted", 3)
    demo.sandbox.reviews.reject(only(demo), "説明が足りません")
    await eventually(lambda: [one["review"] for one in demo.events("review.changed")][-1:] == ["rejected"])
    await demo.store(content_version=5)
    await demo.push("A-100", reason="auto")
    assert demo.events("push.succeeded")[-1]["content_version"] == 5
    rejected = demo.events("review.changed")[-1]
    assert (rejected["review"], rejected["content_version"]) == ("rejected", 5)
    assert done(demo)["edits"] == 0


async def test_ss8_a_lost_create_of_content_that_came_back_counts_as_pushed(demo):
    demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
    demo.sandbox.faults.add(Fault("error", operation="search*", times=2))
    await demo.store()
    await demo.command("A-100")
    await eventually(lambda: done(demo)["creates"] == 1)
    await demo.store(content_version=3)
    await demo.quiet()
    (event,) = demo.events("push.succeeded")
    assert (event["action"], event["content_version"]) == ("created", 3)


async def test_a_hidden_product_with_new_content_is_edited_and_comes_back(demo):
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    product = only(demo)
    demo.sandbox.lifecycle.hide(product)
    await demo.store(content={"name": "新しい"}, content_version=2)
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created", "edited", "relisted"]
    assert product.content.title == "新しい"
    assert product.status == "PENDING"


async def test_scenario_51_ly3_rb3_an_edit_in_seller_center_is_replaced(demo):
    """LY-3, scenario 51."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    product = only(demo)
    await eventually(lambda: len(demo.events("review.changed")) == 1)
    demo.sandbox.edit_title(product, "店で直した名前")
    demo.sandbox.reviews.decide_all()
    assert product.content.title == "店で直した名前"
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    assert product.content.title == "綿の靴下"
    await demo.push("A-100")
    assert [event["action"] for event in demo.events("push.succeeded")] == ["created", "edited", "unchanged"]


async def test_scenario_83_q12_a_listing_deleted_in_seller_center_is_not_made_again(demo):
    """Q12, scenario 83."""
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.lifecycle.delete(only(demo))
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"]) == ("sync_error", "deleted_in_seller_center")
    assert "deleted in Seller Center" in event["message"]
    only(demo)


async def test_scenario_56_rb9_a_rejected_product_is_sent_again_by_hand_but_not_by_the_clock(demo):
    """RB-9, scenario 56."""
    await demo.store()
    await demo.push("A-100")
    product = only(demo)
    demo.sandbox.reviews.reject(product, "画像に文字が多すぎます")
    await demo.push("A-100", reason="scheduled")
    assert done(demo)["edits"] == 0
    assert demo.events("review.changed")[-1]["review"] == "rejected"
    await demo.push("A-100", reason="manual")
    assert done(demo)["edits"] == 1
    assert product.status == "PENDING"


async def test_a_scheduled_command_does_not_replace_a_manual_one(demo):
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.reject(only(demo), "理由")
    slow = demo.sandbox.faults.add(Fault("error", operation="get_product"))
    await demo.command("A-100", reason="manual")
    await eventually(lambda: slow.hits)
    await demo.push("A-100", reason="auto")
    assert only(demo).status == "PENDING"
    assert done(demo)["edits"] == 1


@pytest.mark.reliability(36)
async def test_reliability_36_a_permanent_refusal_is_a_problem_of_the_product_until_its_content_changes(demo):
    """Reported with TikTok's code and not retried; a schedule sends other content only, a manual push at once."""
    demo.sandbox.settings.max_price = 1000
    await demo.store()
    await demo.push("A-100", reason="auto")
    (event,) = demo.events("push.failed")
    assert (event["code"], event["will_retry_at"]) == (str(int(Code.PRICE_RANGE)), None)
    assert await demo.job("demo/A-100") is None
    asked = demo.sandbox.journal.requests["create_product"]
    await demo.push("A-100", reason="auto")
    again = demo.events("push.failed")[-1]
    assert {**again, "id": ""} == {**event, "id": ""}
    assert again["id"] != event["id"]
    assert demo.sandbox.journal.requests["create_product"] == asked == 1
    await demo.push("A-100", reason="manual")
    assert demo.sandbox.journal.requests["create_product"] == 2
    await demo.store(content={"price": 900}, content_version=2)
    await demo.push("A-100", reason="auto")
    assert only(demo).content.title == "綿の靴下"
    assert "refusal" not in await demo.listing()


async def test_ss6_ss9_no_warehouse(demo):
    """SS-6, SS-9."""
    demo.sandbox.remove_sales_warehouses("demo")
    await demo.store()
    await demo.push("A-100")
    assert [event["status"] for event in demo.events("push.failed")] == ["warehouse_missing"]
    demo.sandbox.restore_warehouses("demo")
    await demo.push("A-100")
    assert demo.events("push.succeeded")


async def test_scenario_53_rb11_the_daily_quota_is_a_wait(demo):
    """RB-11, scenario 53."""
    demo.sandbox.settings.daily_listing_quota = 1
    for number in range(3):
        await demo.store(f"P-{number}")
    await demo.push("P-0", "P-1", "P-2")
    assert len(demo.events("push.succeeded")) == 1
    assert demo.events("push.failed") == []
    assert await demo.database["push_jobs"].count_documents({}) == 2
    refused = demo.sandbox.journal.codes[int(Code.LISTING_QUOTA)]
    listed = demo.events("push.succeeded")[0]["product_no"]
    await demo.push(*{"P-0", "P-1", "P-2"} - {listed}, reason="auto")
    assert demo.sandbox.journal.codes[int(Code.LISTING_QUOTA)] == refused  # no call while it waits
    demo.sandbox.settings.daily_listing_quota = None
    demo.clock.forward(hours=2)
    await eventually(lambda: sum(event["action"] == "created" for event in demo.events("push.succeeded")) == 3)
    assert demo.events("push.failed") == []


@pytest.mark.parametrize("retry_after", [True, False])
async def test_a_rate_limit_is_a_wait(demo, retry_after):
    demo.sandbox.faults.add(Fault("rate_limit", operation="create*", times=2, retry_after=retry_after))
    await demo.store()
    await demo.command("A-100")
    await eventually(lambda: demo.events("push.succeeded"))
    assert demo.events("push.failed") == []
    assert done(demo)["creates"] == 1


class TestManyFailures:
    @pytest.fixture
    def publisher_settings(self):
        return {"max_attempts": 2, "retry_longest": timedelta(milliseconds=200)}

    async def test_a_failure_is_reported_after_the_attempts_and_retried(self, demo):
        await demo.store()
        demo.sandbox.faults.add(Fault("error", operation="create*", times=3))
        await demo.push("A-100")
        (event,) = demo.events("push.failed")
        assert (event["status"], event["attempts"]) == ("sync_error", 2)
        assert event["will_retry_at"] is not None
        assert demo.events("push.succeeded")

    async def test_what_waits_for_the_next_try_says_why_the_last_one_failed(self, demo):
        """The report comes after several tries only; meanwhile 商品詳細 has it from the job."""
        await demo.store()
        demo.sandbox.faults.add(Fault("error", operation="create*", times=3))
        await demo.command("A-100")

        async def failed_once():
            job = await demo.database["push_jobs"].find_one({"trouble": {"$ne": None}})
            return job and (job["trouble"]["code"], bool(job["trouble"]["text"]))

        assert await eventually(failed_once)
        await eventually(lambda: demo.events("push.succeeded"))


async def test_unknown_shop_is_refused_by_name(world):
    await world.command("A-100", shop_key="nobody")
    (event,) = await eventually(lambda: world.events("push.failed"))
    assert event["code"] == "shop_unknown"
    assert "'nobody'" in event["message"]


async def test_settings_published_a_moment_after_the_command_are_waited_for(world):
    await world.store()
    await world.command("A-100")
    await world.settings_for("demo")
    (event,) = await eventually(world.events)
    assert (event["type"], event["why"]) == ("push.skipped", "not_authorized")


async def test_events_wait_for_the_broker_and_keep_their_ids(demo):
    """A crash or outage between outcome and event repeats the event, never loses it."""
    await demo.store()
    demo.producer.down = True
    await demo.command("A-100")

    async def recorded():
        listing = await demo.listing()
        return listing and listing.get("outbox")

    (entry,) = await eventually(recorded)
    demo.producer.down = False

    def created():
        return [event for event in demo.events("push.succeeded") if event["action"] == "created"]

    # The push that was interrupted runs again and may add that nothing has changed; the create is told once, by its id.
    await eventually(created)
    assert {event["id"] for event in created()} == {entry["id"]}
    assert done(demo)["creates"] == 1


async def test_scenario_78_nv13_shops_do_not_mix(demo):
    """NV-13, scenario 78."""
    assert (await demo.authorise("other")).status_code == 200
    await demo.store("A-100")
    await demo.store("A-100", "other", content={"name": "別の店"})
    await demo.push("A-100")
    await demo.push("A-100", shop_key="other")
    titles = {key: [p.content.title for p in shop.products.values()] for key, shop in demo.sandbox.world.shops.items()}
    assert titles == {"demo": ["綿の靴下"], "other": ["別の店"]}


class TestQuiet:
    @pytest.fixture
    def sandbox_settings(self):
        return Settings(review_seconds=0.05, requests_per_second=None)

    async def test_scenario_79_nv1_no_call_ever_deletes_or_hides(self, demo):
        """NV-1, scenario 79."""
        await demo.store()
        await demo.push("A-100")
        await eventually(lambda: demo.events("review.changed"))
        await demo.store(content={"name": "新"}, content_version=2, sync_enabled=False)
        await demo.push("A-100")
        assert not {"deletes", "deactivates"} & set(done(demo))
        assert all(entry.method != "DELETE" for entry in demo.sandbox.journal.entries)
