"""商品詳細: what it says of the listing at TikTok Shop."""

import re

import pytest
from product_pages import opened
from tool_database import ToolDatabase

BY_PLATFORM = [{"reason": "PLATFORM_DEACTIVATED"}]
ON_SALE = "TikTok Shopで販売中"
NOT_ON_SALE = "TikTok Shopで販売していません"
HIDDEN = "Seller Centerで非公開になっています"
UNSENT = "このツールの新しい内容はまだ送信されていません。以前の内容で販売されています。"
IN_REVIEW = "新しい内容は審査中です。承認されるまで、以前の内容で販売されます。"
REJECTED = "新しい内容は審査で承認されませんでした。以前の内容で販売されています。"


@pytest.fixture
async def tool(world):
    tool = ToolDatabase(world.database)
    await tool.shop()
    return tool


async def on_sale(tool, number="A-1"):
    """A product that is 連携成功 and on sale."""
    await tool.imported(number)
    await tool.completed(number)
    await tool.switched(number, on=True)
    await tool.pushed(number, minute=100, stock=10)
    await tool.reviewed(number, review="approved", minute=101)


def at_tiktok(page):
    """What stands beside TikTok Shop in the card of the state."""
    part = page.text.partition("<dt>TikTok Shop</dt>")[2].partition("</dd>")[0].partition("<br>")[0]
    return [line.strip() for line in re.sub(r"<[^>]*>", "\n", part).splitlines() if line.strip()]


async def nothing(_tool, _number):
    pass


async def sent_again(tool, number, review=None):
    await tool.edited(number, minute=200, name="夏のシャツ")
    await tool.pushed(number, minute=201, action="edited")
    if review is not None:
        await tool.reviewed(number, review=review, minute=202, reasons=[{"reason": "写真が不鮮明です"}])


async def edited_after_a_rejection(tool, number):
    await sent_again(tool, number, "rejected")
    await tool.edited(number, minute=300, name="秋のシャツ")


async def edited_while_hidden(tool, number):
    await tool.reviewed(number, review="deactivated", minute=200)
    await tool.edited(number, minute=201, name="夏のシャツ")


def notice(review, reasons=()):
    return lambda tool, number: tool.reviewed(number, review=review, minute=200, reasons=reasons)


AT_TIKTOK = [
    (nothing, "連携成功", [ON_SALE]),
    (lambda tool, number: tool.edited(number, minute=200, name="x"), "同期待ち", [ON_SALE, UNSENT]),
    (sent_again, "審査中", [ON_SALE, IN_REVIEW]),
    (lambda tool, number: sent_again(tool, number, "rejected"), "審査NG", [ON_SALE, REJECTED]),
    (lambda tool, number: sent_again(tool, number, "approved"), "連携成功", [ON_SALE]),
    (edited_after_a_rejection, "同期待ち", [ON_SALE, UNSENT]),
    (lambda tool, number: tool.edited(number, minute=200, package_weight_g=None), "不足項目あり", [ON_SALE, UNSENT]),
    (notice("deactivated"), "連携成功", [HIDDEN]),
    (edited_while_hidden, "同期待ち", [HIDDEN]),
    (notice("deactivated", BY_PLATFORM), "連携エラー", [NOT_ON_SALE]),
    (notice("frozen"), "連携エラー", [NOT_ON_SALE]),
    (notice("deleted"), "連携エラー", [NOT_ON_SALE]),
]


async def test_whether_it_is_on_sale_and_with_which_content(world, tool):
    for place, (happens, status, says) in enumerate(AT_TIKTOK):
        number = f"A-{place}"
        await on_sale(tool, number)
        await happens(tool, number)
        page = await opened(world, number)
        assert f">{status}</span>" in page.text, place
        assert at_tiktok(page) == says, place
        assert ("販売されていない理由と対応" in page.text) == (says[0] != ON_SALE), place
        row = await world.client.get(f"/products/{number}/row", headers={"hx-request": "true"})
        assert ("Seller Centerで非公開</small>" in row.text) == (says == [HIDDEN]), place
