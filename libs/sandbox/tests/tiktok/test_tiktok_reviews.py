"""Statuses and reviews (§4.9), batches, and the webhooks they send."""

import pytest

from shopsync_testkit.polling import eventually

PRODUCTS = "/product/202309/products"


async def state(api, product_id):
    read = await api.get(product_id)
    return read["status"], read["audit"]["status"]


async def batch(api, what, *ids):
    method, path = ("DELETE", PRODUCTS) if what == "delete" else ("POST", f"{PRODUCTS}/{what}")
    return await api.ok(method, path, {"product_ids": list(ids)})


async def test_a_new_product_passes_or_fails_its_review(api):
    good, bad = [(await api.create())["product_id"] for _ in range(2)]
    assert await state(api, good) == ("PENDING", "AUDITING")
    await api.control("POST", "/reviews/approve", {"product_ids": [good]})
    await api.control("POST", "/reviews/reject", {"product_ids": [bad], "reason": "画像に連絡先があります"})
    assert await state(api, good) == ("ACTIVATE", "APPROVED")
    assert await state(api, bad) == ("FAILED", "FAILED")
    assert (await api.get(bad))["audit_failed_reasons"][0]["reasons"] == ["画像に連絡先があります"]
    with pytest.raises(ValueError, match="nothing is under review"):
        api.sandbox.reviews.approve(api.sandbox.product(good))


async def test_a_failed_product_is_repaired_by_an_edit(api):
    created = await api.create()
    api.sandbox.reviews.reject(api.sandbox.product(created["product_id"]), "x")
    assert (await api.edit(created, title="直した題名"))["data"]["audit"] == {"status": "AUDITING"}
    assert await state(api, created["product_id"]) == ("PENDING", "AUDITING")
    api.sandbox.reviews.decide_all()
    assert await state(api, created["product_id"]) == ("ACTIVATE", "APPROVED")
    assert (await api.get(created["product_id"]))["audit_failed_reasons"] == []


async def test_a_rejected_edit_leaves_the_old_content_live(api):
    created = await api.live()
    await api.edit(created, title="だめな題名")
    assert await state(api, created["product_id"]) == ("ACTIVATE", "AUDITING")
    api.sandbox.reviews.reject(api.sandbox.product(created["product_id"]), "title")
    assert await state(api, created["product_id"]) == ("ACTIVATE", "FAILED")
    assert (await api.get(created["product_id"]))["title"] == "手編みコットンソックス 2色"
    missing = await api.call("GET", f"{PRODUCTS}/{created['product_id']}", return_under_review_version="true")
    assert missing["code"] == 12052547
    api.sandbox.lifecycle.hide(api.sandbox.product(created["product_id"]))
    assert (await api.get(created["product_id"]))["title"] == "手編みコットンソックス 2色"


async def test_a_second_edit_replaces_the_one_under_review(api):
    created = await api.live()
    await api.edit(created, title="一")
    await api.edit(created, title="二")
    api.sandbox.reviews.decide_all()
    assert (await api.get(created["product_id"]))["title"] == "二"
    assert api.sandbox.summary()["reviews"]["approved"] == 2
    missing = await api.call("GET", f"{PRODUCTS}/{created['product_id']}", return_under_review_version="true")
    assert missing["code"] == 12052547


async def test_the_timer_decides_after_the_delay(serve):
    async with serve(review_seconds=60) as api:
        product_id = (await api.create())["product_id"]
        assert api.sandbox.reviews.run_due() == 0
        api.clock.ahead += 61
        await eventually(lambda: api.sandbox.product(product_id).status == "ACTIVATE")


async def test_held_reviews_wait_until_released(serve):
    async with serve(review_seconds=0) as api:
        await api.control("POST", "/reviews/hold")
        product_id = (await api.create())["product_id"]
        assert (await api.control("GET", "/reviews"))["product_ids"] == [product_id]
        assert api.sandbox.reviews.run_due() == 0
        await api.control("POST", "/reviews/release")
        await eventually(lambda: api.sandbox.product(product_id).status == "ACTIVATE")


async def test_rules_decide_by_title_and_seller_sku(api):
    rules = [
        {"decision": "reject", "title_contains": "禁止", "reason": "禁止語"},
        {"decision": "hold", "seller_sku_prefix": "SOX-"},
    ]
    await api.control("PUT", "/reviews/rules", {"rules": rules})
    bad, held = (await api.create(title="禁止の品"))["product_id"], (await api.create())["product_id"]
    assert await api.control("POST", "/reviews/run") == {"decided": 1}
    assert [(await state(api, i))[0] for i in (bad, held)] == ["FAILED", "PENDING"]


