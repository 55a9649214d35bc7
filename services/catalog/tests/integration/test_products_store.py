from catalog.store.products import ProductStore


async def test_versions_leave_out_what_is_marked_for_deletion(mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    stored = [{"_id": "demo/A", "version": 3}, {"_id": "demo/B", "version": 1, "burial": {"_id": "demo/B"}}]
    await database["products"].insert_many(stored)
    assert await ProductStore(database).versions(["demo/A", "demo/B", "demo/C"]) == {"demo/A": 3}
