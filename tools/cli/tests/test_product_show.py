"""`shopsync product show`: the layers side by side, and who must act."""

import re
import shlex
from datetime import UTC, datetime

import pytest

from shopsync_cli.views.reports import where_to_look
from shopsync_contracts.events import SyncCompleted, SyncCounts

M_AND_L = [{"vertical_no": "M", "stock": 10}, {"vertical_no": "L", "stock": 0}]


@pytest.fixture
def show(shopsync, tool):
    async def run(product="demo/A-1", *more):
        ended = await shopsync(*tool.where, "product", "show", product, *more)
        assert ended.exit_code == 0, ended.stderr
        return ended

    return run


@pytest.fixture
def causes(show):
    """(who, why) of each cause."""

    async def run(product="demo/A-1"):
        return [(one["who"], one["what"]) for one in (await show(product, "--json")).json()["causes"]]

    return run


async def ready(tool, mode="manual"):
    await tool.shop(sync={"mode": mode, "interval_minutes": 30, "times": ["03:00"] if mode == "scheduled" else []})
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True)


def line(text: str, start: str) -> str:
    [found] = [one for one in text.splitlines() if one.startswith(start)]
    return re.sub(r"\s{2,}", " | ", found.strip())


async def test_an_edit_that_stands_and_one_that_fell(tool, show):
    await tool.shop(tax={"included": False, "rate_percent": 10, "rounding": "down"})
    await tool.imported(minute=0)
    await tool.edited(minute=1, name="夏シャツ")
    await tool.imported(minute=2, name="冬シャツ", regular_price=2778)
    await tool.edited(minute=3, price=2900)
    await tool.edited(minute=4, package_weight_g=300)
    text = (await show()).stdout
    assert line(text, "demo/A-1") == "demo/A-1 | 冬シャツ"
    assert line(text, "name") == (
        "name | 冬シャツ | 夏シャツ | 2026-11-23 09:01:00+09:00 |"
        " overwritten by the import of 2026-11-23 09:02:00+09:00 | 冬シャツ"
    )
    assert line(text, "price") == "price | 3055 | 2900 | 2026-11-23 09:03:00+09:00 | stands | 2900"
    assert line(text, "package_weight_g") == "package_weight_g | – | 300 | 2026-11-23 09:04:00+09:00 | tool-only | 300"
    assert line(text, "brand_id") == "brand_id | – | – | – | – | –"
    assert line(text, "状態") == "状態 | 不足項目あり (incomplete)"
    assert line(text, "連携対象") == "連携対象 | OFF (never set, TG-4)"


async def test_a_withdrawn_edit_is_told_from_a_standing_one(tool, show):
    await tool.imported()
    await tool.edited(minute=1, name="夏シャツ")
    await tool.edited(minute=2, name=None)
    [name] = [row for row in (await show("demo/A-1", "--json")).json()["fields"] if row["field"] == "name"]
    assert (name["standing"], name["in_force"]) == ("withdrawn", "シャツ")


async def test_stock_stands_in_all_its_layers(tool, show):
    await tool.imported(skus=[*M_AND_L, {"vertical_no": "S", "stock": 3}], axes={"vertical": "サイズ"})
    await tool.completed()
    await tool.switched(on=True)
    await tool.edited(minute=2, stock=[{"vertical_no": "L", "quantity": 5}])
    await tool.pushed(minute=3, stock=5)
    await tool.imported(minute=4, skus=M_AND_L)
    found = (await show("demo/A-1", "--json")).json()
    rows = {row["vertical_no"]: row for row in found["skus"]}
    assert [rows["L"][name] for name in ("stock_imported", "stock_edit", "stock", "stock_sent")] == [0, 5, 5, 5]
    assert rows["L"]["stock_edited_at"] == tool.at(2).isoformat()
    assert [rows["M"][name] for name in ("stock_imported", "stock_edit", "stock", "stock_sent")] == [10, None, 10, 5]
    assert (rows["M"]["tiktok_sku_id"], rows["M"]["is_upstream"], rows["S"]["is_upstream"]) == ("S-M-", True, False)
    assert "(gone upstream)" in line((await show()).stdout, "S:")


