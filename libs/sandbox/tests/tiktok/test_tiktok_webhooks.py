"""Webhooks: the form of every type, order, duplicates, the retry schedule, and registration."""

import json
import re

import pytest

from shopsync_sandbox.tiktok import webhook_sign
from shopsync_testkit.polling import eventually

HOOKS = "/event/202309/webhooks"
ALL = (5, 6, 7, 15, 16, 18, 27, 37, 50, 71)
TWO_TO_THE_53 = 2**53


@pytest.fixture
async def hooked(serve, receiver):
    """A sandbox whose app receives every type."""
    async with serve(webhook_url=receiver.url, webhook_types=ALL) as api:
        yield api


@pytest.fixture
def told(receiver):
    """The documents received so far, once nothing is waiting, in the order of their creation."""

    async def wait(api, *types):
        await eventually(lambda: api.sandbox.webhooks.waiting == 0)
        documents = sorted(receiver.documents(), key=lambda document: document["tts_notification_id"])
        return [document for document in documents if not types or document["type"] in types]

    return wait


async def register(api, address, event="PRODUCT_STATUS_CHANGE"):
    return await api.ok("PUT", HOOKS, {"address": address, "event_type": event})


async def test_the_envelope_and_its_signature(hooked, receiver, told):
    await hooked.create(save_mode="AS_DRAFT")
    documents = await told(hooked, 16)
    app = hooked.sandbox.identity
    for hook in receiver.requests:
        assert hook.signature == webhook_sign(app.app_key, app.app_secret, hook.body)
        assert list(json.loads(hook.body)) == ["type", "tts_notification_id", "shop_id", "timestamp", "data"]
    (document,) = documents
    assert document["shop_id"] == hooked.shop.id
    assert isinstance(document["tts_notification_id"], str)
    assert document["timestamp"] == pytest.approx(hooked.clock(), abs=30)


async def test_ids_are_integers_where_documented_and_strings_elsewhere(hooked, receiver, told):
    created = await hooked.live()
    product_id, sku_id = created["product_id"], created["skus"][0]["id"]
    await hooked.edit(created, title="別の題名", category_id="601235")
    hooked.sandbox.reviews.decide_all()
    hooked.sandbox.set_stock(hooked.sandbox.product(product_id), sku_id, 0)
    by_type = {document["type"]: document["data"] for document in await told(hooked)}
    assert set(by_type) == {5, 15, 16, 18, 27, 37, 50, 71}
    assert int(product_id) > TWO_TO_THE_53
    assert {number for number, data in by_type.items() if data["product_id"] == int(product_id)} == {5, 16, 37, 71}
    assert {number for number, data in by_type.items() if data["product_id"] == product_id} == {15, 18, 27, 50}
    raw = next(hook.body for hook in receiver.requests if b'"type":71' in hook.body)
    assert f'"product_id":{product_id}'.encode() in raw
    assert f'"sku_id":{sku_id}'.encode() in raw


async def test_a_category_change_is_told_when_it_is_live(hooked, told):
    created = await hooked.live()
    await hooked.edit(created, category_id="601235")
    assert await told(hooked, 18) == []
    hooked.sandbox.reviews.decide_all()
    (document,) = await told(hooked, 18)
    assert (document["data"]["previous_category_id"], document["data"]["current_category_id"]) == ("601234", "601235")


async def test_skus_are_created_deactivated_activated_and_deleted(hooked, told):
    created = await hooked.live()
    ids = [sku["id"] for sku in created["skus"]]
    body = {"product_ids": [created["product_id"]]}
    await hooked.ok("POST", "/product/202309/products/deactivate", body)
    await hooked.ok("POST", "/product/202309/products/activate", body)
    hooked.sandbox.reviews.decide_all()
    edit = await hooked.edit_body(created)
    edit["skus"] = edit["skus"][:1]
    await hooked.ok("PUT", f"/product/202309/products/{created['product_id']}", edit)
    hooked.sandbox.reviews.decide_all()
    rows = [[(row["sku_id"], row["status"]) for row in d["data"]["skus"]] for d in await told(hooked, 50)]
    assert rows == [
        [(sku, "CREATED") for sku in ids],
        [(sku, "DEACTIVATED") for sku in ids],
        [(sku, "ACTIVATED") for sku in ids],
        [(ids[1], "DELETED")],
    ]
    assert {row["deactivation_source"] for row in (await told(hooked, 50))[1]["data"]["skus"]} == {"SELLER"}


