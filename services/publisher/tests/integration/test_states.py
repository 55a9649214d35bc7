"""What a push does about every state a listing can be in, and about what people and TikTok did to it meanwhile."""

import httpx
import pytest

from shopsync_sandbox.tiktok import ApiError, Code, Fault
from shopsync_sandbox.tiktok.products import listings
from shopsync_sandbox.tiktok.products.contents import content_of, written_reply
from shopsync_testkit.polling import eventually

AXES = {"vertical": "サイズ"}


def only(world):
    (product,) = world.sandbox.world.shop("demo").products.values()
    return product


def actions(world):
    return [event["action"] for event in world.events("push.succeeded")]


def last(world):
    return world.events("push.succeeded")[-1]


def change_skus(world, product, skus):
    """What a merchant does to the variations of a live product in Seller Center, already approved."""
    shop = world.sandbox.world.shop("demo")
    shop.unindex(product)
    product.content = product.content.model_copy(update={"skus": skus})
    for sku in skus:
        product.stock.setdefault(sku.id, dict(next(iter(product.stock.values()))))
        product.prices.setdefault(sku.id, 1980)
    shop.index(product)


@pytest.fixture
def live(demo):
    """Push a product and have it approved and read."""

    async def make(**changes):
        await demo.store(**changes)
        await demo.push("A-100")
        demo.sandbox.reviews.decide_all()
        await eventually(lambda: [e for e in demo.events("review.changed") if e["review"] == "approved"])
        return only(demo)

    return make


@pytest.mark.parametrize("reason", ["auto", "scheduled", "manual"])
@pytest.mark.parametrize(("status", "code"), [("PLATFORM_DEACTIVATED", "platform_deactivated"), ("FREEZE", "frozen")])
async def test_ss12_what_the_platform_did_is_told_and_not_undone(demo, live, reason, status, code):
    product = await live()
    demo.sandbox.lifecycle.punish(product, status, "policy")
    await demo.push("A-100", reason=reason)
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"]) == ("sync_error", code)
    assert (product.status, actions(demo)) == (status, ["created"])


async def test_new_content_brings_a_product_that_the_platform_took_down_to_review_again(demo, live):
    product = await live()
    demo.sandbox.lifecycle.punish(product, "PLATFORM_DEACTIVATED", "policy")
    await demo.store(content={"name": "直した名前"}, content_version=2)
    await demo.push("A-100")
    assert actions(demo) == ["created", "edited", "relisted"]
    assert (product.status, product.content.title) == ("PENDING", "直した名前")


@pytest.mark.parametrize("status", ["FREEZE", "DELETED"])
async def test_a_listing_that_cannot_be_read_any_more_is_told_apart_by_a_search(demo, live, status):
    product = await live()
    demo.sandbox.settings.get_removed = False
    if status == "FREEZE":
        demo.sandbox.lifecycle.punish(product, "FREEZE", "policy")
    else:
        demo.sandbox.lifecycle.delete(product)
    wanted = {"FREEZE": "frozen", "DELETED": "deleted"}[status]
    await eventually(lambda: demo.events("review.changed")[-1]["review"] == wanted)
    await demo.push("A-100")
    codes = {"FREEZE": "frozen", "DELETED": "deleted_in_seller_center"}
    assert demo.events("push.failed")[-1]["code"] == codes[status]
    assert len(demo.sandbox.world.shop("demo").products) == 1


async def test_q12_a_deleted_listing_that_is_recovered_by_hand_is_put_on_sale(demo, live):
    product = await live()
    demo.sandbox.lifecycle.delete(product)
    await demo.push("A-100", reason="auto")
    demo.sandbox.lifecycle.recover(product)
    await demo.push("A-100", reason="auto")
    assert product.status == "PENDING"
    assert actions(demo) == ["created", "relisted"]
    assert demo.sandbox.journal.done["creates"] == 1


async def test_a_draft_is_published_by_a_full_edit(demo, live):
    product = await live()
    product.status, product.audit = "DRAFT", "NONE"
    await demo.push("A-100", reason="auto")
    assert product.status == "PENDING"
    assert (last(demo)["action"], last(demo)["review"]) == ("edited", "in_review")


async def test_new_content_of_a_product_under_review_goes_at_once(demo):
    await demo.store()
    await demo.push("A-100")
    await demo.store(content={"name": "新しい"}, content_version=2)
    await demo.push("A-100", reason="auto")
    assert (only(demo).status, only(demo).content.title) == ("PENDING", "新しい")
    assert actions(demo) == ["created", "edited"]


