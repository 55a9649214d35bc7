import asyncio
from datetime import timedelta

import pytest

from publisher.content.categories import Categories
from publisher.errors import Refused, Unavailable
from shopsync_testkit.polling import eventually

FASHION = [{"id": "100398", "values": [{"name": "綿"}]}]
ATTRIBUTES = {"attributes": [{"id": "1", "name": "素材", "type": "PRODUCT_PROPERTY", "is_requried": True}]}


class Api:
    """Counts the calls; the next one raises `fail`."""

    def __init__(self, shop_key="demo"):
        self.shop_key = shop_key
        self.asked = []
        self.fail = None

    async def category_attributes(self, category_id, category_version):
        self.asked.append((category_id, category_version))
        await asyncio.sleep(0)
        if self.fail is not None:
            raise self.fail
        return ATTRIBUTES

    async def category_rules(self, category_id, category_version):
        return {}


@pytest.fixture
def clock(now):
    class Clock:
        time = now

        def __call__(self):
            return self.time

    return Clock()


@pytest.fixture
def categories(clock):
    return Categories(life=timedelta(minutes=10), size=2, clock=clock)


class TestMemory:
    async def test_ed8_a_category_is_asked_for_once_however_many_push_at_once(self, categories):
        api = Api()
        answers = await asyncio.gather(*(categories.requirements(api, "7", "v1") for _ in range(20)))
        assert len(set(map(id, answers))) == 1
        assert api.asked == [("7", "v1")]

    async def test_an_answer_expires(self, categories, clock):
        api = Api()
        await categories.requirements(api, "7", "v1")
        clock.time += timedelta(minutes=9)
        await categories.requirements(api, "7", "v1")
        assert len(api.asked) == 1
        clock.time += timedelta(minutes=2)
        await categories.requirements(api, "7", "v1")
        assert len(api.asked) == 2

    async def test_nv13_shops_trees_and_categories_are_kept_apart(self, categories):
        demo, other = Api("demo"), Api("other")
        await categories.requirements(demo, "7", "v1")
        await categories.requirements(demo, "7", "v2")
        await categories.requirements(other, "7", "v1")
        assert (demo.asked, other.asked) == ([("7", "v1"), ("7", "v2")], [("7", "v1")])

    async def test_the_one_unused_longest_is_dropped_first(self, categories):
        api = Api()
        for category in ("1", "2", "1", "3", "1", "2"):
            await categories.requirements(api, category, "v1")
        assert [category for category, _ in api.asked] == ["1", "2", "3", "2"]

    async def test_a_refusal_is_remembered_and_a_failure_is_not(self, categories):
        api = Api()
        api.fail = Refused("12052024", "not a leaf")
        for _ in range(3):
            with pytest.raises(Refused, match="not a leaf"):
                await categories.requirements(api, "7", "v1")
        assert len(api.asked) == 1
        api.fail = Unavailable("http_502", "no answer")
        with pytest.raises(Unavailable):
            await categories.requirements(api, "8", "v1")
        api.fail = None
        assert (await categories.requirements(api, "8", "v1")).attributes["1"].required

    async def test_a_cancelled_caller_does_not_stop_the_others(self, categories):
        api = Api()
        first, second = (asyncio.create_task(categories.requirements(api, "7", "v1")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).attributes.keys() == {"1"}
        assert len(api.asked) == 1


async def test_ed8_q9_a_missing_attribute_is_named_before_any_write(demo):
    await demo.store(content={"attributes": [{"id": "100701", "values": [{"name": "日本"}]}]})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["missing"]) == ("incomplete", ["attributes.100398"])
    assert "素材" in event["message"]
    requests = demo.sandbox.journal.requests
    assert (requests["create_product"], requests["upload_image"]) == (0, 0)
    await demo.store(content_version=2)
    await demo.push("A-100")
    assert demo.events("push.succeeded")[0]["action"] == "created"


async def test_ed8_categories_are_asked_for_once_per_shop(demo):
    for number in range(6):
        await demo.store(f"P-{number}")
    await demo.push(*[f"P-{number}" for number in range(6)])
    assert len(demo.events("push.succeeded")) == 6
    requests = demo.sandbox.journal.requests
    assert requests["category_attributes"] == requests["category_rules"] == 1


