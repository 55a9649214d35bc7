"""What merchants read: Japanese beside English, without an operator's commands; TikTok's words stay as they are."""

import re
from datetime import UTC, datetime
from functools import partial

import pytest

from publisher.content import checks
from publisher.content.description import read_description
from publisher.content.mapping import mapping_notes
from publisher.errors import ImageUnusable
from publisher.images.conversion import prepare
from publisher.tiktok import hints
from shopsync_contracts.events import ProductSnapshot
from shopsync_contracts.ownership import OWNERS
from shopsync_readmodel.actors import Actor
from shopsync_readmodel.products import cause_words
from shopsync_readmodel.products.causes import causes
from shopsync_readmodel.products.field_names import field_in_japanese
from shopsync_readmodel.products.own_words import ADVICE, in_japanese
from shopsync_readmodel.products.product import read_product
from shopsync_readmodel.products.remedies import BY_CODE
from shopsync_readmodel.statuses import StatusName
from shopsync_readmodel.words import Words

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
PAIRS = {name: words for name, words in vars(cause_words).items() if isinstance(words, Words)}
REMEDIES = {code: remedy.do for code, remedy in BY_CODE.items()}


@pytest.mark.parametrize("words", [*PAIRS.values(), *REMEDIES.values()], ids=[*PAIRS, *REMEDIES])
def test_every_text_is_in_both_languages_and_no_japanese_one_names_a_command(words):
    assert words.english
    assert JAPANESE.search(words.japanese.replace("{", "項")) or words is cause_words.MISSING
    for text in (words.japanese, words.for_merchants):
        assert "`" not in text
        assert "shopsync" not in text
    assert not JAPANESE.search(words.for_merchants)
    assert not re.search(r"\([A-Z]{2}-\d", words.for_merchants)


def test_what_a_report_says_to_operators_has_other_words_for_merchants():
    for code, remedy in BY_CODE.items():
        assert (remedy.told is not None) == (remedy.who is Actor.OPERATOR), code


def test_actors_statuses_and_fields_have_japanese_names():
    for one in (*Actor, *StatusName):
        assert JAPANESE.search(one.japanese)
    for name in OWNERS:
        assert JAPANESE.search(field_in_japanese(name))
    assert field_in_japanese("axes.vertical") == "縦軸の名称"
    assert field_in_japanese("skus[M/NV].vertical_name") == "SKU M-NVの縦軸の選択肢名"
    assert field_in_japanese("skus[/].price") == "SKUの価格"
    assert field_in_japanese("something.new") == "something.new"


# In the database, by what happened


async def ready(tool, mode="manual"):
    await tool.shop(sync={"mode": mode, "interval_minutes": 30, "times": ["03:00"] if mode == "scheduled" else []})
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)


async def failed(tool, code, status="sync_error"):
    await ready(tool)
    await tool.failed(status=status, code=code, message="shop 'demo' fails: see `shopsync x`")


async def incomplete(tool):
    skus = [{"vertical_no": "M", "stock": 10}, {"vertical_no": "L", "stock": 0}]
    await tool.imported(description="", regular_price=None, skus=skus, axes={"vertical": "サイズ"})


async def refused(tool):
    await ready(tool)
    message = "axes.vertical: the axis name has 30 characters; name: has 300 characters, TikTok allows 255"
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=("axes.vertical", "name"))


async def job(tool, **members):
    await ready(tool)
    document = {"_id": "demo/A-1", "attempts": 3, "waits": 1, "due_at": tool.at(0), "reason": "manual", **members}
    await tool.database["push_jobs"].insert_one(document)


async def paused(tool):
    await ready(tool)
    document = {"_id": "demo", "paused": True, "set_at": tool.at(0), "reason": "`secret`", "source": "/ops"}
    await tool.database["push_pauses"].insert_one(document)


async def reviewed(tool, review, **more):
    await ready(tool)
    await tool.pushed(minute=3, stock=10)
    await tool.reviewed(review=review, minute=4, **more)


async def gone(tool, *, on):
    await ready(tool)
    await tool.switched(on=on, minute=2)
    await tool.removed(minute=5)


async def held(tool):
    await tool.hold(tool.edit("A-1", minute=1, name="x"), 1)


