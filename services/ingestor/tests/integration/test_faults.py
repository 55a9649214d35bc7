"""Whatever futureshop does wrong, no present product is ever said to be gone: DL-9, DL-10, NV-9, scenarios 9 and 66."""

import pytest

from shopsync_sandbox.processes import ServiceProcess

FOREVER = {"times": None}


async def test_a_failing_page_fails_the_import_and_proves_nothing(world):
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


@pytest.mark.parametrize("point", ["import_page_published:2", "import_page_saved:3"])
async def test_a_killed_import_goes_on_at_its_page(world, tmp_path, point):
    """kill -9 between publishing and saving a page: the page comes again with the same ids, nothing is lost."""
    environment = world.environment()
    service = ServiceProcess("ingestor", env={**environment, "SHOPSYNC_FAILPOINT": point}, folder=tmp_path)
    await service.start()
    await world.command("overwrite_all", event_id="c1")
    assert await service.exited(30) == -9
    before = len(await world.changes("product.changed"))
    assert 200 <= before < 450
    requests = world.sandbox.journal.counts["products"]

    again = ServiceProcess("ingestor", env=environment, folder=tmp_path, name="again")
    await again.start()
    try:
        report = await world.report("c1", within=40)
    finally:
        await again.terminate()
    assert (report.TYPE, report.counts.changed, report.counts.read) == ("import.completed", 450, 450)
    assert report.enumeration.product_count == 450
    changes = await world.changes("product.changed")
    assert len({event.id for event in changes}) == 450
    assert len(changes) == 450 + (100 if "published" in point else 0)
    assert world.sandbox.journal.counts["products"] - requests <= 4, "it did not start from the first page"


async def test_killed_between_removals_and_report_it_says_the_same_again(world, tmp_path):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
    gone = world.sandbox.delete_some(5, seed=5)
    environment = world.environment()
    service = ServiceProcess(
        "ingestor", env={**environment, "SHOPSYNC_FAILPOINT": "import_removals_published"}, folder=tmp_path
    )
    await service.start()
    await world.command("enumerate", event_id="c2")
    assert await service.exited(30) == -9
    async with world.ingestor("replica-0"):
        report = await world.report("c2", within=40)
    assert report.counts.removed == 5
    removed = await world.changes("product.removed")
    assert sorted({event.data.product_no for event in removed}) == sorted(gone)
    assert len(removed) == 10
    assert len({event.id for event in removed}) == 5
    assert {event.data.enumeration for event in removed} == {report.enumeration}