async def test_an_invite_only_category_stays_pre_approved(api):
    attributes = [{"id": "100701", "values": [{"name": "日本"}]}]
    created = await api.create(category_id="631100", product_attributes=attributes)
    api.sandbox.reviews.decide_all()
    read = await api.get(created["product_id"])
    assert (read["status"], read["audit"]["status"]) == ("PENDING", "PRE_APPROVED")
    assert read["audit"]["pre_approved_reasons"] == ["RESTRICTED_CATEGORY_PENDING"]
    assert api.sandbox.reviews.decide_all() == 0


async def test_open_prerequisites_end_in_pre_approved(api):
    await api.control("PUT", "/prerequisites", {"shop": "demo", "failed": {"SHOP_TAX": ["no number"]}})
    results = (await api.ok("GET", "/product/202312/prerequisites"))["check_results"]
    assert [r["fail_reasons"] for r in results if r["is_failed"]] == [["no number"]]
    product_id = (await api.create())["product_id"]
    api.sandbox.reviews.decide_all()
    assert (await api.get(product_id))["audit"]["pre_approved_reasons"] == ["KYC_PENDING"]
    await api.control("POST", "/reviews/approve", {"product_ids": "all"})
    assert await state(api, product_id) == ("ACTIVATE", "APPROVED")


async def test_hide_activate_delete_recover(api):
    product_id = (await api.live())["product_id"]
    assert await batch(api, "deactivate", product_id) == {}
    assert await state(api, product_id) == ("SELLER_DEACTIVATED", "NONE")
    status = (await api.get(product_id))["skus"][0]["status_info"]
    assert status == {"status": "DEACTIVATED", "deactivation_source": "SELLER"}
    await batch(api, "activate", product_id)
    assert await state(api, product_id) == ("PENDING", "AUDITING")
    api.sandbox.reviews.decide_all()
    await batch(api, "delete", product_id)
    assert await state(api, product_id) == ("DELETED", "NONE")
    await batch(api, "recover", product_id)
    assert await state(api, product_id) == ("SELLER_DEACTIVATED", "NONE")


async def test_batches_fail_one_by_one_inside_code_0(api):
    live, pending = (await api.live())["product_id"], (await api.create())["product_id"]
    errors = (await batch(api, "deactivate", live, pending, "1"))["errors"]
    assert [(e["code"], e["detail"]["product_id"]) for e in errors] == [(12052901, pending), (12052032, "1")]
    assert await state(api, live) == ("SELLER_DEACTIVATED", "NONE")
    envelope = await api.call("POST", f"{PRODUCTS}/activate", {"product_ids": [live] * 21})
    assert envelope["code"] == 12019120
    assert (await api.call("POST", f"{PRODUCTS}/activate", {}))["code"] == 36009004


@pytest.mark.parametrize("action", ["freeze", "delete"])
async def test_frozen_and_deleted_products_cannot_be_edited(api, action):
    created = await api.live()
    await api.control("POST", f"/seller/{action}", {"product_id": created["product_id"]})
    assert (await api.edit(created, title="x1"))["code"] == 12052901
    assert (await batch(api, "activate", created["product_id"]))["errors"][0]["code"] == 12052901
    assert (await batch(api, "delete", created["product_id"]))["errors"][0]["code"] == 12052901


async def test_an_edit_of_a_hidden_product_is_reviewed_when_it_is_activated(api):
    created = await api.live()
    await batch(api, "deactivate", created["product_id"])
    edited = await api.edit(created, title="隠れた編集")
    assert edited["data"]["audit"] == {"status": "NONE"}
    assert await state(api, created["product_id"]) == ("SELLER_DEACTIVATED", "NONE")
    await batch(api, "activate", created["product_id"])
    api.sandbox.reviews.decide_all()
    assert (await api.get(created["product_id"]))["title"] == "隠れた編集"


async def test_hiding_during_a_review_voids_it_and_keeps_the_edit(api):
    created = await api.live()
    await api.edit(created, title="途中")
    api.sandbox.lifecycle.hide(api.sandbox.product(created["product_id"]))
    assert api.sandbox.reviews.decide_all() == 0
    assert (await api.get(created["product_id"]))["title"] == "途中"