SITUATIONS = {
    "incomplete": incomplete,
    "refused before sending": refused,
    "off": lambda tool: gone(tool, on=False),
    "gone, on": lambda tool: gone(tool, on=True),
    "manual": ready,
    "auto": lambda tool: ready(tool, "auto"),
    "scheduled": lambda tool: ready(tool, "scheduled"),
    "due": job,
    "waits": lambda tool: job(tool, due_at=datetime(2090, 1, 1, tzinfo=UTC)),
    "parked": lambda tool: job(tool, due_at=datetime(9000, 1, 1, tzinfo=UTC), reported="authorization"),
    "failed last": lambda tool: job(tool, trouble={"code": "network", "text": "no answer"}),
    "running": lambda tool: job(tool, owner="me", lease_until=datetime(2090, 1, 1, tzinfo=UTC)),
    "paused": paused,
    "in review": lambda tool: reviewed(tool, "pre_approved"),
    "rejected without reasons": lambda tool: reviewed(tool, "rejected"),
    "hidden": lambda tool: reviewed(tool, "deactivated"),
    "frozen": lambda tool: reviewed(tool, "frozen"),
    "deleted": lambda tool: reviewed(tool, "deleted"),
    "no warehouse": lambda tool: failed(tool, "warehouse_missing", "warehouse_missing"),
    "held": held,
    **{f"code {code}": partial(failed, code=code) for code, one in BY_CODE.items() if one.told},
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
async def test_every_cause_has_both_languages(tool, situation):
    await situation(tool)
    found = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert found
    for cause in found:
        is_of_tiktok = "see `shopsync x`" in cause.what_ja and cause.who is Actor.SELLER_CENTER
        assert is_of_tiktok or (JAPANESE.search(cause.what_ja) and "`" not in cause.what_ja), cause
        assert JAPANESE.search(cause.do_ja), cause
        assert "`" not in cause.do_ja, cause
        assert cause.what
        assert cause.do
        # English for merchants has no names of members, commands and rules, and no moment with an offset.
        english = f"{cause.who.plain} {cause.what_en} {cause.do_en}"
        assert is_of_tiktok or not JAPANESE.search(english), cause
        assert is_of_tiktok or not re.search(r"`|\([A-Z]{2}-\d|\+09:00|axes\.|attributes\.|_cm|[a-z]_[a-z]", english), (
            cause
        )
        assert not re.search(r"[0-9]回", cause.what_ja), "counters of ours say nothing to a merchant"
        # What stands beside the name of who acts says nothing twice.
        assert "対応は不要" not in f"{cause.more_ja}" if cause.who is Actor.WAIT else cause.more_ja


async def test_missing_values_name_field_and_place_in_japanese(tool):
    await incomplete(tool)
    found = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    words = {cause.what_ja: cause.do_ja for cause in found}
    assert words["価格：M、Lの値がありません"].startswith("futureshopで修正")
    assert (
        words["梱包サイズ：長さ・幅・高さが入力されていません"]
        == "商品詳細、または［一括入力・変更］で入力してください"
    )
    assert "在庫数：Lが0です" in words


async def test_a_sku_without_stock_is_called_as_in_its_table(tool):
    await tool.shop()
    numbers = [{"vertical_no": "7", "horizontal_no": "07", "stock": 0}, {"vertical_no": "7", "horizontal_no": "08"}]
    await tool.imported(skus=numbers, axes={"vertical": "色", "horizontal": "サイズ"})
    await tool.imported("A-2", stock_managed=False, skus=[{"horizontal_no": "05"}], axes={"horizontal": "サイズ"})
    told = {}
    for number in ("A-1", "A-2"):
        found = causes(await read_product(tool.database, "demo", number), datetime.now(UTC))
        told[number] = [one.what_ja for one in found if one.what_ja.startswith("在庫数")]
    assert told == {
        "A-1": ["在庫数：7-08の値がありません。7-07が0です"],
        "A-2": ["在庫数：05（在庫有り）の値がありません"],
    }


async def test_the_check_before_sending_names_the_field_in_japanese(tool):
    """Scenario 39."""
    await refused(tool)
    found = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert [cause.what_ja for cause in found] == [
        "縦軸の名称：軸の名称が30文字あります",
        "商品名：300文字あります。TikTok Shopでは255文字までです",
    ]


async def test_no_bulk_edit_is_named_for_what_it_has_no_input_for(tool):
    await tool.imported()
    await tool.completed()
    message = "attributes.100398: 素材 is required by the category"
    await tool.failed(status="incomplete", code="incomplete", message=message, missing=("attributes.100398",))
    [cause] = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert cause.what_ja == "商品属性（100398）：このカテゴリーでは「素材」の入力が必要です"
    assert cause.do_ja == "商品詳細で入力してください"


async def test_tiktoks_words_stay_as_they_are(tool):
    reason = {"position": "Title", "reason": "The title is <b>misleading</b>", "suggestion": "Use `plain` words"}
    await reviewed(tool, "rejected", reasons=[reason])
    [cause] = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert cause.what_ja == cause.what == "Title: The title is <b>misleading</b>"
    assert cause.do_ja == cause.do == "Use `plain` words"


async def test_a_code_of_tiktoks_stands_before_its_words(tool):
    await failed(tool, "12052104")
    [cause] = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert cause.what_ja == "TikTok Shopの回答（12052104）：shop 'demo' fails: see `shopsync x`"


@pytest.mark.parametrize(
    ("review", "reasons", "japanese", "english"),
    [
        (
            "deactivated",
            ["PLATFORM_DEACTIVATED", "Prohibited goods"],
            "TikTok Shopが商品の販売を停止しました：Prohibited goods",
            "TikTok Shop has taken the listing off sale: Prohibited goods",
        ),
        (
            "deactivated",
            ["PLATFORM_DEACTIVATED"],
            "TikTok Shopが商品の販売を停止しました",
            "TikTok Shop has taken the listing off sale",
        ),
        ("frozen", [], "TikTok Shopが商品を凍結しました", "TikTok Shop has frozen the listing"),
        (
            "frozen",
            ["counterfeit", "see the letter"],
            "TikTok Shopが商品を凍結しました：counterfeit; see the letter",
            "TikTok Shop has frozen the listing: counterfeit; see the letter",
        ),
        ("deactivated", ["SELLER_DEACTIVATED"], "Seller Centerで商品が非公開になっています", "The listing is hidden"),
        (
            "deleted",
            [],
            "Seller Centerで商品が削除されています。自動では作り直されません",
            "the listing was deleted in Seller Center; it is not made again by itself",
        ),
    ],
)
async def test_states_of_tiktoks_are_told_in_words_with_its_reason(tool, review, reasons, japanese, english):
    await reviewed(tool, review, reasons=[{"position": "status", "reason": one} for one in reasons])
    [cause] = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert cause.what_ja == japanese
    assert cause.what_en.lower().startswith(english.lower())
    assert "Seller Center" in cause.do_ja or "自動連携" in cause.do_ja or "同期" in cause.do_ja


async def test_a_value_that_is_not_accepted_is_to_be_corrected_not_entered(tool):
    await ready(tool)
    message = "weight out of range (package_weight_g: correct the package weight)"
    await tool.failed(status="incomplete", code="12052006", message=message, missing=("package_weight_g",))
    [cause] = causes(await read_product(tool.database, "demo", "A-1"), datetime.now(UTC))
    assert cause.what_ja == "梱包重量：weight out of range（梱包重量を直してください）"
    assert cause.what_en == "Package weight: weight out of range (correct the package weight)"
    assert cause.do_ja == "商品詳細、または［一括入力・変更］で修正してください"
    assert cause.do_en == "Correct it on the product's page or by a bulk edit"


async def test_a_push_that_is_tried_again_says_what_failed_and_who_can_help(tool):
    trouble = {"code": "image_network", "text": "https://a.example/1.jpg: ConnectError All connection attempts failed"}
    now = datetime(2089, 12, 31, tzinfo=UTC)
    await job(tool, due_at=datetime(2090, 1, 1, tzinfo=UTC), trouble=trouble)
    why, waits = causes(await read_product(tool.database, "demo", "A-1"), now)
    assert why.who is Actor.FUTURESHOP
    assert why.what_ja == "前回は送信できませんでした。https://a.example/1.jpg：画像のサーバーに接続できませんでした"
    assert why.what_en == "The last try failed: https://a.example/1.jpg: the server could not be reached"
    assert "画像のアドレスを確認" in why.do_ja
    assert (waits.what_ja, waits.more_ja) == ("2090年1月1日 9:00に自動で送信します", "")
    assert (waits.what_en, waits.more_en) == ("It is sent by itself at 2090/01/01 09:00", "")


def test_numbers_and_quotes_are_written_as_japanese_is():
    assert in_japanese("description: has 12345 characters after cleaning, TikTok allows 10000") == (
        "商品説明：整形後に12,345文字あります。TikTok Shopでは10,000文字までです"
    )
    text = "the axis name 'とても長い軸' has 30 characters, TikTok allows 20"
    assert in_japanese(text) == "軸の名称「とても長い軸」は30文字あります。TikTok Shopでは20文字までです"


# What the publisher writes


def test_every_advice_of_the_publisher_has_japanese():
    advice = {hint.advice for hint in hints._BY_CODE.values()} | {hints.NEEDS_APPROVAL, hints.WRONG_CATEGORY}
    assert advice == set(ADVICE)


def test_advice_after_tiktoks_words_is_in_japanese():
    text = "category is closed (category_id 600001: the category is prohibited: choose another one)"
    assert in_japanese(text) == (
        "category is closed（カテゴリー 600001：出品できないカテゴリーです。別のカテゴリーを選んでください）"
    )


def snapshot(**members):
    content = {"name": "シャツ", "description": "綿", "images": ["https://a.example/1.jpg"], "price": 1, **members}
    skus = content.pop("skus", [{"vertical_no": "", "horizontal_no": "", "price": 0, "stock": 0}])
    document = {
        "shop_key": "demo",
        "product_no": "A-1",
        "version": 1,
        "content_version": 1,
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
        "sync_enabled": True,
        "status": "pending",
        "axes": content.pop("axes", None),
        "content": content,
        "skus": skus,
    }
    return ProductSnapshot.model_validate(document, strict=False)


def sku(vertical, horizontal="", **more):
    return {"vertical_no": vertical, "horizontal_no": horizontal, **more}


WRONG = [
    snapshot(name="★", description=" ", images=[]),
    snapshot(name="x" * 300, description="<p>" + "綿と麻" * 4000),
    snapshot(name="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", description="bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
    snapshot(
        attributes=[{"id": "1", "values": [{"name": "★"}, {"name": "★"}]}, {"id": "1", "values": [{"id": "2"}]}],
    ),
    snapshot(skus=[sku(str(n), vertical_name=f"choice {n}") for n in range(301)], axes={"vertical": "軸" * 30}),
    snapshot(skus=[sku("1", "", vertical_name="赤"), sku("", "2", horizontal_name="い" * 60)], axes={"vertical": "★"}),
    snapshot(
        skus=[sku("1", "1", vertical_name="赤", horizontal_name="M"), sku("1", "2", vertical_name="赤")],
        axes={"vertical": "色", "horizontal": "色"},
    ),
]


@pytest.mark.parametrize("product", WRONG)
def test_what_the_check_before_sending_says_is_known_in_japanese(product):
    found = checks.problems(product, None)
    assert found
    for problem in found:
        assert JAPANESE.search(in_japanese(re.sub("[ぁ-んァ-ヶ一-龠々]+", "x", problem.text))), problem


CHANGED = snapshot(
    name="★人気No.1★①<s>旧</s>",
    description="<script>x</script><s>1</s><button>b</button><img src='x:y'>☎ 0120",
    images=[f"https://a.example/{n}.jpg" for n in range(12)],
    attributes=[{"id": "1", "values": [{"name": "綿★"}]}],
    skus=[sku("1", vertical_name="★", jan_code="12"), sku("2", vertical_name="赤"), sku("3", vertical_name="赤★")],
    axes={"vertical": "色★"},
)
ON_SENDING = [
    "description: the first 30 of 31 images were sent",
    "description: an image was left out, https://a.example/1.jpg: the server answers 404",
    "description: 2 images were left out, it would have been too long with them",
    "description: nothing of it could be sent, the name stands in its place",
    "images: https://a.example/1.jpg: the file ends too early and was completed: save it again",
    "size_chart_image: left out, the category takes no size chart",
    "attributes.100398: left out, the category has no such attribute",
    "skus[L/]: TikTok Shop did not take this SKU",
    "skus: A_XL, added in Seller Center, was taken away",
]


def test_what_a_push_left_out_or_changed_is_known_in_japanese():
    found = [
        *mapping_notes(CHANGED),
        *(f"description: {one}" for one in read_description(CHANGED.content.description).notes),
    ]
    assert len(found) > 8
    for note in (*found, *ON_SENDING):
        _, _, words = in_japanese(re.sub("[ぁ-んァ-ヶ一-龠々]+", "x", note)).partition("：")
        assert JAPANESE.search(words), note


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"<html>", b"0000ftypheic", b"\xff\xd8broken"])
def test_what_is_wrong_with_a_picture_is_known_in_japanese(content):
    with pytest.raises(ImageUnusable) as refused:
        prepare(content, "MAIN_IMAGE")
    text = f"images: https://a.example/1.jpg: {refused.value.message}"
    assert in_japanese(text).startswith("商品画像：https://a.example/1.jpg：")
