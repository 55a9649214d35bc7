"""商品詳細: what it says of the listing at TikTok Shop."""

import re

import pytest
from product_pages import opened
from tool_database import ToolDatabase

from shopsync_contracts.content_digests import content_digests
from shopsync_contracts.events import ProductSnapshot

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


async def kept_by_the_publisher(tool, *notes, **differs):
    """What it stores of a push of A-1 as it is now."""
    stored = await tool.document()
    sent = {"digests": content_digests(ProductSnapshot.from_document(stored)), "notes": list(notes)}
    listing = {"tiktok_product_id": "T1", "pushed_content_version": stored["content_version"], "sent": sent, **differs}
    await tool.database["listings"].replace_one({"_id": "demo/A-1"}, listing, upsert=True)


def tiktoks_value(page, name):
    part = page.text.partition(f'<div id="{name}-sent">')[2].partition("</dd>")[0]
    return [line.strip() for line in re.sub(r"<[^>]*>", "\n", part).splitlines() if line.strip()][1:]


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


EARLIER = "以前の値（この値はまだ送信されていません）"
SAME = "このツールと同じ値を送信済み"
NOT_KNOWN = "この値が前回の送信に含まれたかは確認できません（次の同期で送信されます）"
FILLED = ("name", "price", "images", "description", "category_id", "brand_id", "package_dimensions_cm")


async def test_only_what_differs_from_what_was_sent_is_told_as_not_sent(world, tool):
    await tool.imported(minute=98)
    await tool.completed(minute=99)
    await tool.switched(on=True, minute=99)
    await tool.pushed(minute=100, stock=10)
    await kept_by_the_publisher(tool)
    await tool.edited(minute=101, package_weight_g=400, name="夏のシャツ")
    await tool.edited(minute=102, name="シャツ")
    page = await opened(world)
    assert tiktoks_value(page, "package_weight_g") == [EARLIER]
    assert {name: tiktoks_value(page, name) for name in FILLED} == {name: [SAME] for name in FILLED}
    assert tiktoks_value(page, "size_chart_image") == tiktoks_value(page, "attributes") == ["なし"]
    await tool.edited(minute=103, size_chart_image="https://a.example/1.png", brand_id=None)
    page = await opened(world)
    assert tiktoks_value(page, "size_chart_image") == tiktoks_value(page, "brand_id") == [EARLIER]


async def test_what_was_not_kept_of_a_push_is_not_claimed(world, tool):
    """As of a push by an earlier version, and of one that is newer than what the catalog knows."""
    await tool.imported(minute=98)
    await tool.completed(minute=99)
    await tool.switched(on=True, minute=99)
    await tool.pushed(minute=100, stock=10)
    await tool.edited(minute=101, package_weight_g=400)
    for newer in (False, True):
        if newer:
            await kept_by_the_publisher(tool)
        page = await opened(world)
        assert tiktoks_value(page, "package_weight_g") == [EARLIER]
        assert tiktoks_value(page, "name") == [NOT_KNOWN]
        assert tiktoks_value(page, "size_chart_image") == tiktoks_value(page, "attributes") == ["なし"]


async def test_what_was_left_out_on_sending_is_told_at_its_field(world, tool):
    await on_sale(tool)
    star = "symbols that TikTok takes for emoji were left out: ★"
    hidden = "1 hidden parts were left out, shoppers do not see them"
    await kept_by_the_publisher(
        tool,
        f"name: {star}",
        f"description: {hidden}",
        "skus[7/07].jan_code: 12 was left out, it stands twice or is no JAN (8)",
    )
    page = await opened(world)
    cleaned = "このツールの値を、次のとおり変更して送信済み"
    assert tiktoks_value(page, "name") == [cleaned, "TikTok Shopで使えない記号・絵文字を除きました：★"]
    assert tiktoks_value(page, "description") == [cleaned, "購入者に見えない部分（スクリプトなど）を1か所除きました"]
    assert tiktoks_value(page, "price") == [SAME]
    state = page.text.partition('id="sent-notes"')[2].partition("</div>")[0]
    assert re.findall(r'href="#([^"]*)-sent"', state) == ["name", "description"]
    assert "SKU 7-07のJANコード：12は、重複しているか" in state
    await tool.edited(minute=200, name="シャツ")
    await tool.edited(minute=201, name="夏のシャツ")
    assert tiktoks_value(await opened(world), "name") == [EARLIER]
