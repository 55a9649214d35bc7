"""`shopsync doctor` on a MongoDB that nobody has made a replica set of yet, and after that."""

from guarded_mongod import root_of


async def test_no_replica_set_yet_and_one_of_one_member(looked, shopsync, guarded_mongo, with_users):
    root = root_of(guarded_mongo)
    found = await looked(shopsync, "--mongo", root, only=("mongo",), code=1)
    [one] = found.values()
    assert one["text"].startswith("no replica set")
    assert "--initiate HOST:PORT" in one["do"]
    await with_users(guarded_mongo)
    found = await looked(shopsync, "--mongo", root, only=("mongo", "clock-mongo"))
    assert {check: one["verdict"] for (check, _), one in found.items()} == {"mongo": "warn", "clock-mongo": "ok"}


async def test_a_wrong_password_is_one_line_without_it(looked, shopsync, guarded_mongo, with_users):
    await with_users(guarded_mongo)
    uri = f"mongodb://root:hush-hush@127.0.0.1:{guarded_mongo}/?authSource=admin&directConnection=true"
    found = await looked(shopsync, "--mongo", uri, only=("mongo", "roles", "indexes", "tiktok"), code=1)
    assert {one["verdict"] for one in found.values()} == {"fail"}
    assert all("Authentication failed" in one["text"] for one in found.values())
    assert "hush-hush" not in str(found)