async def test_stock_changes_and_stock_running_low(hooked, told):
    created = await hooked.live()
    product, sku_id = hooked.sandbox.product(created["product_id"]), created["skus"][0]["id"]
    path = f"/product/202309/products/{product.id}/inventory/update"
    warehouse = next(w.id for w in hooked.shop.warehouses if w.is_default)
    entry = {"id": sku_id, "inventory": [{"warehouse_id": warehouse, "quantity": 20}]}
    await hooked.ok("POST", path, {"skus": [entry]})
    hooked.sandbox.set_stock(product, sku_id, 10)
    hooked.sandbox.set_stock(product, sku_id, 10)
    hooked.sandbox.set_stock(product, sku_id, 0)
    changes = [document["data"] for document in await told(hooked, 71)]
    details = [change["change_detail"][0] for change in changes]
    assert [change["quantity_snapshot_after_change"]["total_quantity"] for change in changes] == [20, 10, 0]
    assert [detail["total_quantity_delta"] for detail in details] == [-5, -10, -10]
    assert [detail["trigger_source"] for detail in details] == ["OPEN_API", "SELLER_CENTER", "SELLER_CENTER"]
    assert len({change["event_id"] for change in changes}) == 3
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", change["occurred_at"]) for change in changes)
    alerts = [document["data"] for document in await told(hooked, 27)]
    assert [alert["current_inventory_status"] for alert in alerts] == ["LOW_STOCK", "OUT_OF_STOCK"]
    assert alerts[0]["inventory_distribution"]["total_quantity"] == 10


async def test_a_pre_approval_in_both_documented_forms(hooked, told):
    product = hooked.sandbox.product((await hooked.create())["product_id"])
    hooked.sandbox.reviews.pre_approve(product)
    hooked.sandbox.change_settings({"audit_reason_form": "string"})
    hooked.sandbox.reviews.pre_approve(product)
    audits = [document["data"]["audit"] for document in await told(hooked, 37)]
    assert audits == [
        {"status": "AUDITING", "pre_approved_reasons": []},
        {"status": "PRE_APPROVED", "pre_approved_reasons": ["KYC_PENDING"]},
        {"status": "PRE_APPROVED", "pre_approved_reason": "KYC_PENDING"},
    ]


async def test_the_end_of_an_authorisation_is_told_daily_from_thirty_days_before(hooked, told):
    ends = hooked.sandbox.tokens.authorised_until("demo")
    expiries = hooked.sandbox.expiries
    hooked.clock.ahead = ends - hooked.clock() - 31 * 86_400
    assert expiries.warn_due() == 0
    hooked.clock.ahead += 1.5 * 86_400
    assert (expiries.warn_due(), expiries.warn_due()) == (1, 0)
    hooked.clock.ahead += 86_400
    assert expiries.warn_due() == 1
    documents = await told(hooked, 7)
    assert [document["data"]["expiration_time"] for document in documents] == [str(int(ends))] * 2
    hooked.sandbox.authorise("demo")
    assert expiries.warn_due() == 0, "a new consent runs for another year"


async def test_the_clock_alone_brings_the_warning(hooked, told, receiver):
    hooked.clock.ahead += 340 * 86_400
    await eventually(lambda: any(document["type"] == 7 for document in receiver.documents()))


async def test_the_seller_leaves_and_warnings_by_hand(hooked, told):
    await hooked.control("POST", "/tokens/warn", {"shop": "demo"})
    await hooked.control("POST", "/tokens/revoke", {"shop": "demo"})
    assert [document["type"] for document in await told(hooked)] == [7, 6]
    refused = await hooked.http.post(f"{hooked.url}/_sandbox/tokens/warn", json={"shop": "demo"})
    assert (refused.status_code, "has not authorised" in refused.json()["error"]) == (400, True)


async def test_any_webhook_can_be_sent_by_hand(hooked, told):
    data = {"order_id": "576653688135258178", "order_status": "UNPAID"}
    hooked.sandbox.change_settings({"webhook_types": [1]})
    await hooked.control("POST", "/webhooks/send", {"shop": "demo", "event": "ORDER_STATUS_CHANGE", "data": data})
    (document,) = await told(hooked)
    assert (document["type"], document["data"]) == (1, data)
    unknown = {"shop": "demo", "event": "SUNRISE", "data": {}}
    refused = await hooked.http.post(f"{hooked.url}/_sandbox/webhooks/send", json=unknown)
    assert (refused.status_code, "SUNRISE" in refused.json()["error"]) == (400, True)


