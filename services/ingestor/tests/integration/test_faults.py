"""Whatever futureshop does wrong, no present product is ever said to be gone: DL-9, DL-10, NV-9, scenarios 9 and 66."""

import math

import pytest

from shopsync_testkit.processes import ServiceProcess

FOREVER = {"times": None}


async def test_scenario_9_a_failing_page_fails_the_import_and_proves_nothing(world):
    """Scenario 9: pages read are applied, the failure is reported."""
    async with world.ingestor():
        await world.imported("overwrite_all", "c1")
        world.sandbox.fail("status", page=3, status=503, **FOREVER)
        gone = world.sandbox.delete_some(3, seed=1)
        report = await world.imported("overwrite_all", "c2")
    assert (report.TYPE, report.code) == ("import.failed", "futureshop_unavailable")
    assert "HTTP 503" in report.message
    assert report.counts.read == 200
    applied = await world.changes("product.changed", "c2")
    assert len(applied) == report.counts.changed == 200
    assert len(gone) == 3
    assert await world.changes("product.removed") == []


@pytest.mark.parametrize(
    ("kind", "options", "outcome"),
    [
        ("empty_page", {"page": 1}, "held back"),
        ("shrink", {"ratio": 0.4, **FOREVER}, "held back"),
        ("end_early", {"page": 4}, "proof"),
        ("short_page", {"page": 2, "keep": 5, "lose": True}, "proof"),
        ("short_page", {"page": 2, "keep": 5}, "proof"),
        ("shrink", {"ratio": 0.9}, "proof"),
        ("duplicate_page", {"page": 2}, "doubt"),
        ("endless_cursor", {"page": 2}, "futureshop_unexpected_reply"),
        ("endless_cursor", {"page": 2, "distinct": True}, "futureshop_unexpected_reply"),
        ("foreign_next_url", {"page": 2}, "futureshop_unexpected_reply"),
        ("malformed_json", {"page": 2, **FOREVER}, "futureshop_broken_reply"),
        ("html", {"page": 2, **FOREVER}, "futureshop_broken_reply"),
        ("failed", {"page": 2}, "futureshop_refused"),
        ("maintenance", {"retry_after": 7200, **FOREVER}, "futureshop_unavailable"),
        ("expire_tokens", {"page": 2}, "proof"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_no_fault_makes_a_present_product_absent(world, kind, options, outcome):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        world.sandbox.fail(kind, **options)
        report = await world.imported("enumerate", "c2")
        world.sandbox.faults.clear()
        gone = world.sandbox.delete_some(2, seed=7)
        healed = await world.imported("enumerate", "c3")
    if report.TYPE == "import.failed":
        assert report.code == outcome
    else:
        assert outcome == ("held back" if report.removals_held_back else "proof" if report.enumeration else "doubt")
    removed = await world.changes("product.removed")
    assert sorted(event.data.product_no for event in removed) == sorted(gone)
    assert {event.data.enumeration.id for event in removed} == {healed.enumeration.id}


@pytest.mark.parametrize("charset", ["utf-8", "shift_jis", "euc_jp"])
async def test_the_report_tells_a_japanese_error_page_in_words(world, charset):
    async with world.ingestor():
        world.sandbox.fail("maintenance", retry_after=7200, charset=charset, declared="nothing", **FOREVER)
        report = await world.imported("enumerate", "c1")
    assert report.message == "POST /oauth/token: HTTP 503: メンテナンス中 ただいまメンテナンス中です"


async def test_the_stock_listing_may_fail_too(world):
    async with world.ingestor():
        world.sandbox.fail("failed", endpoint="inventory", page=2)
        report = await world.imported("overwrite_all", "c1")
        assert (report.TYPE, report.code) == ("import.failed", "futureshop_refused")
        world.sandbox.fail("short_page", endpoint="inventory", page=2, keep=1, lose=True)
        report = await world.imported("overwrite_all", "c2")
    assert (report.counts.changed, report.counts.refused) == (450, 0), "what is missing is asked for by number"
    told = [event.data.product for event in await world.changes("product.changed", "c2")]
    assert all(sku.stock is not None for product in told if product.stock_managed for sku in product.skus)


@pytest.mark.parametrize(
    ("kind", "options", "outcome"),
    [
        ("drop", {"page": 2}, "proof"),
        ("drop", {"page": 2, "share": 0, **FOREVER}, "futureshop_unreachable"),
        ("drip", {"page": 2, "bytes": 1, "ms": 20, **FOREVER}, "futureshop_unreachable"),
        ("slow", {"page": 2, "ms": 60_000, **FOREVER}, "futureshop_unreachable"),
        ("encoding", {"page": 2, "encoding": "shift_jis", **FOREVER}, "futureshop_broken_reply"),
        ("encoding", {"page": 2, "encoding": "utf-16"}, "proof"),
        ("gzip_bomb", {"page": 2, "mebibytes": 16}, "futureshop_unexpected_reply"),
        ("redirect", {"page": 2}, "futureshop_refused"),
        ("reverse", {"page": 1}, "proof"),
        ("status", {"page": 3, "status": 400, "code": "InvalidValue"}, "futureshop_refused"),
        ("status", {"page": 3, "status": 403}, "futureshop_denied"),
        ("expire_tokens", FOREVER, "futureshop_denied"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_no_fault_of_the_wire_makes_a_present_product_absent(world, kind, options, outcome):
    world.settings["max_body_bytes"] = 4_000_000
    async with world.ingestor():
        await world.imported("enumerate", "c1")
    gone = world.sandbox.delete_some(2, seed=7)
    world.sandbox.fail(kind, **options)
    # Only while replies are slow on purpose: a busy machine's own may take as long.
    world.settings["request_timeout"] = "500ms" if kind in {"drip", "slow"} else "60s"
    async with world.ingestor():
        report = await world.imported("enumerate", "c2")
    world.sandbox.faults.clear()
    world.settings["request_timeout"] = "60s"
    async with world.ingestor():
        await world.imported("enumerate", "c3")
    assert outcome == ("proof" if report.TYPE == "import.completed" and report.enumeration else report.code)
    removed = await world.changes("product.removed")
    assert {event.data.product_no for event in removed} == set(gone)
    assert len(removed) == 2 * (2 if outcome == "proof" else 1)


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ([("omit", 2)], "proof"),
        ([("omit", 2), ("repeat", 4)], "proof"),
        ([("repeat", 4)], "doubt"),
        ([("omit", 2), ("repeat", 1)], "proof"),
        ([("repeat", 2)], "doubt"),
    ],
    ids=["left out", "moved to a later page", "on two pages", "moved to an earlier page", "twice on one page"],
)
async def test_a_product_may_move_while_we_read(world, faults, outcome):
    """Lost between two pages it is asked for by number; met twice the listing is no proof."""
    moved = list(world.sandbox.shops["demo"].product_nos())[150][1]
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        for kind, page in faults:
            world.sandbox.fail(kind, page=page, product_nos=[moved])
        report = await world.imported("overwrite_all", "c2")
        assert outcome == ("proof" if report.enumeration else "doubt")
        assert (report.TYPE, report.counts.removed) == ("import.completed", 0)
        assert (await world.imported("enumerate", "c3")).enumeration.product_count == 450
    told = [event.data.product_no for event in await world.changes("product.changed", "c2")]
    assert len(set(told)) >= 449
    assert await world.changes("product.removed") == []


GRID = [{"verticalNo": str(n // 8), "horizontalNo": str(n % 8)} for n in range(401)]
RECORDS = {
    # source members → None: applied; otherwise the refusal names this
    "no SKU list": ({"variation": {}, "variationEnabled": False}, None),
    "variations without SKUs": ({"variation.skuList": [], "variationEnabled": True}, "variation.skuList"),
    "400 SKUs": ({"variation.skuList": GRID[:400], "inventoryEnabled": False, "optionPriceList": []}, None),
    "401 SKUs": ({"variation.skuList": GRID, "inventoryEnabled": False}, "has 401 SKUs, at most 400"),
    "HTML in the name": ({"name": "<b>革</b>&nbsp;<script>alert(1)</script>"}, None),
    "edited in the future": ({"dateUpdated": "2099-01-01T00:00:00"}, "dateUpdated: lies in the future"),
    "registered in the future": ({"dateCreated": "2099-01-01T00:00:00"}, None),
    "no date": ({"dateUpdated": "2026-02-30T00:00:00"}, "dateUpdated: must be a time"),
    "numbers as strings": ({"unitPrice": "1200", "taxRate": "10", "id": "77"}, None),
    "numbers with zeros": ({"unitPrice": "1200.00", "taxRate": "8.0", "id": "77.0"}, None),
    "yen and sen": ({"unitPrice": "1200.50"}, "unitPrice: must be a whole number (given: '1200.50')"),
    "an open end": ({"preorder": {"enabled": True, "price": 900, "periodEnd": "9999-12-31T23:59:59"}}, None),
    "zero dates": ({"dateCreated": "0000-00-00 00:00:00", "preorder.periodStart": "0000-00-00"}, None),
    "updated at zero": ({"dateUpdated": "0000-00-00T00:00:00"}, "dateUpdated: stands for no value"),
    "negative price": ({"unitPrice": -1}, "unitPrice: must be from 0"),
    "huge price": ({"unitPrice": 10**40}, "unitPrice: must be from 0"),
    "huge id": ({"id": 10**40}, None),
    "price NaN": ({"unitPrice": math.nan}, "unitPrice: must be a whole number"),
    "price infinite": ({"unitPrice": math.inf}, "unitPrice: must be a whole number"),
    "half a character": ({"comment.main": "\ud83d"}, "half a character"),
    "another type": ({"image": [1, 2], "comment": "x", "preorder": 5, "type": "SUBSCRIPTION"}, None),
    "list of numbers": ({"variation.skuList": [1, 2]}, "variation.skuList: must be a list of objects"),
}


async def test_records_that_make_no_sense_are_applied_or_refused_by_name(world):
    """IM-8: one bad product costs itself; its page and its presence stay."""
    numbers = [number for _, number in world.sandbox.shops["demo"].product_nos()][: len(RECORDS)]
    by_case = dict(zip(RECORDS, numbers, strict=True))
    async with world.ingestor():
        world.sandbox.fail("spoil", page=1, records={by_case[case]: RECORDS[case][0] for case in RECORDS})
        report = await world.imported("overwrite_all", "c1")
        healed = await world.imported("enumerate", "c2")
    refused = {entry.product_no: entry.reason for entry in report.refused}
    for case, (_, words) in RECORDS.items():
        assert (words or "") in refused.get(by_case[case], ""), case
    assert set(refused) == {by_case[case] for case, (_, words) in RECORDS.items() if words}
    assert report.counts.changed == 450 - len(refused)
    assert report.enumeration.product_count == healed.enumeration.product_count == 450
    told = {event.data.product_no: event.data.product for event in await world.changes("product.changed", "c1")}
    assert told[by_case["HTML in the name"]].name == "<b>革</b>&nbsp;<script>alert(1)</script>"
    assert len(told[by_case["400 SKUs"]].skus) == 400
    assert (told[by_case["numbers as strings"]].regular_price, len(told[by_case["no SKU list"]].skus)) == (1200, 1)
    assert told[by_case["numbers with zeros"]].regular_price == 1200
    assert told[by_case["an open end"]].sale_form == "preorder"
    assert told[by_case["zero dates"]].created_at is None
    assert told[by_case["another type"]].images == ()
    assert await world.changes("product.removed") == []


async def test_null_everywhere_proves_nothing(world):
    """A whole page without product numbers: nobody knows who is there, so nobody is said to be gone."""
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        nothing = dict.fromkeys(
            ("id", "productNo", "name", "dateUpdated", "unitPrice", "variation", "inventoryEnabled")
        )
        world.sandbox.fail("spoil", page=2, records={"*": nothing})
        report = await world.imported("overwrite_all", "c2")
    assert (report.TYPE, report.enumeration, report.counts.refused) == ("import.completed", None, 100)
    assert (report.counts.changed, report.counts.removed) == (350, 0)
    assert await world.changes("product.removed") == []


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("reverse", {"page": 1}),
        ("omit", {"page": 2}),
        ("empty_page", {"page": 1}),
        ("duplicate_page", {"page": 2}),
        ("drop", {"page": 3}),
        ("end_early", {"page": 1}),
    ],
)
async def test_whatever_the_stock_listing_does_every_product_gets_its_own_stock(world, kind, options):
    """ST-1: a stock that is missing or comes in another order is asked for by number, never guessed."""
    if kind == "omit":
        options = {
            **options,
            "product_nos": [number for _, number in world.sandbox.shops["demo"].product_nos()][100:130],
        }
    async with world.ingestor():
        world.sandbox.fail(kind, endpoint="inventory", **options)
        report = await world.imported("overwrite_all", "c1")
    assert (report.counts.changed, report.counts.refused, report.enumeration.product_count) == (450, 0, 450)
    for event in await world.changes("product.changed", "c1"):
        product = world.sandbox.product(event.data.product_no)
        expected = {sku.key: sku.stock if product.stock_managed else None for sku in product.skus}
        assert {(sku.vertical_no, sku.horizontal_no): sku.stock for sku in event.data.product.skus} == expected


@pytest.mark.reliability(6)
@pytest.mark.parametrize("point", ["import_page_published:2", "import_page_saved:3"])
async def test_a_killed_import_goes_on_at_its_page(world, tmp_path, point):
    """kill -9 between publishing and saving a page: the page comes again with the same ids, nothing is lost."""
    service = ServiceProcess("ingestor", env=world.doomed(point), folder=tmp_path)
    await service.start()
    await world.command("overwrite_all", event_id="c1")
    assert await service.exited(120) == -9
    before = len(await world.changes("product.changed"))
    assert 200 <= before < 450
    requests = world.sandbox.journal.counts["products"]

    again = ServiceProcess("ingestor", env=world.environment(), folder=tmp_path, name="again")
    await again.start()
    try:
        report = await world.report("c1")
    finally:
        await again.terminate()
    assert (report.TYPE, report.counts.changed, report.counts.read) == ("import.completed", 450, 450)
    assert report.enumeration.product_count == 450
    changes = await world.changes("product.changed")
    assert len({event.id for event in changes}) == 450
    assert len(changes) == 450 + (100 if "published" in point else 0)
    assert world.sandbox.journal.counts["products"] - requests <= 4, "it did not start from the first page"


@pytest.mark.reliability(6)
async def test_killed_between_removals_and_report_it_says_the_same_again(world, tmp_path):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
    gone = world.sandbox.delete_some(5, seed=5)
    service = ServiceProcess("ingestor", env=world.doomed("import_removals_published"), folder=tmp_path)
    await service.start()
    await world.command("enumerate", event_id="c2")
    assert await service.exited(120) == -9
    async with world.ingestor("replica-0"):
        report = await world.report("c2")
    assert report.counts.removed == 5
    removed = await world.changes("product.removed")
    assert sorted({event.data.product_no for event in removed}) == sorted(gone)
    assert len(removed) == 10
    assert len({event.id for event in removed}) == 5
    assert {event.data.enumeration for event in removed} == {report.enumeration}