async def test_a_preapproved_product_is_reported_once(demo):
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.pre_approve(only(demo))
    await eventually(lambda: demo.events("review.changed"))
    await demo.push("A-100", reason="auto")
    assert (last(demo)["action"], last(demo)["review"]) == ("unchanged", "in_review")
    demo.clock.forward(minutes=6)

    async def read_again():
        return (await demo.listing())["review_due_at"] > demo.clock()

    await eventually(read_again)
    assert [event["review"] for event in demo.events("review.changed")] == ["pre_approved"]


@pytest.mark.reliability(38)
async def test_reliability_38_a_refused_activation_is_told_with_its_reasons(demo, live, monkeypatch):
    """TikTok lists failures inside a success; a wrapper hides the reasons one level deeper."""
    product = await live()
    demo.sandbox.lifecycle.hide(product)
    extra = [{"code": 12052402, "message": "no shipping template"}, {"code": 12052420, "message": "no delivery option"}]
    row = {"code": 12052990, "message": "check failed", "detail": {"product_id": product.id, "extra_errors": extra}}
    monkeypatch.setattr(demo.sandbox.lifecycle, "batch", lambda *_: {"errors": [row]})
    await demo.push("A-100", reason="auto")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"]) == ("sync_error", "12052402")
    assert "no shipping template; no delivery option" in event["message"]
    assert actions(demo) == ["created"]


@pytest.mark.parametrize("code", [12052700, 12052419])
async def test_an_activation_refused_for_the_whole_shop_is_the_shops_trouble(demo, live, monkeypatch, code):
    """Whichever of the reasons comes first: the shop's decides, and its pushes wait."""
    product = await live()
    demo.sandbox.lifecycle.hide(product)
    extra = [{"code": 12052402, "message": "no shipping template"}, {"code": code, "message": "seller inactive"}]
    row = {"code": 12052990, "message": "check failed", "detail": {"product_id": product.id, "extra_errors": extra}}
    monkeypatch.setattr(demo.sandbox.lifecycle, "batch", lambda *_: {"errors": [row]})
    await demo.push("A-100", reason="auto")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"]) == ("sync_error", str(code))
    assert "no shipping template; seller inactive" in event["message"]
    assert (await demo.job("demo/A-100"))["due_at"] > demo.clock()
    monkeypatch.undo()
    demo.clock.forward(minutes=16)
    await eventually(lambda: product.status == "PENDING")


async def test_a_listing_activated_manually_meanwhile_is_no_error(demo, live, monkeypatch):
    product = await live()
    demo.sandbox.lifecycle.hide(product)
    activate = demo.sandbox.lifecycle.activate

    def somebody_was_quicker(it):
        activate(it)
        raise ApiError(Code.STATUS, "status PENDING does not allow this operation")

    monkeypatch.setattr(demo.sandbox.lifecycle, "activate", somebody_was_quicker)
    await demo.push("A-100", reason="auto")
    assert demo.events("push.failed") == []
    assert (last(demo)["action"], last(demo)["review"]) == ("unchanged", "in_review")


async def test_a_listing_deleted_during_an_edit_is_reported_as_deleted(demo, live):
    product = await live()
    slow = demo.sandbox.faults.add(Fault("slow", operation="edit*", seconds=0.4))
    await demo.store(content={"name": "新しい"}, content_version=2)
    await demo.command("A-100")
    await eventually(lambda: slow.hits)
    demo.sandbox.lifecycle.delete(product)
    await demo.quiet()
    assert demo.events("push.failed")[-1]["code"] == "deleted_in_seller_center"
    assert "intent" not in await demo.listing()


# What somebody did to content and SKUs in Seller Center -------------------------------------------------------


@pytest.mark.parametrize("seen_before", [True, False])
async def test_scenario_51_ly3_an_edit_in_seller_center_is_seen_whether_or_not_it_was_read_before(demo, seen_before):
    if not seen_before:
        demo.sandbox.settings.webhook_url = None
    await demo.store()
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    if seen_before:
        await eventually(lambda: demo.events("review.changed"))
    product = only(demo)
    demo.sandbox.edit_title(product, "店で直した名前")
    demo.sandbox.reviews.decide_all()
    await demo.push("A-100", reason="scheduled")
    demo.sandbox.reviews.decide_all()
    assert product.content.title == "綿の靴下"
    await demo.push("A-100", reason="scheduled")
    assert actions(demo) == ["created", "edited", "unchanged"]