async def test_what_a_seller_does_by_hand_is_not_counted(api):
    created = await api.live()
    named = {"shop": "demo", "seller_sku": "SOX-グレー"}
    await api.control("POST", "/seller/stock", {**named, "quantity": 1})
    await api.control("POST", "/seller/edit-title", {**named, "title": "店の題名"})
    api.sandbox.reviews.decide_all()
    await api.control("POST", "/seller/hide", named)
    read = await api.get(created["product_id"])
    assert (read["title"], read["status"]) == ("店の題名", "SELLER_DEACTIVATED")
    assert [sku["inventory"][0]["quantity"] for sku in read["skus"]] == [1, 1]
    summary = await api.control("GET", "/summary")
    assert [summary[name] for name in ("creates", "edits", "deactivates", "deletes")] == [1, 0, 0, 0]
    assert summary["listings"] == {"SELLER_DEACTIVATED": 1}
    assert summary["stock_writes"] == {"max_per_sku": 1, "total": 2}


async def test_webhooks_tell_about_a_listings_life(serve, receiver):
    async with serve(webhook_url=receiver.url) as api:
        created = await api.live()
        await api.edit(created, title="新しい題名")
        api.sandbox.reviews.reject(api.sandbox.product(created["product_id"]), "title")
        await eventually(lambda: api.sandbox.webhooks.waiting == 0)
        told = sorted(receiver.documents(), key=lambda document: document["tts_notification_id"])
        brief = [(d["type"], d["data"].get("status") or d["data"].get("audit", {}).get("status")) for d in told]
        assert brief == [
            (16, None),
            (37, "AUDITING"),
            (37, "APPROVED"),
            (5, "PRODUCT_FIRST_PASS_REVIEW"),
            (37, "AUDITING"),
            (15, None),
            (37, "FAILED"),
            (5, "PRODUCT_AUDIT_FAILURE"),
        ]
        assert told[-1]["data"]["suspended_reason"] == "title"
        assert told[5]["data"]["changed_fields"] == ["title"]
        assert {d["shop_id"] for d in told} == {api.shop.id}


async def test_webhooks_are_repeated_until_they_are_taken(serve, receiver):
    async with serve(webhook_url=receiver.url) as api:
        receiver.answers = [500, 401]
        await api.create(save_mode="AS_DRAFT")
        tally = api.sandbox.webhooks.tally
        for failures, wait in ((1, 121), (2, 1801)):
            await eventually(lambda: tally.failed_attempts == failures)  # noqa: B023 - awaited at once
            assert api.sandbox.webhooks.waiting == 1
            api.clock.ahead += wait
        await eventually(lambda: tally.delivered == 1)
        assert len({request.body for request in receiver.requests}) == 1


async def test_webhooks_are_dropped_after_the_last_retry(serve, receiver):
    async with serve(webhook_url=receiver.url, webhook_retry_seconds=(0.0,)) as api:
        receiver.answers = [500, 500]
        await api.create(save_mode="AS_DRAFT")
        await eventually(lambda: api.sandbox.webhooks.tally.dropped == 1)
        assert api.sandbox.webhooks.waiting == 0


async def test_duplicate_webhooks_on_order(serve, receiver):
    async with serve(webhook_url=receiver.url, webhook_copies=2) as api:
        await api.create(save_mode="AS_DRAFT")
        await eventually(lambda: api.sandbox.webhooks.tally.delivered == 2)
        assert len({d["tts_notification_id"] for d in receiver.documents()}) == 1


@pytest.mark.parametrize(
    ("address", "loopback", "code"),
    [
        ("https://hooks.example.jp/tiktok", False, 0),
        ("http://127.0.0.1:8083/hook", True, 0),
        ("http://127.0.0.1:8083/hook", False, 36009004),
        ("http://hooks.example.jp/", True, 36009004),
        ("https://hooks.example.jp:8443/", True, 36009004),
        ("https://192.0.2.1/", True, 36009004),
        ("https://hooks.example.jp:x/", True, 36009004),
        ("https://hooks.example.jp/" + "x" * 255, True, 36009004),
    ],
)
async def test_webhook_addresses(api, address, loopback, code):
    api.sandbox.change_settings({"loopback_webhooks": loopback})
    body = {"address": address, "event_type": "PRODUCT_CREATION"}
    assert (await api.call("PUT", "/event/202309/webhooks", body))["code"] == code
    listed = await api.ok("GET", "/event/202309/webhooks")
    assert listed["total_count"] == int(code == 0)
    assert all(row["create_time"] > 10**12 for row in listed["webhooks"])
    assert await api.ok("DELETE", "/event/202309/webhooks", {"event_type": "PRODUCT_CREATION"}) == {}
    assert (await api.ok("GET", "/event/202309/webhooks"))["total_count"] == 0