async def test_held_webhooks_come_newest_first_when_that_is_ordered(hooked, receiver, told):
    hooked.sandbox.change_settings({"webhook_reverse": True, "webhook_copies": 2})
    await hooked.control("POST", "/webhooks/hold")
    await hooked.live()
    held = await hooked.control("GET", "/webhooks")
    assert (held["held"], held["waiting"], receiver.requests) == (True, 10, [])
    await hooked.control("POST", "/webhooks/release")
    await told(hooked)
    ids = [document["tts_notification_id"] for document in receiver.documents()]
    assert ids == sorted(ids, reverse=True)
    assert sorted(ids) == sorted([*set(ids), *set(ids)])
    assert hooked.sandbox.webhooks.tally.delivered == 10


async def test_a_registered_address_gets_its_type_and_the_app_all_of_them(serve, receiver):
    async with serve(webhook_types=()) as api:
        await register(api, receiver.url, "PRODUCT_CREATION")
        await api.create()
        await eventually(lambda: len(receiver.requests) == 1)
        assert [document["type"] for document in receiver.documents()] == [16]
        await api.ok("DELETE", HOOKS, {"event_type": "PRODUCT_CREATION"})
        await api.create()
        assert api.sandbox.webhooks.waiting == 0


async def test_one_event_goes_once_to_an_address_that_is_both(hooked, receiver, told):
    await register(hooked, receiver.url, "PRODUCT_CREATION")
    await hooked.create(save_mode="AS_DRAFT")
    assert len(await told(hooked, 16)) == 1


@pytest.mark.parametrize("event", ["SKU_STATUS_CHANGE", "INVENTORY_CHANGED_BY_SHOP", "SUNRISE", None])
async def test_only_the_documented_types_can_be_registered(refusing, receiver, event):
    refused = await refusing.call("PUT", HOOKS, {"address": receiver.url, "event_type": event})
    assert refused["code"] == 36009004


async def test_a_registration_that_does_not_stick_the_first_time(api, receiver):
    api.sandbox.change_settings({"webhook_put_sticks_second_time": True})
    for event in ("PRODUCT_STATUS_CHANGE", "PRODUCT_CREATION"):
        counts = []
        for _ in range(2):
            assert await register(api, receiver.url, event) == {}
            counts.append(event in api.shop.webhooks)
        assert counts == [False, True]
    await register(api, receiver.url + "?moved")
    assert api.shop.webhooks["PRODUCT_STATUS_CHANGE"].address == receiver.url
    assert (await api.ok("GET", HOOKS))["total_count"] == 2


async def test_the_retry_schedule_to_its_end(hooked, receiver):
    """2 min, 30 min, 3 h, 12 h after the previous failure; dropped after five attempts."""
    receiver.answers = [500, 404, 302, 401, 503]
    await hooked.control("POST", "/webhooks/send", {"shop": "demo", "event": "PRODUCT_CREATION", "data": {}})
    tally, courier = hooked.sandbox.webhooks.tally, hooked.sandbox.webhooks.courier
    for attempt, wait in enumerate((120, 1800, 10_800, 43_200), start=1):
        await eventually(lambda: tally.failed_attempts == attempt)  # noqa: B023 - awaited at once
        assert courier._queue[0].due - hooked.clock() == pytest.approx(wait, abs=20)
        hooked.clock.ahead += wait + 1
    await eventually(lambda: tally.dropped == 1)
    assert (len(receiver.requests), hooked.sandbox.webhooks.waiting) == (5, 0)
    assert len({hook.body for hook in receiver.requests}) == 1


async def test_an_answer_that_comes_too_late_is_none(hooked, receiver):
    hooked.sandbox.change_settings({"webhook_timeout_seconds": 0.1})
    receiver.delay = 0.3
    await hooked.control("POST", "/webhooks/send", {"shop": "demo", "event": "PRODUCT_CREATION", "data": {}})
    tally = hooked.sandbox.webhooks.tally
    await eventually(lambda: tally.failed_attempts == 1)
    assert (tally.delivered, hooked.sandbox.webhooks.waiting) == (0, 1)
    receiver.delay = 0
    hooked.clock.ahead += 121
    await eventually(lambda: tally.delivered == 1)


def test_the_documented_waits_are_the_defaults(refusing):
    settings = refusing.sandbox.settings
    assert settings.webhook_timeout_seconds == 3.0
    assert settings.webhook_retry_seconds == (120.0, 1800.0, 10_800.0, 43_200.0)


async def test_a_receiver_that_hangs_holds_up_nobody_else(hooked, receiver):
    await hooked.control("POST", "/webhooks/hold")
    receiver.delay = 0.5
    await register(hooked, receiver.url + "?fast", "PRODUCT_CREATION")
    order = {"shop": "demo", "event": "PRODUCT_CREATION", "data": {}}
    for _ in range(2):
        await hooked.control("POST", "/webhooks/send", order)
    await hooked.control("POST", "/webhooks/release")
    await eventually(lambda: receiver.most_at_once == 4)
