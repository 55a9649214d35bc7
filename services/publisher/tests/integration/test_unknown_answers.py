"""RB-8, NV-8, NV-3: whatever TikTok answers to a write, there is one listing per product, and its stock went out once.

Every answer is given once to a request that was carried out, and once to one that was not.
"""

from datetime import timedelta

import httpx
import pytest

from publisher import errors
from publisher.tiktok.codes import TABLE
from shopsync_sandbox.tiktok import Fault
from shopsync_testkit.polling import eventually

AXES = {"vertical": "サイズ"}
CARRIED_OUT = pytest.mark.parametrize("carried_out", [True, False], ids=["done", "not done"])
WAITS = {errors.QuotaReached, errors.ShopBlocked}
NOT_THE_PRODUCTS = {
    errors.RateLimited,
    errors.HourSpent,
    errors.QuotaReached,
    errors.TokenExpired,
    errors.AppMisconfigured,
    errors.EndpointWithdrawn,
    errors.Unavailable,
}

REFUSED = [code for row in TABLE if row.kind is errors.Refused for code in sorted(row.codes)]
"""A push that is refused waits for nothing, so that many products may meet these at once."""
KNOWN = [(row.kind, sorted(row.codes), row.means) for row in TABLE if row.kind is not errors.Refused]
UNKNOWN_CODES = (12059999, 12019999, 12038999, 12001999, 36009999, 36004999, 105999, 106999, 99999999, 7, -1, 2**53 + 1)
STATUSES = (200, 201, 301, 302, 400, 401, 403, 404, 405, 408, 409, 410, 413, 429, 499, 500, 502, 503, 504)
UNKNOWN = {
    "unknown codes, 200": [Fault("answer", code=code, status=200, message="new") for code in UNKNOWN_CODES],
    "unknown codes, 400": [Fault("answer", code=code, status=400, message="new") for code in UNKNOWN_CODES],
    "known codes, unclear": [
        Fault("answer", code=36009004, status=400, message="the moon is full"),
        Fault("answer", code=0, status=400),
        Fault("answer", code=0, status=302),
        *(Fault("answer", code=12052104, status=status) for status in (302, 408, 500, 503)),
    ],
    "no code": [Fault("drop"), *(Fault("html", status=status) for status in STATUSES)],
}
UNKNOWN_ANSWERS = pytest.mark.parametrize("answers", UNKNOWN.values(), ids=UNKNOWN)
KNOWN_ANSWERS = pytest.mark.parametrize(
    ("kind", "codes"), [known[:2] for known in KNOWN], ids=[f"{kind.__name__}, {means}" for kind, _, means in KNOWN]
)


@pytest.fixture
def publisher_settings():
    """The clock is moved by hours; no reading becomes due."""
    return {"review_poll_interval": timedelta(days=3650)}


def order(world, fault, operation, *, carried_out):
    again = Fault(
        fault.kind,
        operation=operation,
        after=carried_out,
        status=fault.status,
        code=fault.code,
        message=fault.message,
        seconds=0,
    )
    return world.sandbox.faults.add(again)


async def authorised_again(world):
    start = await world.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    state = httpx.URL(start.headers["location"]).params["state"]
    code = world.sandbox.tokens.mint_code(["demo"]).value
    done = await world.http.get("/oauth/tiktok/callback", params={"code": code, "state": state})
    assert done.status_code == 200, done.text


async def put_right(world, kind):
    """Ends the trouble of a shop or a consent."""
    if kind is errors.AuthorizationEnded:
        await authorised_again(world)
    if kind in WAITS and await world.database["authorizations"].count_documents({"$or": later(world)}):
        world.clock.forward(minutes=61)
    await world.quiet()


def later(world):
    return [{name: {"$gt": world.clock()}} for name in ("blocked_until", "quota_until")]


def fault_of(code):
    """Codes of the gateway are known without their text."""
    return Fault("answer", code=code, message=None if code < 12_000_000 else "a reason")


def done(world, seller_sku):
    journal = world.sandbox.journal
    return journal.creates_per_sku["demo", seller_sku], journal.stock_writes["demo", seller_sku]


async def meet(world, faults, kind, *, carried_out):
    """Three pushes of each product, the first ones getting these answers: the failures told of each product."""
    for product_no in faults:
        await world.store(product_no)
    met = [order(world, fault, "create*", carried_out=carried_out) for fault in faults.values()]
    await world.push(*faults)
    assert {one.hits for one in met} == {1}
    await put_right(world, kind)
    await world.push(*faults)
    await world.push(*faults)
    return {product_no: await failures(world, product_no) for product_no in faults}


async def failures(world, product_no):
    """What was told of it, once there is one listing that got its stock once."""
    assert done(world, product_no) == (1, 1)
    assert "intent" not in await world.listing(f"demo/{product_no}")
    told = [event for event in world.events() if event.get("product_no") == product_no]
    assert next(event["action"] for event in told if event["type"] == "push.succeeded") == "created"
    return [event for event in told if event["type"] == "push.failed"]


@CARRIED_OUT
@KNOWN_ANSWERS
async def test_rb8_nv8_nv3_every_known_code_in_answer_to_a_create(demo, kind, codes, carried_out):
    """One search before the next create, in case TikTok carried out what it refused."""
    for code in codes:
        failed = await meet(demo, {f"P-{code}": fault_of(code)}, kind, carried_out=carried_out)
        if kind in NOT_THE_PRODUCTS:
            assert failed == {f"P-{code}": []}