async def test_a_title_that_tiktok_writes_its_own_way_is_sent_twice_and_no_more(demo, live, monkeypatch):
    await live()

    def titled(body, *rest):
        content = content_of(body, *rest)
        return content.model_copy(update={"title": f"{content.title}。"})

    monkeypatch.setattr(listings, "content_of", titled)
    await demo.store(content={"name": "新しい"}, content_version=2)
    for _ in range(4):
        await demo.push("A-100", reason="auto")
        demo.sandbox.reviews.decide_all()
    assert actions(demo) == ["created", "edited", "edited", "unchanged", "unchanged"]


async def test_va1_a_sku_added_by_hand_goes_with_the_next_push_and_is_told(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L")])
    extra = product.content.skus[0].model_copy(update={"id": "999", "seller_sku": "BY-HAND"})
    attributes = [a.model_copy(update={"value_name": "XL", "value_id": "77"}) for a in extra.sales_attributes]
    extra = extra.model_copy(update={"sales_attributes": attributes})
    change_skus(demo, product, [*product.content.skus, extra])
    await demo.push("A-100", reason="auto")
    demo.sandbox.reviews.decide_all()
    assert {one.seller_sku for one in product.content.skus} == {"A-100_M", "A-100_L"}
    assert last(demo)["action"] == "edited"
    assert any("BY-HAND" in warning for warning in last(demo)["warnings"])
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_q12_a_sku_deleted_by_hand_is_not_made_again(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L")])
    change_skus(demo, product, product.content.skus[:1])
    await demo.push("A-100", reason="auto")
    event = demo.events("push.failed")[-1]
    assert (event["status"], event["code"]) == ("sync_error", "sku_deleted_in_seller_center")
    assert "skus[L/]" in event["message"]
    assert max(demo.sandbox.journal.stock_writes.values()) == 1
    assert "intent" not in await demo.listing()


async def test_nv3_a_sku_made_again_by_hand_under_its_name_is_taken_over_with_its_stock(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L", stock=9)])
    again = product.content.skus[1].model_copy(update={"id": "999"})
    change_skus(demo, product, [product.content.skus[0], again])
    product.stock["999"] = dict.fromkeys(product.stock["999"], 2)
    await demo.store(axes=AXES, skus=[sku("M"), sku("L", stock=9)], content={"name": "新しい"}, content_version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    assert product.content.title == "新しい"
    assert sum(product.stock["999"].values()) == 2
    assert [one["stock_sent"] for one in last(demo)["skus"]] == [None, None]
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_q13_va6_a_sku_gone_upstream_leaves_with_the_next_push(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L")])
    kept = product.content.skus[0].id
    await demo.store(axes=AXES, skus=[sku("M")], content_version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    assert [one.id for one in product.content.skus] == [kept]
    assert [one["vertical_no"] for one in last(demo)["skus"]] == ["M"]
    assert demo.events("push.failed") == []


async def test_another_axis_on_a_live_listing_makes_new_skus_with_their_stock(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L")])
    both = {"vertical": "サイズ", "horizontal": "色"}
    await demo.store(axes=both, skus=[sku("M", "NV", stock=3), sku("L", "NV", stock=4)], content_version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    assert {one.seller_sku for one in product.content.skus} == {"A-100_M_NV", "A-100_L_NV"}
    assert {one["vertical_no"]: one["stock_sent"] for one in last(demo)["skus"]} == {"M": 3, "L": 4}
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_a_renamed_axis_keeps_skus_and_stock(demo, live, sku):
    product = await live(axes=AXES, skus=[sku("M"), sku("L")])
    before = [one.id for one in product.content.skus]
    await demo.store(axes={"vertical": "大きさ"}, skus=[sku("M", stock=99), sku("L")], content_version=2)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    assert [one.id for one in product.content.skus] == before
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


async def test_scenario_36_va1_nv7_six_skus_go_together(demo, sku):
    skus = [sku(vertical, horizontal) for vertical in "SML" for horizontal in ("NV", "GR")]
    await demo.store(axes={"vertical": "サイズ", "horizontal": "色"}, skus=skus)
    await demo.push("A-100")
    assert len(only(demo).content.skus) == len(last(demo)["skus"]) == 6


# Replies that say less than they should ----------------------------------------------------------------------


def without_last_sku(reply):
    return {**reply, "skus": reply["skus"][:-1]}


@pytest.mark.reliability(38)
@pytest.mark.parametrize("shorten", [without_last_sku, lambda reply: {"product_id": reply["product_id"]}])
async def test_reliability_38_ids_that_a_reply_lacks_are_read_back(demo, sku, monkeypatch, shorten):
    monkeypatch.setattr(listings, "written_reply", lambda *args: shorten(written_reply(*args)))
    await demo.store(axes=AXES, skus=[sku("M"), sku("L")])
    await demo.push("A-100")
    assert [one["stock_sent"] for one in last(demo)["skus"]] == [7, 7]
    assert (actions(demo), last(demo)["warnings"]) == (["created"], [])
    assert max(demo.sandbox.journal.stock_writes.values()) == 1


@pytest.mark.reliability(38)
async def test_reliability_38_a_sku_that_was_not_taken_is_told_and_goes_with_the_next_push(demo, sku, monkeypatch):
    """The stock of the other SKUs counts as sent, that of this one does not."""
    service = demo.sandbox.services.listings
    create = service.create
    monkeypatch.setattr(
        service, "create", lambda shop, body: create(shop, body.model_copy(update={"skus": body.skus[:-1]}))
    )
    await demo.store(axes=AXES, skus=[sku("M"), sku("L", stock=4)])
    await demo.push("A-100")
    assert [(one["vertical_no"], one["stock_sent"]) for one in last(demo)["skus"]] == [("M", 7)]
    assert last(demo)["warnings"] == ["skus[L/]: TikTok Shop did not take this SKU"]
    assert demo.sandbox.journal.done["edits"] == 0
    await demo.push("A-100", reason="auto")
    assert [(one["vertical_no"], one["stock_sent"]) for one in last(demo)["skus"]] == [("M", None), ("L", 4)]
    assert dict(demo.sandbox.journal.stock_writes) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1}


@pytest.mark.reliability(38)
async def test_reliability_38_tiktoks_warnings_are_handed_on(demo):
    """Fields that were dropped although the call succeeded."""
    await demo.store(content={"brand_id": "123"})
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    await demo.store(content={"brand_id": "124"}, content_version=2)
    await demo.push("A-100")
    told = [event["warnings"] for event in demo.events("push.succeeded")]
    assert [len(warnings) for warnings in told] == [1, 1]
    assert "123" in told[0][0]
    assert "124" in told[1][0]


# The shop --------------------------------------------------------------------------------------------------


async def test_scenario_58_au5_when_the_consent_ends_every_push_says_so_and_none_is_lost(demo, live):
    await live()
    await demo.store("B-200")
    demo.sandbox.deauthorise("demo")
    await demo.push("A-100", "B-200", reason="auto")
    failed = demo.events("push.failed")
    assert {event["product_no"] for event in failed} == {"A-100", "B-200"}
    assert {(event["status"], event["code"]) for event in failed} == {("sync_error", "authorization")}
    headers = {"accept": "application/json"}
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"}, headers=headers)
    state = httpx.URL(start.json()["consent_url"]).params["state"]
    code = demo.sandbox.tokens.mint_code(["demo"]).value
    answer = await demo.http.get("/oauth/tiktok/callback", params={"code": code, "state": state}, headers=headers)
    assert answer.status_code == 200, answer.text
    await demo.quiet()
    assert {event["product_no"] for event in demo.events("push.succeeded")} == {"A-100", "B-200"}


async def test_scenario_47_tg2_an_off_product_stays_hidden(demo, live):
    product = await live()
    demo.sandbox.lifecycle.hide(product)
    await demo.store(sync_enabled=False)
    await demo.push("A-100", reason="auto")
    assert product.status == "SELLER_DEACTIVATED"
    assert demo.events("push.skipped")[-1]["why"] == "sync_disabled"


async def test_scenario_24_ly1_the_tools_price_goes_then_futureshops_again(demo):
    await demo.store(content={"price": 2900})
    await demo.push("A-100")
    assert set(only(demo).prices.values()) == {2900}
    demo.sandbox.reviews.decide_all()
    await demo.store(content={"price": 3000}, content_version=2)
    await demo.push("A-100")
    assert set(only(demo).prices.values()) == {3000}


async def test_scenario_30_nv11_no_first_push_with_stock_zero_or_blank(demo, sku):
    for stock in (0, None):
        await demo.store(skus=[sku(stock=stock)])
        await demo.push("A-100")
    assert [event["status"] for event in demo.events("push.failed")] == ["incomplete", "incomplete"]
    assert demo.sandbox.journal.requests["create_product"] == 0


async def test_au4_without_a_consent_nothing_is_asked_of_tiktok(world):
    await world.settings_for("demo")
    await world.store()
    await world.push("A-100")
    assert [event["why"] for event in world.events("push.skipped")] == ["not_authorized"]
    assert not world.sandbox.journal.entries
