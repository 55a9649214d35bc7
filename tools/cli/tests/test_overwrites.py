"""`shopsync import SHOP --mode overwrite-all --dry-run`: what 一括情報更新 would overwrite."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from ingestor.model import Failure, ImportRun
from ingestor.store import ImportStore
from shopsync_contracts.events import ImportCommandMode, ProductChanged

COMMAND = ("import", "demo", "--mode", "overwrite-all")


@asynccontextmanager
async def listener():
    """A host:port that counts connections and closes each."""
    calls: list[object] = []

    async def on_call(_reader, writer):
        calls.append(writer)
        writer.close()

    server = await asyncio.start_server(on_call, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", calls


@pytest.fixture
def dry_run(shopsync, tool):
    async def run(*more):
        ended = await shopsync(*tool.where, *COMMAND, "--dry-run", *more)
        assert ended.exit_code == 0, ended.stderr
        return ended

    return run


async def edited_shop(tool):
    await tool.shop(tax={"included": False, "rate_percent": 10, "rounding": "down"})
    for number in ("A", "B", "C", "D"):
        await tool.imported(number, minute=0, regular_price=2778)
    await tool.edited("A", minute=1, name="夏シャツ", price=2900, package_weight_g=300)
    await tool.switched("A", on=True)
    await tool.edited("B", minute=2, name="シャツ")
    await tool.edited("C", minute=3, category_id="600001", stock=[{"quantity": 3}])
    await tool.edited("D", minute=4, images=["https://shop.example/2.jpg"])
    await tool.removed("D", minute=5)
    await tool.imported("X", shop_key="other")
    await tool.edited("X", shop_key="other", minute=6, name="other shop")


async def test_each_edit_that_would_fall_is_named_with_what_comes_back(tool, dry_run):
    await edited_shop(tool)
    found = (await dry_run("--json")).json()
    rows = [
        (one["product_no"], one["field"], one["tool"], one["futureshop"], one["changes"]) for one in found["overwrites"]
    ]
    assert rows == [
        ("A", "name", "夏シャツ", "シャツ", True),
        ("A", "price", 2900, 3055, True),
        ("B", "name", "シャツ", "シャツ", False),
    ]
    [untouched] = found["untouched"]
    assert (untouched["product_no"], untouched["field"]) == ("D", "images")
    assert found["counts"] == {
        "products": 2,
        "edits": 3,
        "edits_that_change_nothing": 1,
        "products_on": 1,
        "products_untouched": 1,
    }
    assert found["published"] is False
    assert found["overwrites"][0]["as_of"] == tool.at(0).isoformat()


async def test_the_import_then_does_what_the_dry_run_said(tool, dry_run):
    await edited_shop(tool)
    said = (await dry_run("--json")).json()["overwrites"]
    for number in ("A", "B", "C"):
        document = await tool.document(number)
        body = {
            "shop_key": "demo",
            "product_no": number,
            "mode": "overwrite_all",
            "observed_at": tool.at(60),
            "product": document["upstream"]["product"],
        }
        await tool.take(ProductChanged.model_validate(body, strict=False))
    for number in ("A", "B", "C"):
        document = await tool.document(number)
        rows = [row for row in said if row["product_no"] == number]
        assert document["edited_fields"] == []
        assert sorted(document["overwritten_edits"]) == sorted(row["field"] for row in rows)
        assert all(document["content"][row["field"]] == row["futureshop"] for row in rows)
    assert (await dry_run("--json")).json()["counts"]["edits"] == 0


async def test_a_price_edit_over_prices_per_sku_shows_their_range(tool, dry_run):
    await tool.shop()
    skus = [{"vertical_no": "M", "price": 3600}, {"vertical_no": "L", "price": 3900}]
    await tool.imported("A", skus=skus, axes={"vertical": "サイズ"})
    await tool.edited("A", minute=1, price=3500)
    [row] = (await dry_run("--json")).json()["overwrites"]
    assert (row["tool"], row["futureshop"], row["sku_prices"], row["changes"]) == (3500, 3500, [3600, 3900], True)
    assert "3500 (SKUs 3600–3900)" in (await dry_run()).stdout


async def test_the_table_says_of_when_futureshops_values_are(tool, dry_run):
    await edited_shop(tool)
    text = (await dry_run()).stdout
    assert "3 edits of 2 products would fall (1 ON), 1 without another value" in text
    assert "1 product gone upstream: edits untouched" in text
    assert "no import is on record" in text
    assert "nothing was published" in text
    imports = ImportStore(tool.database)
    ended: list[tuple[ImportCommandMode, Failure | None]] = [
        ("changed_only", None),
        ("overwrite_all", Failure("x", "y")),
        ("enumerate", None),
    ]
    for number, (mode, failure) in enumerate(ended):
        run = ImportRun(f"i{number}", "demo", mode, then_sync=False, request_id="r", requested_at=tool.at(number))
        assert await imports.add(run)
        run.state, run.ended_at, run.failure = "finished", tool.at(10 + number), failure
        await imports.save(run, token=1)
    assert "the last import (changed_only) ended 2026-11-23 09:10:00" in (await dry_run()).stdout


async def test_nothing_is_published(tool, shopsync):
    await edited_shop(tool)
    async with listener() as (address, calls):
        ended = await shopsync("--kafka", address, *tool.where, *COMMAND, "--dry-run", "--wait", "--then-sync")
        assert ended.exit_code == 0, ended.stderr
        assert calls == []
        # The same command without --dry-run does connect.
        assert (await shopsync("--kafka", address, *tool.where, *COMMAND)).exit_code == 1
        assert calls


async def test_other_modes_have_no_dry_run(shopsync):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "import", "demo", "--mode", "changed-only", "--dry-run")
    assert ended.exit_code == 2
    assert "--mode overwrite-all" in ended.stderr


async def test_an_unknown_shop_is_no_empty_answer(tool, shopsync):
    await tool.shop("other")
    ended = await shopsync(*tool.where, *COMMAND, "--dry-run")
    assert ended.exit_code == 1
    assert "no shop 'demo'" in ended.stderr
