"""`shopsync keys`: when an old token key may go."""

import pytest

from shopsync_cli.token_keys import report

BOTH, OLD, NEW = ("new", "old"), ("old",), ("new",)


@pytest.mark.parametrize(
    ("running", "shops", "states", "problem"),
    [
        ([OLD, OLD], {"old": 3}, {"old": "newest"}, None),
        (
            [BOTH, OLD],
            {"old": 3},
            {"new": "not used before every publisher has it: p1 lacks it", "old": "newest"},
            "different newest keys: new, old",
        ),
        ([BOTH, BOTH], {"old": 3}, {"new": "newest", "old": "still needed"}, "of 3 shops"),
        ([BOTH, BOTH], {"new": 2, "old": 1}, {"new": "newest", "old": "still needed"}, "of 1 shop are"),
        ([BOTH, BOTH], {"new": 3}, {"new": "newest", "old": "may be dropped"}, None),
        ([BOTH, BOTH], {"new": 3, None: 1}, {"new": "newest", "old": "still needed"}, "of 1 shop are"),
        ([BOTH, NEW], {"new": 3}, {"new": "newest", "old": "may be dropped"}, None),
        (
            [NEW, NEW],
            {"old": 1, "new": 2},
            {"new": "newest", "old": "missing: no publisher has it, put it back behind the newest key"},
            "of 1 shop are",
        ),
        ([], {"old": 1}, {"old": "missing: no publisher has it, put it back behind the newest key"}, "no publisher"),
    ],
)
def test_every_step_of_a_change_says_which_key_is_needed(running, shops, states, problem):
    told = report(shops, [(f"p{number}", keys) for number, keys in enumerate(running)])
    assert {use.key: use.state for use in told.keys} == states
    assert (problem in told.problem) if problem else told.problem is None


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
