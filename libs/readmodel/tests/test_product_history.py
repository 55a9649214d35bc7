"""What TikTok has of a product, and what happened to it."""

from shopsync_readmodel.products.product import find_product
from shopsync_readmodel.products.sent_values import Sent, sent_value
from shopsync_readmodel.products.timeline import timeline

FIELDS = ("name", "price", "category_id", "package_dimensions_cm")


async def found(tool):
    product = await find_product(tool.database, "demo", "A-1")
    assert product is not None
    return product


async def ready(tool):
    await tool.shop()
    await tool.imported(minute=0)
    await tool.completed(minute=1)
    await tool.switched(on=True, minute=2)


async def test_nothing_is_searched_for_where_there_is_no_product(tool):
    assert await find_product(tool.database, "demo", "A-1") is None


async def test_what_was_never_sent(tool):
    await ready(tool)
    assert {sent_value(await found(tool), name) for name in FIELDS} == {Sent.NEVER}


async def test_what_was_sent_and_changed_since(tool):
    await ready(tool)
    await tool.pushed(minute=60, stock=10)
    assert {sent_value(await found(tool), name) for name in FIELDS} == {Sent.SAME}
    await tool.edited(minute=70, category_id="600002")
    await tool.edited(minute=55, name="x")
    states = {name: sent_value(await found(tool), name) for name in FIELDS}
    assert states == {
        "name": Sent.UNKNOWN,
        "price": Sent.SAME,
        "category_id": Sent.EARLIER,
        "package_dimensions_cm": Sent.SAME,
    }


async def test_what_happened_newest_first(tool):
    await ready(tool)
    await tool.pushed(minute=3, stock=10)
    await tool.reviewed(review="rejected", minute=4)
    await tool.edited(minute=5, name="x", package_weight_g=5, stock=[])
    happened = [one.what.japanese for one in timeline(await found(tool))]
    assert happened == [
        "編集しました：商品名、梱包重量",
        "審査：承認されませんでした",
        "TikTok Shopへ送信しました",
        "連携対象をONにしました",
        "編集しました：カテゴリー、ブランド、梱包サイズ（長さ）、梱包サイズ（幅）、梱包サイズ（高さ）",
        "futureshopの値を取り込みました",
    ]
    assert len(timeline(await found(tool), limit=2)) == 2