async def test_an_open_push_is_shown_with_its_attempts(tool, show, causes):
    await ready(tool)
    await tool.database["push_jobs"].insert_one(
        {"_id": "demo/A-1", "attempts": 3, "waits": 1, "due_at": tool.at(60 * 24 * 30), "reason": "manual"}
    )
    await tool.database["listings"].insert_one({"_id": "demo/A-1", "intent": {"kind": "create"}})
    [(who, what)] = await causes()
    assert who == "wait"
    assert "3 failed attempts, 1 wait for" in what
    text = (await show()).stdout
    assert "2026-12-23 09:00:00+09:00" in line(text, "open push")
    assert "outcome of a create not known yet" in line(text, "publisher")


@pytest.mark.parametrize(
    ("status", "code", "who"),
    [
        ("warehouse_missing", "12052097", "merchant in Seller Center"),
        ("sync_error", "authorization", "merchant in the tool"),
        ("sync_error", "frozen", "merchant in Seller Center"),
        ("sync_error", "shop_unknown", "operator"),
        ("sync_error", "106001", "operator"),
        ("sync_error", "image_host", "merchant in futureshop"),
        ("sync_error", "12052104", "merchant in the tool"),
    ],
)
async def test_a_failed_push_names_who_can_help(tool, causes, show, status, code, who):
    await ready(tool)
    await tool.failed(status=status, code=code)
    [(found, what)] = await causes()
    assert found == who
    if code == "shop_unknown":
        assert "`shopsync shops put demo`, then sync" in (await show("demo/A-1")).stdout
    assert "TikTok says no" in what


async def test_the_reviewers_reasons_stand_word_for_word(tool, show):
    await ready(tool)
    await tool.pushed(minute=2)
    assert [one["who"] for one in (await show("demo/A-1", "--json")).json()["causes"]] == ["wait"]
    reasons = [
        {"position": "title", "reason": "Prohibited word", "suggestion": "Remove it"},
        {"reason": "Wrong category"},
    ]
    await tool.reviewed(review="rejected", minute=3, reasons=reasons)
    found = (await show("demo/A-1", "--json")).json()
    assert found["status_name"] == "審査NG (rejected)"
    assert [(one["who"], one["what"], one["do"]) for one in found["causes"]] == [
        ("merchant in Seller Center", "title: Prohibited word", "Remove it"),
        ("merchant in Seller Center", "Wrong category", "look there for details, correct, sync"),
    ]


async def test_a_live_product_needs_nobody(tool, show):
    await ready(tool)
    await tool.pushed(minute=2, stock=10)
    await tool.reviewed(review="approved", minute=3)
    text = (await show()).stdout
    assert "nothing to be done" in text
    assert (
        line(text, "TikTok Shop")
        == "TikTok Shop | T1, live, review approved, content 2 pushed 2026-11-23 09:02:00+09:00"
    )


async def test_a_deleted_product_shows_its_tombstone_and_what_waits_for_it(tool, show, causes):
    await ready(tool)
    await tool.pushed(minute=2)
    await tool.switched(on=False, minute=3)
    await tool.removed(minute=4)
    await tool.deleted(minute=6)
    await tool.hold(tool.edit("A-1", minute=7, price=100), 7)
    text = (await show()).stdout
    assert line(text, "demo/A-1") == "demo/A-1 | (deleted from the tool)"
    assert line(text, "deleted") == "deleted | 2026-11-23 09:06:00+09:00 by sweep S1, TikTok listing T1"
    assert line(text, "absence") == "absence | proven 2026-11-23 09:05:00+09:00 by E1"
    assert "edit of price" in line(text, "held")
    assert await causes() == [
        ("merchant in Seller Center", "the old listing T1 may still be there (DL-5)"),
        ("wait", "edit of price waits for the product"),
    ]


