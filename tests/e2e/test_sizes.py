"""What the demo can print of the bytes that products take."""

from shopsync_rehearsals.demo.sizes import sizes
from shopsync_rehearsals.demo.stack import Plan


async def test_every_collection_and_topic_that_holds_anything_is_listed(run_system):
    run = await run_system(Plan(products=20, seed=11))
    await run.story.open_shop()
    await run.story.import_products()

    collections, topics = await sizes(run.stack)

    held = dict(zip(*([*column.cells] for column in collections.columns[:2]), strict=True))
    assert held["products"] == held["presence"] == "20"
    assert "(oplog)" in held
    written = dict(zip(*([*column.cells] for column in topics.columns[:2]), strict=True))
    assert written["product-changes.v1"] == "20"
    assert "push-commands.v1" not in written, "nothing was pushed"
