"""Who may write over whom (domain §3), and what never gets into a product at all."""

import json
from itertools import permutations

import pytest

from catalog.errors import UnknownProduct
from shopsync_contracts import parse
from shopsync_contracts.events import BODIES, Reason, SnapshotSku, StockEdit

OUTSIDE = {"included": False, "rate_percent": 10, "rounding": "down"}


@pytest.fixture
def take_wire(story):
    """Gives the story a product.changed as another system may write it, with members that ours does not have."""

    def take(observed, product_members, sku_members=(), **members):
        message = story.message(story.change(observed, **members))
        document = json.loads(message.event.to_bytes())
        document["data"]["product"] |= product_members
        for sku in document["data"]["product"]["skus"]:
            sku |= dict(sku_members)
        event = parse(json.dumps(document).encode(), key=message.event.key())
        return story.take(event.data)

    return take


def values(story):
    return [value for _, value in sorted(flat(story.snapshot.model_dump(mode="json")))]


def flat(value, path=""):
    if isinstance(value, dict):
        return [one for name in value for one in flat(value[name], f"{path}.{name}")]
    if isinstance(value, list):
        return [one for index, part in enumerate(value) for one in flat(part, f"{path}[{index}]")]
    return [(path, repr(value))]


def test_ly1_futureshop_beats_the_tool_and_the_tool_beats_tiktok(ready):
    ready.edited(2, name="工具")
    ready.pushed(review="live", minute=3)
    ready.reviewed("deactivated", 4, reasons=(Reason(position="title", reason="TikTokの名"),))
    assert ready.snapshot.content.name == "工具"
    ready.changed(10, updated=10, name="未来")
    assert ready.snapshot.content.name == "未来"


TIKTOK_SAYS = [
    lambda story: story.pushed(review="live", stock=3),
    lambda story: story.pushed("edited", skus=()),
    lambda story: story.failed("warehouse_missing"),
    lambda story: story.failed("incomplete", missing=("axes.vertical",)),
    lambda story: story.skipped("not_authorized"),
    lambda story: story.reviewed("rejected", 5, reasons=(Reason(position="title", reason="禁止語"),)),
    lambda story: story.reviewed("deleted", 6),
]


@pytest.mark.parametrize("order", list(permutations(range(len(TIKTOK_SAYS)), 3)), ids=str)
def test_ly4_nothing_that_tiktok_says_writes_to_a_higher_layer(ready, order):
    ready.edited(2, name="工具", stock=[{"quantity": 7}])
    before, content = ready.state.record, ready.snapshot.content
    stock = [(number, one.imported, one.edit) for number, one in before.stock.items()]
    for index in order:
        TIKTOK_SAYS[index](ready)
    after = ready.state.record
    assert (after.upstream, after.edits, after.tool, after.target) == (
        before.upstream,
        before.edits,
        before.tool,
        before.target,
    )
    assert [(number, one.imported, one.edit) for number, one in after.stock.items()] == stock
    assert ready.snapshot.content == content


def test_ly4_an_edit_in_the_tool_does_not_change_what_futureshop_said(ready):
    before = ready.state.record.upstream
    ready.edited(5, name="工具", price=1, stock=[{"quantity": 3}])
    assert ready.state.record.upstream is before


def test_ly5_a_first_transfer_ends_every_claim_on_the_stock(ready):
    """No layer's number makes the product worth a push again, neither a lower nor a higher one."""
    ready.pushed(review="live", stock=10)
    version = ready.snapshot.content_version
    ready.changed(10, updated=10, stock=99)
    ready.changed(20, mode="overwrite_all", stock=98)
    ready.edited(30, stock=[{"quantity": 97}])
    assert (ready.snapshot.content_version, ready.snapshot.status) == (version, "synced")
    assert ready.state.record.stock[("", "")].sent == 10


@pytest.mark.parametrize("period", ["salesPeriod", "sales_period", "preorder_period"])
def test_scenario_10_11_im3_a_period_that_is_over_is_no_part_of_the_product(story, take_wire, period):
    take_wire(0, {period: {"start": "2001-01-01T00:00:00+09:00", "end": "2001-01-02T00:00:00+09:00"}})
    story.complete()
    story.switched(1, True)
    assert (story.snapshot.status, story.snapshot.sync_enabled) == ("pending", True)
    assert all("2001" not in value for value in values(story))


def test_scenario_18_19_pr4_pr5_pr6_nv6_other_prices_stand_nowhere(story, take_wire):
    prices = {"member_price": 2500, "stage_prices": [2400], "list_price": 5000, "body_price": 2727}
    take_wire(0, prices, {"member_price": 2500, "list_price": 5000}, regular_price=3000)
    assert (story.snapshot.content.price, story.snapshot.skus[0].price) == (3000, 3000)
    assert not {"2500", "2400", "5000", "2727"} & set(values(story))


def test_va7_options_without_stock_are_no_variations(story, take_wire):
    take_wire(0, {"options": [{"name": "ラッピング", "choices": ["あり", "なし"]}]})
    assert len(story.snapshot.skus) == 1
    assert not any("ラッピング" in value for value in values(story))


def test_scenario_12_im4_no_message_but_futureshops_makes_a_product(story):
    [(_, error)] = story.edited(1, name="手で").waiting
    assert isinstance(error, UnknownProduct)
    [(_, error)] = story.switched(2, True).waiting
    assert isinstance(error, UnknownProduct)
    story.deleted()
    story.removed(3)
    story.reviewed("approved", 4)
    assert story.state.record is None
    assert not {body.TYPE for body in BODIES} & {"product.created", "product.added", "product.imported"}


def test_im6_only_the_first_import_brings_stock(story):
    story.changed(0, stock=10)
    first = dict(story.state.record.stock)
    for minute, mode in ((1, "changed_only"), (2, "overwrite_all")):
        story.changed(minute, mode=mode, updated=minute, name=f"名{minute}", stock=50 + minute)
        assert story.snapshot.content.name == f"名{minute}"
        assert story.state.record.stock == first


def test_scenario_36_va1_va4_a_product_goes_as_a_whole(story):
    skus = [{"vertical_no": f"S{n}", "stock": 5} for n in range(6)]
    story.changed(skus=skus)
    story.complete()
    story.switched(1, True)
    assert [sku.vertical_no for sku in story.snapshot.skus] == [f"S{n}" for n in range(6)]
    own = {"sync_enabled", "status", "review", "enabled", "live"}
    assert not own & (set(SnapshotSku.model_fields) | set(StockEdit.model_fields))


def test_scenario_36_va1_one_sku_without_stock_holds_back_all(story):
    story.changed(skus=[{"vertical_no": f"S{n}", "stock": n} for n in range(6)])
    story.complete()
    assert (story.snapshot.status, story.snapshot.missing) == ("incomplete", ("stock",))


def test_ed1_every_imported_value_of_the_product_can_be_corrected_before_it_goes_out(story):
    story.changed()
    story.edited(1, name="改", description="<p>改</p>", images=["https://shop.example/9.jpg"], price=1)
    content = story.snapshot.content
    assert (content.name, content.description, content.price) == ("改", "<p>改</p>", 1)
    assert content.images == ("https://shop.example/9.jpg",)
    assert story.snapshot.edited_fields == ("name", "description", "images", "price")


def test_pr9_prices_are_whole_yen(story):
    story.changed(regular_price=2778, tax=OUTSIDE, skus=[{"price": 1004, "stock": 1}])
    assert [type(price) for price in (story.snapshot.content.price, story.snapshot.skus[0].price)] == [int, int]
