"""`shopsync products` and `products summary`."""

import shlex

import pytest

from shopsync_contracts.events import ProductSnapshot
from shopsync_readmodel.statuses import StatusName


@pytest.fixture
def products(shopsync, tool):
    async def run(*options):
        ended = await shopsync(*tool.where, "products", *options, "--json")
        assert ended.exit_code == 0, ended.stderr
        return ended.json()

    return run


@pytest.fixture
def numbers(products):
    """Shop/number of each product on the page."""

    async def run(*options):
        return [f"{one['shop_key']}/{one['product_no']}" for one in (await products(*options))["products"]]

    return run


async def test_a_keyword_is_part_of_the_name_and_never_a_pattern(tool, numbers):
    for number, name in {
        "A": "夏シャツ 100%",
        "B": "Ｔシャツ",
        "C": "シ.ツ (L)",
        "D": "SOCKS",
        "E": "靴下 [a-z]*",
        "F": "ÉCOLE",
    }.items():
        await tool.imported(number, name=name)
    assert await numbers("--keyword", "シャツ") == ["demo/A", "demo/B"]
    assert await numbers("--keyword", "シ.ツ") == ["demo/C"]
    assert await numbers("--keyword", "100%") == ["demo/A"]
    assert await numbers("--keyword", "sock") == ["demo/D"]
    assert await numbers("--keyword", "école") == ["demo/F"]
    assert await numbers("--keyword", "ｔ") == ["demo/B"]
    assert await numbers("--keyword", "[a-z]*") == ["demo/E"]
    assert await numbers("--keyword", "(") == ["demo/C"]
    assert await numbers("--keyword", "ない") == []


async def test_the_name_searched_is_the_one_in_force(tool, numbers):
    await tool.imported("A", name="靴下")
    await tool.edited("A", minute=1, name="シャツ")
    assert await numbers("--keyword", "シャツ") == ["demo/A"]
    assert await numbers("--keyword", "靴下") == []


async def test_conditions_together_mean_and(tool, numbers):
    await tool.imported("A", name="夏シャツ")
    for number in ("B", "C", "D"):
        await tool.imported(number, name="夏シャツ" if number == "B" else "靴下")
        await tool.completed(number)
    await tool.switched("C", on=True)
    await tool.imported("X", shop_key="other", name="夏シャツ")
    await tool.removed("D", minute=3)
    assert await numbers("--status", "incomplete", "--keyword", "シャツ") == ["demo/A", "other/X"]
    assert await numbers("--shop", "demo", "--status", "incomplete", "--keyword", "シャツ") == ["demo/A"]
    assert await numbers("--status", "pending") == ["demo/B", "demo/C", "demo/D"]
    assert await numbers("--status", "pending", "--status", "incomplete", "--shop", "demo", "--off") == [
        "demo/A",
        "demo/B",
        "demo/D",
    ]
    assert await numbers("--on") == ["demo/C"]
    assert await numbers("--removed") == ["demo/D"]
    assert await numbers("--removed", "--on") == []


async def test_pages_hold_each_product_once(tool, shopsync):
    for number in range(7):
        await tool.imported(f"A-{number}", name="シャツ #1")
    options = ["--shop", "demo", "--keyword", "シャツ #", "--status", "incomplete", "--off", "--limit", "3"]
    seen, told = [], []
    command = ["products", *options]
    while command:
        ended = await shopsync(*tool.where, *command)
        assert ended.exit_code == 0, ended.stderr
        lines = ended.stdout.splitlines()
        seen += [line.split()[0] for line in lines if line.startswith("demo/")]
        told += [line for line in lines if " more" in line]
        following = [line.partition(": ")[2] for line in lines if line.startswith("next page: ")]
        command = shlex.split(following[0])[1:] if following else []
    assert seen == [f"demo/A-{number}" for number in range(7)]
    assert told == ["3 products, 4 more", "3 products, 1 more", "1 product, 0 more"]


async def test_a_last_page_that_is_full_has_no_next(tool, products):
    for number in ("A", "B"):
        await tool.imported(number)
    page = await products("--limit", "2")
    assert (page["more"], page["next"]) == (0, None)