@CARRIED_OUT
async def test_rb8_nv8_nv3_every_known_refusal_of_a_create(demo, carried_out):
    faults = {f"P-{code}": fault_of(code) for code in REFUSED}
    failed = await meet(demo, faults, errors.Refused, carried_out=carried_out)
    assert {len(events) for events in failed.values()} <= {0, 1}, (
        "one that is mended and sent again meets another answer"
    )


@CARRIED_OUT
@UNKNOWN_ANSWERS
async def test_rb8_nv8_nv3_every_unknown_answer_to_a_create(demo, answers, carried_out):
    faults = {f"P-{number}": fault for number, fault in enumerate(answers)}
    failed = await meet(demo, faults, errors.ShopBlocked, carried_out=carried_out)
    assert {event["status"] for events in failed.values() for event in events} <= {"sync_error"}
    assert demo.sandbox.journal.done["creates"] == len(answers)


class TestWithoutIdempotency:
    """TikTok does not document what a repeated key returns, so nothing may rest on it. Its searches lag as well."""

    @pytest.fixture
    def publisher_settings(self):
        return {"search_lag": timedelta(seconds=1.5)}

    @pytest.mark.parametrize(
        "fault",
        [
            *(Fault("answer", code=code, message="new") for code in (12059999, 36009999, 106999)),
            Fault("drop"),
            Fault("gateway_timeout"),
            Fault("html", status=302),
            Fault("html", status=429),
        ],
        ids=["product", "gateway", "signing", "drop", "time-out", "redirect", "limit without a code"],
    )
    async def test_no_create_follows_before_a_search_must_have_shown_the_first(self, demo, monkeypatch, fault):
        monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
        demo.sandbox.settings.search_delay_seconds = 1.0
        await demo.store()
        met = order(demo, fault, "create*", carried_out=True)
        await demo.push("A-100")
        assert met.hits == 1
        await demo.push("A-100")  # the merchant presses [同期] while nothing is known yet

        async def known():
            return (await demo.listing()).get("tiktok_product_id")

        await eventually(known)
        assert done(demo, "A-100") == (1, 1)
        assert demo.sandbox.journal.requests["create_product"] == 1

    async def test_a_repeat_is_looked_for_as_long_as_the_first(self, demo, monkeypatch):
        """The first create never arrived, the second one was carried out and its answer lost."""
        monkeypatch.setattr(demo.sandbox.services.listings, "_created_before", lambda *_: None)
        demo.sandbox.settings.search_delay_seconds = 1.0
        await demo.store()
        first = order(demo, Fault("drop"), "create*", carried_out=False)
        second = demo.sandbox.faults.add(Fault("drop", operation="create*", after=True))
        await demo.command("A-100")
        await eventually(lambda: first.hits and second.hits)

        async def known():
            return (await demo.listing()).get("tiktok_product_id")

        await eventually(known)
        assert done(demo, "A-100") == (1, 1)


# An edit that carries the stock of a new SKU --------------------------------------------------------------------


async def edit_under(world, sku, faults, kind, *, carried_out):
    """An edit of each product, these answers to the edits, and a push after them."""
    for product_no in faults:
        await world.store(product_no, axes=AXES, skus=[sku("M")])
    await world.push(*faults)
    world.sandbox.reviews.decide_all()
    met = [order(world, fault, "edit*", carried_out=carried_out) for fault in faults.values()]
    changed = {"content": {"name": "新しい"}, "content_version": 2}
    for product_no in faults:
        await world.store(product_no, axes=AXES, skus=[sku("M"), sku("L", stock=4)], **changed)
    await world.push(*faults)
    assert {one.hits for one in met} == {1}
    await put_right(world, kind)
    await world.push(*faults)
    world.sandbox.reviews.decide_all()
    for product_no in faults:
        await is_edited(world, product_no)


async def is_edited(world, product_no):
    product = world.sandbox.product(shop="demo", seller_sku=f"{product_no}_M")
    assert product.content.title == "新しい"
    assert {one.seller_sku for one in product.content.skus} == {f"{product_no}_M", f"{product_no}_L"}
    assert [done(world, f"{product_no}_{name}")[1] for name in "ML"] == [1, 1]
    assert "intent" not in await world.listing(f"demo/{product_no}")


@CARRIED_OUT
@UNKNOWN_ANSWERS
async def test_nv3_every_unknown_answer_to_an_edit(demo, sku, answers, carried_out):
    faults = {f"P-{number}": fault for number, fault in enumerate(answers)}
    await edit_under(demo, sku, faults, errors.ShopBlocked, carried_out=carried_out)


@CARRIED_OUT
@KNOWN_ANSWERS
async def test_nv3_a_known_code_of_every_row_in_answer_to_an_edit(demo, sku, kind, codes, carried_out):
    if kind is errors.ProductGone:
        pytest.skip("the listing counts as deleted then")
    fault = Fault("answer", code=codes[0], message="a reason")
    await edit_under(demo, sku, {"A-100": fault}, kind, carried_out=carried_out)


@CARRIED_OUT
async def test_nv3_every_known_refusal_of_an_edit(demo, sku, carried_out):
    faults = {f"P-{code}": fault_of(code) for code in REFUSED}
    await edit_under(demo, sku, faults, errors.Refused, carried_out=carried_out)
