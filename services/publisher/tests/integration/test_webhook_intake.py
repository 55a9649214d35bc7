"""Webhooks: who may send them, how much, how often, and what becomes of those about the shop's consent."""

import asyncio
import json
from datetime import timedelta

import httpx
import pytest
from prometheus_client import REGISTRY
from pymongo.errors import ServerSelectionTimeoutError
from structlog.testing import capture_logs

from publisher.store import Authorizations, Listings
from publisher.tiktok.signing import webhook_signature
from shopsync_testkit.polling import eventually


def signed(demo, body: bytes) -> dict[str, str]:
    app = demo.sandbox.identity
    return {"authorization": webhook_signature(app.app_key, app.app_secret, body)}


def notice(demo, number, *, at=None, notification_id="n-1", **data) -> bytes:
    shop = demo.sandbox.world.shop("demo")
    stamp = int((at or demo.clock()).timestamp())
    document = {"type": number, "shop_id": shop.id, "timestamp": stamp, "data": data}
    if notification_id is not None:
        document["tts_notification_id"] = notification_id
    return json.dumps(document).encode()


async def send(demo, body: bytes, headers=None) -> httpx.Response:
    return await demo.http.post("/webhooks/tiktok", content=body, headers=headers or signed(demo, body))


async def stored(demo):
    return await Authorizations(demo.database).get("demo")


async def authorise_anew(demo):
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get(start.headers["location"] + "&shop=demo")
    assert (await demo.http.get(page.headers["location"])).status_code == 200


async def test_who_is_not_tiktok_is_refused(demo):
    body = notice(demo, 6)
    right = signed(demo, body)["authorization"]
    for wrong in ("", "x", right[:-1], right.upper(), "署名".encode()):
        assert (await send(demo, body, {"authorization": wrong})).status_code == 401
    assert (await demo.http.post("/webhooks/tiktok", content=body)).status_code == 401
    assert (await send(demo, body + b" ", {"authorization": right})).status_code == 401
    assert (await stored(demo)).ended is None


async def test_a_body_is_bounded_before_it_is_verified(demo):
    large = b"x" * (256 * 1024 + 1)
    assert (await send(demo, large)).status_code == 413
    fits = notice(demo, 1, text="x" * (200 * 1024))
    assert (await send(demo, fits)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"type":"6"}',
        b'{"type":true}',
        b"\xff",
        b"[" * 100_000,
        b'{"type":6}',
        b'{"type":5,"shop_id":["x"],"data":[]}',
        b'{"type":7,"shop_id":1,"timestamp":-1,"data":{"expiration_time":"soon"}}',
    ],
)
async def test_signed_nonsense_is_acknowledged_and_does_nothing(demo, body):
    """A repeat would be no better."""
    before = await stored(demo)
    assert (await send(demo, body)).status_code == 200
    assert await stored(demo) == before


@pytest.mark.parametrize("number", [1, 2, 15, 16, 18, 27, 50, 71, 999])
async def test_other_types_are_acknowledged(demo, number):
    assert (await send(demo, notice(demo, number, order_id="1"))).status_code == 200


async def test_a_repeat_makes_no_second_reading(demo):
    await demo.store()
    await demo.push("A-100")
    product_id = int((await demo.listing())["tiktok_product_id"])
    body = notice(demo, 37, product_id=product_id)
    reads = demo.sandbox.journal.requests

    async def settled(count):
        await eventually(lambda: reads["get_product"] >= count)

    await _at_rest(demo)  # the create causes a webhook of its own
    before = reads["get_product"]
    await send(demo, body)
    await settled(before + 1)
    for _ in range(3):
        assert (await send(demo, body)).status_code == 200
    other = notice(demo, 37, product_id=product_id, notification_id="n-2")
    await send(demo, other)
    await settled(before + 2)
    await _at_rest(demo)
    assert reads["get_product"] == before + 2


async def _at_rest(demo):
    """Wait until every webhook is delivered and every reading that they cause is done."""

    async def nothing_happens():
        due = await demo.database["listings"].count_documents({"review_due_at": {"$lte": demo.clock()}})
        before = demo.sandbox.journal.requests["get_product"]
        await asyncio.sleep(0.5)
        return not due and not demo.sandbox.webhooks.waiting and demo.sandbox.journal.requests["get_product"] == before

    await eventually(nothing_happens, what="rest")