@pytest.mark.parametrize(
    ("category_id", "status", "code", "words"),
    [
        ("601000", "incomplete", "12052024", "leaf"),
        ("800111", "sync_error", "12052230", "category_version"),
        ("999999", "sync_error", "12052023", "category_version"),
        ("632100", "incomplete", "12052220", "prohibited"),
        ("633100", "sync_error", "12052221", "needs approval or documents"),
        ("613100", "sync_error", "12052223", "needs approval or documents"),
        ("651100", "sync_error", "12052225", "needs approval or documents"),
        ("661100", "sync_error", "12052227", "needs approval or documents"),
    ],
)
async def test_ed8_ed9_a_category_tiktok_does_not_take_is_named(demo, category_id, status, code, words):
    await demo.store(
        content={"category_id": category_id, "attributes": [{"id": "100701", "values": [{"name": "日本"}]}]}
    )
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["code"], event["missing"]) == (status, code, ["category_id"])
    assert words in event["message"]


async def test_ed8_a_category_that_wants_a_certificate_is_named_with_it(demo):
    attributes = [{"id": "100701", "values": [{"name": "日本"}]}, {"id": "100810", "values": [{"name": "五千"}]}]
    await demo.store(content={"category_id": "641100", "attributes": attributes})
    await demo.push("A-100")
    (event,) = demo.events("push.failed")
    assert (event["status"], event["missing"]) == ("incomplete", ["attributes.100810", "category_id"])
    assert "'五千' is no positive number" in event["message"]
    assert "needs a certificate" in event["message"]


async def test_ed8_a_category_may_want_a_size_chart(demo, picture):
    content = {"category_id": "603100", "attributes": [*FASHION, {"id": "100701", "values": [{"name": "日本"}]}]}
    await demo.store(content=content)
    await demo.push("A-100")
    assert demo.events("push.failed")[0]["missing"] == ["size_chart_image"]
    small, large = (demo.images.add(f"{side}.png", picture(size=(side, side))) for side in (1023, 1024))
    await demo.store(content={**content, "size_chart_image": small}, content_version=2)
    await demo.push("A-100")
    event = demo.events("push.failed")[1]
    assert (event["code"], event["missing"]) == ("image_small", ["size_chart_image"])
    await demo.store(content={**content, "size_chart_image": large}, content_version=3)
    await demo.push("A-100")
    assert demo.events("push.succeeded")[0]["action"] == "created"


async def test_ed6_attributes_of_the_former_category_are_left_out_and_told(demo):
    """After 一括入力・変更 of the category alone: TikTok refuses 100398 in 日本茶 when it is sent."""
    attributes = [{"id": "100701", "values": [{"name": "日本"}]}, {"id": "100398", "values": [{"id": "1001001"}]}]
    await demo.store(content={"category_id": "611100", "attributes": attributes})
    await demo.push("A-100")
    (event,) = demo.events("push.succeeded")
    assert event["warnings"] == ["attributes.100398: left out, the category has no such attribute"]
    sent = (await demo.listing("demo/A-100"))["sent"]
    assert sent["notes"] == event["warnings"]
    before = sent["digests"]
    await demo.store(
        content={"category_id": "611100", "attributes": attributes[:1], "name": "別の名前"}, content_version=2
    )
    await demo.push("A-100")
    sent = (await demo.listing("demo/A-100"))["sent"]
    assert sent["notes"] == []
    assert {name for name, digest in sent["digests"].items() if digest != before[name]} == {"attributes", "name"}


async def test_a_size_chart_is_left_out_where_the_category_takes_none(demo, picture):
    chart = demo.images.add("chart.png", picture(size=(1100, 1100)))
    attributes = [{"id": "100701", "values": [{"name": "日本"}]}]
    await demo.store(content={"category_id": "611100", "attributes": attributes, "size_chart_image": chart})
    await demo.push("A-100")
    assert "takes no size chart" in demo.events("push.succeeded")[0]["warnings"][0]


async def test_q10_an_invite_only_category_says_what_to_do_while_it_waits(demo):
    """Created and approved, but not on sale: TikTok returns a reason, not an error."""
    content = {"category_id": "631100", "attributes": [{"id": "100701", "values": [{"name": "日本"}]}]}
    await demo.store(content=content)
    await demo.push("A-100")
    demo.sandbox.reviews.decide_all()
    (event,) = await eventually(lambda: demo.events("review.changed"))
    assert event["review"] == "pre_approved"
    assert event["reasons"][0]["reason"] == "RESTRICTED_CATEGORY_PENDING"
    assert event["reasons"][0]["suggestion"].startswith("category needs approval or documents")