async def test_a_product_that_came_back_warns_of_its_former_listing(tool, causes, show):
    await ready(tool)
    await tool.pushed(minute=2)
    await tool.switched(on=False, minute=3)
    await tool.removed(minute=4)
    await tool.deleted(minute=6)
    await tool.imported(minute=8)
    assert (
        "merchant in Seller Center",
        "an earlier product of this number left the listing T1 (DL-13)",
    ) in await causes()
    assert line((await show()).stdout, "former life").startswith("former life | a product of this number was deleted")


async def test_an_edit_before_the_first_import_is_found(tool, show):
    await tool.hold(tool.edit("A-1", minute=1, name="x"), 1)
    assert line((await show()).stdout, "demo/A-1") == "demo/A-1 | (not imported yet)"


async def test_an_unknown_product_names_the_nearest(tool, shopsync):
    for number in ("SOX-5501", "SOX-5502", "SHIRT-1"):
        await tool.imported(number)
    ended = await shopsync(*tool.where, "product", "show", "demo/SOX-5503")
    assert ended.exit_code == 1
    assert "product demo/SOX-5503 is not in the tool; nearest: SOX-550" in ended.stderr
    assert "SHIRT" not in ended.stderr


async def test_an_unknown_shop_names_those_there_are(tool, shopsync):
    await tool.shop("demo")
    ended = await shopsync(*tool.where, "product", "show", "dmo/A-1")
    assert ended.exit_code == 1
    assert "no shop 'dmo' in MongoDB; shops with settings: demo; `shopsync shops put dmo` adds it" in ended.stderr
    assert "no products yet" in (await shopsync(*tool.where, "product", "show", "demo/A-1")).stderr


@pytest.mark.parametrize("product", ["A-1", "demo/", "/A-1", "demo/A/1"])
async def test_a_wrong_name_is_a_wrong_call(shopsync, product):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "product", "show", product)
    assert ended.exit_code == 2
    assert "SHOP/NO" in ended.stderr


async def test_a_document_that_breaks_the_contract_is_one_line(tool, shopsync):
    await tool.imported()
    await tool.database["products"].update_one({"_id": "demo/A-1"}, {"$unset": {"status": ""}})
    ended = await shopsync(*tool.where, "product", "show", "demo/A-1")
    assert ended.exit_code == 1
    assert "status" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


async def test_layers_that_are_gone_leave_the_merged_view(tool, show):
    await ready(tool)
    gone = dict.fromkeys(("upstream", "edits", "tool", "stock", "target", "listing"), "")
    await tool.database["products"].update_one({"_id": "demo/A-1"}, {"$unset": gone})
    assert line((await show()).stdout, "状態") == "状態 | 同期待ち (pending)"


async def test_the_commands_named_after_a_sync_list_what_was_not_sent_and_why(tool, shopsync):
    """The report of a sync has counts only."""
    await tool.shop("demo")
    for number, status in (("A-LACKS", None), ("B-FAILED", "sync_error"), ("C-GOOD", None)):
        await tool.imported(number)
        await tool.switched(number, on=True)
        if number != "A-LACKS":
            await tool.completed(number)
        if status is not None:
            await tool.failed(number, status=status, code="12052104")
    now = datetime(2026, 11, 23, tzinfo=UTC)
    report = SyncCompleted(
        shop_key="demo",
        sync_id="s",
        reason="manual",
        started_at=now,
        completed_at=now,
        duration_seconds=0,
        counts=SyncCounts(requested=3, incomplete=1, commanded=2),
    )
    named = [line.split("`")[1] for line in where_to_look(report)]
    shown = []
    for command in named:
        ended = await shopsync(*tool.where, *shlex.split(command.replace("/NO", "/B-FAILED"))[1:])
        assert ended.exit_code == 0, (command, ended.stderr)
        shown.append({number for number in ("A-LACKS", "B-FAILED", "C-GOOD") if number in ended.stdout})
    assert shown == [{"A-LACKS"}, set(), {"B-FAILED"}, {"B-FAILED"}]
    assert "12052104" in ended.stdout, "the last one tells why"
