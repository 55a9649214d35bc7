"""Who must act about a product, and why."""

from datetime import UTC, datetime

import pytest

from shopsync_readmodel.products import causes as reasons
from shopsync_readmodel.products.product import read_product

M_AND_L = [{"vertical_no": "M", "stock": 10}, {"vertical_no": "L", "stock": 0}]


@pytest.fixture
def causes(tool):
    """(who, why) of each cause."""

    async def run(product="demo/A-1"):
        found = await read_product(tool.database, *product.split("/"))
        return [(one.who, one.what) for one in reasons.causes(found, datetime.now(UTC))]

    return run


async def ready(tool, mode="manual"):
    await tool.shop(sync={"mode": mode, "interval_minutes": 30, "times": ["03:00"] if mode == "scheduled" else []})
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)


async def test_each_missing_value_names_who_can_enter_it(tool, causes):
    await tool.imported(description="", regular_price=None, skus=M_AND_L, axes={"vertical": "サイズ"})
    await tool.edited(minute=1, package_dimensions_cm={"length": 30})
    assert await causes() == [
        ("merchant in futureshop", "description: blank"),
        ("merchant in futureshop", "price: none for M:, L:"),
        ("merchant in the tool", "category_id: blank"),
        ("merchant in the tool", "brand_id: blank"),
        ("merchant in the tool", "package_weight_g: blank"),
        ("merchant in the tool", "package_dimensions_cm: width, height blank"),
        ("merchant in the tool", "stock: 0 for L:"),
    ]


async def test_unmanaged_stock_needs_a_number_of_the_tool(tool, causes):
    await ready(tool)
    await tool.imported("B-1", stock_managed=False)
    assert ("merchant in the tool", "stock: none for the only SKU (在庫有り)") in await causes("demo/B-1")


async def test_what_futureshop_has_no_more_is_entered_in_the_tool(tool, causes):
    await tool.imported(description="")
    await tool.removed(minute=5)
    found = await causes()
    assert found[0] == ("merchant in the tool", "description: blank")
    assert found[-1] == ("wait", "gone from futureshop, proven 2026-11-23 09:06:00+09:00, and OFF")


async def test_what_the_check_before_sending_refused_is_told_from_blank(tool, causes):
    await ready(tool)
    message = "axes.vertical: the axis name has 30 characters; name: has 300 characters, TikTok allows 255"
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=("axes.vertical", "name"))
    assert await causes() == [
        ("merchant in futureshop", "axes.vertical: the axis name has 30 characters"),
        ("merchant in futureshop", "name: has 300 characters, TikTok allows 255"),
    ]
    await tool.edited(minute=9, name="x" * 250)
    await tool.failed(status="incomplete", code="incomplete", missing=("name",))
    assert (await causes())[0][0] == "merchant in the tool"


@pytest.mark.parametrize(
    ("mode", "who", "what"),
    [
        ("manual", "merchant in the tool", "not sent since it changed; the shop syncs by hand"),
        ("auto", "wait", "not sent since it changed"),
        ("scheduled", "wait", "not sent since it changed"),
    ],
)
async def test_who_sends_a_waiting_product_depends_on_the_shop(tool, causes, mode, who, what):
    await ready(tool, mode)
    assert await causes() == [(who, what)]


async def test_off_is_the_reason_before_everything_about_sending(tool, causes):
    await ready(tool)
    await tool.switched(on=False, minute=5)
    assert await causes() == [("merchant in the tool", "連携対象 is OFF: nothing is sent (TG-1)")]


async def test_a_product_without_settings_of_its_shop_is_the_operators(tool, causes):
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)
    assert await causes() == [("operator", "the shop has no settings")]