async def test_a_line_shows_price_stock_and_listing(tool, shopsync, products):
    skus = [{"vertical_no": "M", "stock": 10, "price": 3600}, {"vertical_no": "L", "stock": None}]
    await tool.imported("A", skus=skus, axes={"vertical": "サイズ"})
    await tool.imported("B")
    await tool.completed("B")
    await tool.switched("B", on=True)
    await tool.pushed("B", minute=2)
    one, two = (await products())["products"]
    assert (one["price_from"], one["price_to"], one["stock"], one["skus_without_stock"]) == (3500, 3600, 10, 1)
    assert (two["status"], two["tiktok_product_id"], two["live"]) == ("in_review", "T1", False)
    text = (await shopsync(*tool.where, "products")).stdout
    assert "3500–3600" in text
    assert "10, 1 SKU without" in text
    assert "不足項目あり (incomplete)" in text
    assert "category_id, brand_id" in text


@pytest.mark.parametrize("cursor", ["A-1", "demo/", "/A"])
async def test_a_wrong_cursor_is_a_wrong_call(tool, shopsync, cursor):
    await tool.shop("demo")
    ended = await shopsync(*tool.where, "products", "--after", cursor)
    assert ended.exit_code == 2
    assert "--after" in ended.stderr


async def test_an_unknown_status_is_a_wrong_call(shopsync):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "products", "--status", "complete")
    assert ended.exit_code == 2
    assert "incomplete" in ended.stderr


async def test_an_unknown_shop_is_told_from_an_empty_list(tool, shopsync, numbers):
    await tool.shop("demo")
    assert await numbers("--shop", "demo") == []
    for command in (["products", "--shop", "dmo"], ["products", "summary", "--shop", "dmo"]):
        ended = await shopsync(*tool.where, *command)
        assert ended.exit_code == 1
        assert "no shop 'dmo'" in ended.stderr
        assert "demo" in ended.stderr


def test_every_status_has_its_name():
    wire = ProductSnapshot.model_fields["status"].annotation.__args__
    assert {name.value for name in StatusName} == set(wire)
    assert len({name.japanese for name in StatusName}) == len(wire)


async def test_the_summary_counts_by_status_and_target(tool, shopsync):
    await tool.shop("demo")
    await tool.shop("empty")
    for number in ("A", "B", "C", "D"):
        await tool.imported(number, minute=0)
    for minute, number in enumerate(("C", "B", "D"), start=10):
        await tool.completed(number, minute=minute)
        await tool.switched(number, on=True, minute=minute + 0.5)
    await tool.edited("B", minute=20, price=2900)
    await tool.pushed("D", minute=21)
    await tool.reviewed("D", review="approved", minute=22)
    await tool.removed("A", minute=23)
    await tool.imported("X", shop_key="other")
    demo, empty, other = (await shopsync(*tool.where, "products", "summary", "--json")).json()
    counts = {name: (count["on"], count["off"]) for name, count in demo["statuses"].items() if any(count.values())}
    assert counts == {"incomplete": (0, 1), "pending": (2, 0), "synced": (1, 0)}
    assert [demo[name] for name in ("products", "removed_upstream", "live", "with_edits")] == [4, 1, 1, 3]
    # B changed later, by its edit: C has waited longer.
    assert demo["oldest_pending"] == {"product_no": "C", "since": tool.at(10.5).isoformat()}
    assert (empty["shop_key"], empty["products"], empty["oldest_pending"]) == ("empty", 0, None)
    assert (other["shop_key"], other["products"]) == ("other", 1)
    [only] = (await shopsync(*tool.where, "products", "summary", "--shop", "demo", "--json")).json()
    assert only == demo
    text = (await shopsync(*tool.where, "products", "summary", "--shop", "demo")).stdout
    assert "同期待ち (pending)" in text
    assert "2026-11-23 09:10:30" in text


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"price": 2900}, 1),
        ({"package_weight_g": 300}, 1),
        ({"package_dimensions_cm": {"length": 30}}, 1),
        ({"stock": [{"quantity": 5}]}, 1),
        ({"brand_id": None}, 0),
        ({}, 0),
    ],
)
async def test_every_value_of_the_merchants_own_is_an_edit_in_force(tool, shopsync, changes, counts):
    await tool.imported("A", minute=0)
    if changes:
        await tool.edited("A", minute=1, **changes)
    [found] = (await shopsync(*tool.where, "products", "summary", "--json")).json()
    assert found["with_edits"] == counts


async def test_an_edit_that_an_import_overwrote_is_in_force_no_more(tool, shopsync):
    await tool.imported("A", minute=0)
    await tool.edited("A", minute=1, price=2900)
    await tool.imported("A", minute=2)
    [found] = (await shopsync(*tool.where, "products", "summary", "--json")).json()
    assert found["with_edits"] == 0


async def test_options_of_the_list_do_not_slip_into_the_summary(shopsync):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "products", "--shop", "demo", "summary")
    assert ended.exit_code == 2
    assert "products summary --" in ended.stderr
