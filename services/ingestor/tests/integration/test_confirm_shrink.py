"""A shop that shrank: removals wait for an operator, who confirms the newest listing and nothing else (DL-10)."""

SHRINK_200 = {"seed": 3, "count": 200}


async def shrunk(world, *, event_id, **choice):
    """A listing of a shop that has lost too much; its report and the products that are gone."""
    gone = world.sandbox.delete_some(choice["count"], seed=choice["seed"])
    report = await world.imported("enumerate", event_id)
    assert report.removals_held_back
    assert report.enumeration is None
    return report, gone


async def test_a_confirmed_loss_is_proven_by_a_new_listing(world):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        held, gone = await shrunk(world, event_id="c2", **SHRINK_200)
        # Imports of changes are no listings and do not stand between.
        await world.imported("overwrite_all", "other", shop_key="other")
        report = await world.imported("enumerate", "c3", confirm_shrink_of=held.import_id)
        again = await world.imported("enumerate", "c4", confirm_shrink_of=held.import_id)
    assert (report.removals_held_back, report.counts.removed) == (False, 200)
    assert report.enumeration.product_count == 250
    removed = await world.changes("product.removed")
    assert sorted(event.data.product_no for event in removed) == sorted(gone)
    assert {event.data.enumeration.id for event in removed} == {report.import_id}
    assert (again.TYPE, again.code) == ("import.failed", "nothing_to_confirm")
    assert report.import_id in again.message


async def test_a_window_between_the_listing_and_its_confirmation_changes_nothing(world):
    async with world.ingestor():
        await world.imported("changed_only", "c1")
        held, _ = await shrunk(world, event_id="c2", **SHRINK_200)
        for _, number in list(world.sandbox.shops["demo"].product_nos())[:50]:
            world.sandbox.upsert(number, changes={"name": "新しい名前"})
        assert (await world.imported("changed_only", "c3")).counts.changed == 50
        report = await world.imported("enumerate", "c4", confirm_shrink_of=held.import_id)
    assert report.counts.removed == 200


async def test_what_is_not_the_newest_listing_is_refused_by_name(world):
    async with world.ingestor():
        first = await world.imported("enumerate", "c1")
        unknown = await world.imported("enumerate", "c2", confirm_shrink_of="no-such-import")
        not_held = await world.imported("enumerate", "c3", confirm_shrink_of=first.import_id)
        old, _ = await shrunk(world, event_id="c4", **SHRINK_200)
        new = await world.imported("enumerate", "c5")
        assert new.removals_held_back
        late = await world.imported("enumerate", "c6", confirm_shrink_of=old.import_id)
        other = await world.imported("enumerate", "c7", shop_key="other", confirm_shrink_of=new.import_id)
        confirmed = await world.imported("enumerate", "c8", confirm_shrink_of=new.import_id)
    for refused in (unknown, not_held, late, other):
        assert (refused.TYPE, refused.code) == ("import.failed", "nothing_to_confirm")
    assert not_held.message == f"import {first.import_id} held no removals back"
    assert new.import_id in late.message
    assert other.message.endswith("the shop has no finished listing")
    assert confirmed.counts.removed == 200


async def test_a_listing_that_shrank_again_is_held_back_again(world):
    """What the operator saw is not what is there now; also when as many products are missing, but others."""
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        held, gone = await shrunk(world, event_id="c2", **SHRINK_200)
        more = world.sandbox.delete_some(100, seed=5)
        for number in gone[:100]:
            world.sandbox.recreate(number, changes={"name": "再登録"})
        again = await world.imported("enumerate", "c3", confirm_shrink_of=held.import_id)
        assert (again.removals_held_back, again.counts.removed) == (True, 0)
        confirmed = await world.imported("enumerate", "c4", confirm_shrink_of=again.import_id)
    assert confirmed.counts.removed == 200
    removed = await world.changes("product.removed")
    assert sorted(event.data.product_no for event in removed) == sorted([*gone[100:], *more])


async def test_an_import_that_failed_in_between_hides_no_loss(world):
    """It has marked the products of its pages: what has gone of them since then is lost all the same."""
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        held, gone = await shrunk(world, event_id="c2", **SHRINK_200)
        world.sandbox.fail("status", status=503, page=2, times=None)
        failed = await world.imported("enumerate", "c3")
        assert (failed.TYPE, failed.counts.read) == ("import.failed", 100)
        world.sandbox.faults.clear()
        first_page = [number for _, number in world.sandbox.shops["demo"].product_nos()][:100]
        for lost, back in zip(first_page, gone, strict=False):
            world.sandbox.delete([lost])
            world.sandbox.recreate(back, changes={"name": "再登録"})
        again = await world.imported("enumerate", "c4", confirm_shrink_of=held.import_id)
        assert (again.removals_held_back, again.counts.removed) == (True, 0), "as many products, but others"
        confirmed = await world.imported("enumerate", "c5", confirm_shrink_of=again.import_id)
    assert confirmed.counts.removed == 200


async def test_a_confirmation_does_not_make_a_broken_listing_a_proof(world):
    async with world.ingestor():
        await world.imported("enumerate", "c1")
        held, _ = await shrunk(world, event_id="c2", **SHRINK_200)
        world.sandbox.fail("duplicate_page", page=1)
        report = await world.imported("enumerate", "c3", confirm_shrink_of=held.import_id)
    assert (report.enumeration, report.removals_held_back) == (None, False)
    assert await world.changes("product.removed") == []
