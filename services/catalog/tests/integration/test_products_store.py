from catalog.store.products import ProductStore


async def test_versions_leave_out_what_is_marked_for_deletion(mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    stored = [{"_id": "demo/A", "version": 3}, {"_id": "demo/B", "version": 1, "burial": {"_id": "demo/B"}}]
    await database["products"].insert_many(stored)
    assert await ProductStore(database).versions(["demo/A", "demo/B", "demo/C"]) == {"demo/A": 3}


async def test_versions_are_raised_beyond_what_readers_have_seen_and_never_lowered(mongo_client, mongo_database):
    """The revision grows, so that a writer that has read the product before reads it again."""
    products = mongo_client[mongo_database]["products"]
    await products.insert_many([{"_id": f"demo/{name}", "version": 3, "revision": 5} for name in "AB"])
    await ProductStore(mongo_client[mongo_database]).raise_versions({"demo/A": 7, "demo/B": 2, "demo/C": 9})
    found = {one["_id"]: (one["version"], one["revision"]) async for one in products.find()}
    assert found == {"demo/A": (8, 6), "demo/B": (3, 5)}
