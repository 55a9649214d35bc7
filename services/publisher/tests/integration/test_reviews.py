import json

import pytest

from publisher.settings import PublisherSettings
from publisher.tiktok.signing import webhook_signature
from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually


async def create(world, product_no="A-100"):
    await world.store(product_no)
    await world.push(product_no)
    event = next(e for e in world.events("push.succeeded") if e["product_no"] == product_no)
    return world.sandbox.world.product(event["tiktok_product_id"])


def signed(world, body: bytes) -> dict[str, str]:
    identity = world.sandbox.identity
    return {"authorization": webhook_signature(identity.app_key, identity.app_secret, body)}


async def test_ss7_an_approval_comes_by_webhook(demo):
    """SS-7."""
    product = await create(demo)
    demo.sandbox.reviews.approve(product)
    (event,) = await eventually(lambda: demo.events("review.changed"))
    assert (event["review"], event["content_version"], event["tiktok_product_id"]) == ("approved", 1, product.id)
    assert demo.sandbox.webhooks.tally.failed_attempts == 0


async def test_scenario_55_ss10_reasons_are_kept_word_for_word(demo):
    """SS-10, scenario 55."""
    product = await create(demo)
    demo.sandbox.reviews.reject(product, "画像に連絡先が含まれています。")
    (event,) = await eventually(lambda: demo.events("review.changed"))
    assert event["review"] == "rejected"
    assert [reason["reason"] for reason in event["reasons"]] == ["画像に連絡先が含まれています。"]


async def test_ss11_duplicates_and_disorder_report_once(demo):
    demo.sandbox.settings.webhook_copies = 3
    demo.sandbox.settings.webhook_reverse = True
    product = await create(demo)
    demo.sandbox.reviews.approve(product)
    await eventually(lambda: demo.events("review.changed"))
    await eventually(lambda: demo.sandbox.webhooks.waiting == 0)

    async def all_read():
        listing = await demo.listing()
        return "review_due_at" not in listing

    await eventually(all_read)
    assert len(demo.events("review.changed")) == 1


async def reviews_of(demo, product_no, count):
    """The reviews told of a product, once there are so many."""

    def look():
        told = [event["review"] for event in demo.events("review.changed") if event["product_no"] == product_no]
        return told if len(told) >= count else None

    return await eventually(look)


async def test_ss12_hiding_deleting_freezing_and_preapproval_are_told(demo):
    """SS-12."""
    told = {}
    for what in ("hide", "delete", "FREEZE", "pre"):
        product = await create(demo, what)
        if what == "pre":
            demo.sandbox.reviews.pre_approve(product)
        else:
            demo.sandbox.reviews.approve(product)
            await reviews_of(demo, what, 1)
        if what == "FREEZE":
            demo.sandbox.lifecycle.punish(product, "FREEZE", "policy")
        elif what != "pre":
            getattr(demo.sandbox.lifecycle, what)(product)
        told[what] = await reviews_of(demo, what, 1 if what == "pre" else 2)
    assert told == {
        "hide": ["approved", "deactivated"],
        "delete": ["approved", "deleted"],
        "FREEZE": ["approved", "frozen"],
        "pre": ["pre_approved"],
    }


class TestWithoutWebhooks:
    async def test_polling_is_the_safety_net(self, demo):
        demo.sandbox.settings.webhook_url = None
        product = await create(demo)
        demo.sandbox.reviews.approve(product)
        assert demo.events("review.changed") == []
        demo.clock.forward(minutes=6)
        await eventually(lambda: demo.events("review.changed"))

    async def test_a_killed_reader_delays_its_listing_no_longer_than_a_job_lease(self, demo):
        """Its process may have been killed: the claim must end with the lease, not minutes later."""
        demo.sandbox.settings.webhook_url = None
        product = await create(demo)
        demo.sandbox.reviews.approve(product)
        stuck = demo.sandbox.faults.add(Fault("slow", operation="get_product", seconds=60))
        demo.clock.forward(minutes=6)
        await eventually(lambda: stuck.hits)

        demo.clock.forward(seconds=PublisherSettings.model_fields["job_lease"].default.total_seconds())

        (event,) = await eventually(lambda: demo.events("review.changed"))
        assert event["review"] == "approved"


@pytest.mark.parametrize("header", [None, "", "0" * 64, "Bearer x"])
async def test_a_wrong_signature_is_refused(demo, header):
    headers = {} if header is None else {"authorization": header}
    response = await demo.http.post("/webhooks/tiktok", content=b'{"type":5}', headers=headers)
    assert response.status_code == 401


async def test_a_huge_body_is_refused_unread(demo):
    response = await demo.http.post("/webhooks/tiktok", content=b"x" * 300_000)
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b'{"type":"5"}', b"\xff", b"[" * 5000, b'{"type":5,"data":3}'])
async def test_signed_nonsense_is_taken_and_ignored(demo, body):
    response = await demo.http.post("/webhooks/tiktok", content=body, headers=signed(demo, body))
    assert response.status_code == 200
    assert response.content == b""


async def test_a_webhook_of_another_shop_touches_nothing(demo):
    product = await create(demo)
    other = demo.sandbox.world.shop("other").id
    body = json.dumps(
        {
            "type": 5,
            "tts_notification_id": "1",
            "shop_id": other,
            "timestamp": 1,
            "data": {"product_id": int(product.id)},
        }
    ).encode()
    assert (await demo.http.post("/webhooks/tiktok", content=body, headers=signed(demo, body))).status_code == 200
    assert "1" not in (await demo.listing()).get("notifications", [])
