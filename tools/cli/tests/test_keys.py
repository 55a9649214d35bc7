"""`shopsync keys`: when an old token key may go."""

import pytest


@pytest.fixture
def ops(shopsync, mongo_uri, mongo_database):
    async def run(*arguments, code=0):
        done = await shopsync("--mongo", mongo_uri, "--database", mongo_database, *arguments)
        assert done.exit_code == code, done.stderr
        return done

    return run


async def test_the_command_waits_until_the_old_key_may_go(ops, mongo_client, mongo_database):
    database = mongo_client[mongo_database]
    counts = {"$set": {"replica": "p0", "keys": ["new", "old"], "counts_until": {"$add": ["$$NOW", 600_000]}}}
    await database["token_keys"].update_one({"_id": "1"}, [counts], upsert=True)
    await database["token_keys"].insert_one({"_id": "2", "replica": "gone", "keys": ["old"], "counts_until": None})
    await database["authorization_states"].insert_many(
        [
            {"_id": "demo", "sealed_with": "old", "ended": None},
            {"_id": "ended", "sealed_with": "lost", "ended": ["36004005", "revoked"]},
        ]
    )
    waited = await ops("keys", "--wait", "--timeout", "0.2", code=1)
    assert "the tokens of 1 shop are sealed with another key than the newest" in waited.stderr
    await database["authorization_states"].update_one({"_id": "demo"}, {"$set": {"sealed_with": "new"}})
    told = (await ops("keys", "--wait", "--json")).json()
    assert {use["key"]: (use["state"], use["shops"]) for use in told["keys"]} == {
        "new": ("newest", 1),
        "old": ("may be dropped", 0),
    }
    assert told["replicas"] == [{"replica": "p0", "keys": ["new", "old"]}]