async def test_without_an_id_two_are_still_two(demo):
    await demo.store()
    await demo.push("A-100")
    product_id = int((await demo.listing())["tiktok_product_id"])
    reads, before = demo.sandbox.journal.requests, demo.sandbox.journal.requests["get_product"]
    for number in (1, 2):
        await send(demo, notice(demo, 37, notification_id=None, product_id=product_id, update_time=number))
        await eventually(lambda: reads["get_product"] >= before + number)  # noqa: B023 - read in this turn


async def test_while_mongodb_is_away_tiktok_is_asked_to_repeat(demo, monkeypatch):
    async def away(*_args, **_kwargs):
        raise ServerSelectionTimeoutError("no primary")

    body = notice(demo, 6)
    with monkeypatch.context() as patch:
        patch.setattr(Authorizations, "shop_of", away)
        assert (await send(demo, body)).status_code == 503
    assert (await stored(demo)).ended is None
    assert (await send(demo, body)).status_code == 200
    assert (await stored(demo)).ended is not None


async def test_a_slow_mongodb_is_not_waited_for_longer_than_tiktok_waits(demo, monkeypatch):
    async def slow(*_args, **_kwargs):
        await asyncio.sleep(30)

    monkeypatch.setattr(Listings, "notified", slow)
    body = notice(demo, 37, product_id=1)
    async with asyncio.timeout(120):
        assert (await send(demo, body)).status_code == 503


class TestConsent:
    """Types 6 and 7."""

    async def test_a_withdrawn_consent_ends_at_once(self, demo):
        demo.sandbox.deauthorise("demo")

        async def ended():
            return (await stored(demo)).ended

        assert (await eventually(ended))[0] == "deauthorized"
        await demo.store()
        calls = demo.sandbox.journal.requests.total()
        await demo.push("A-100")
        assert [event["code"] for event in demo.events("push.failed")] == ["authorization"]
        assert demo.sandbox.journal.requests.total() == calls

    async def test_a_late_webhook_does_not_end_a_new_consent(self, demo):
        """TikTok repeats an unanswered webhook for 15 hours."""
        late = notice(demo, 6)
        demo.clock.forward(hours=1)
        await authorise_anew(demo)
        assert (await send(demo, late)).status_code == 200
        assert (await stored(demo)).ended is None

    async def test_a_repeated_webhook_does_not_end_a_new_consent(self, demo):
        ahead = notice(demo, 6, at=demo.clock() + timedelta(hours=2))  # their clock, or a time that is no such time
        await send(demo, ahead)
        assert (await stored(demo)).ended is not None
        await authorise_anew(demo)
        await send(demo, ahead)
        assert (await stored(demo)).ended is None

    @pytest.mark.parametrize("form", [str, int, lambda seconds: str(seconds * 1000)], ids=["text", "number", "ms"])
    async def test_an_announced_end_is_kept_and_warned_of_once(self, demo, form):
        end = demo.clock().replace(microsecond=0) + timedelta(days=20)
        with capture_logs() as logs:
            for _ in range(2):
                body = notice(demo, 7, message="m", expiration_time=form(int(end.timestamp())))
                assert (await send(demo, body)).status_code == 200
        assert (await stored(demo)).consent_until == end
        assert [one["log_level"] for one in logs if "ends soon" in one["event"]] == ["warning"]
        await authorise_anew(demo)
        assert (await stored(demo)).consent_until > end + timedelta(days=300)

    async def test_a_consent_that_ends_soon_is_warned_of_once_a_day_and_measured(self, demo):
        task = next(task for task in demo.runtime.tasks if task.name == "upkeep")
        await task.stop()
        upkeep = task._run.__closure__[0].cell_contents
        until = (await stored(demo)).consent_until

        def measured():
            name = "shopsync_publisher_authorization_expiry_timestamp_seconds"
            return REGISTRY.get_sample_value(name, {"shop_key": "demo"})

        async def warnings():
            with capture_logs() as logs:
                await upkeep()
            return [one["days_left"] for one in logs if "days_left" in one]  # not the warning of TikTok's webhook

        assert await warnings() == []
        assert measured() == until.timestamp()
        demo.clock.forward(days=336)
        assert await warnings() == [28]
        assert await warnings() == []
        demo.clock.forward(days=1)
        assert await warnings() == [27]
        demo.sandbox.deauthorise("demo")
        await eventually(lambda: _ended(demo))
        await upkeep()
        assert measured() == 0


async def _ended(demo):
    return (await stored(demo)).ended is not None
