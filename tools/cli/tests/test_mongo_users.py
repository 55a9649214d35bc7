"""The roles of deploy/mongo/roles.json on a real mongod with authentication."""

import json
from pathlib import Path
from typing import Any

import pytest
from guarded_mongod import root_of
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from shopsync_cli.errors import WrongCall
from shopsync_cli.mongo.users import passwords_of, read_plan

DEPLOY = Path(__file__).parents[3] / "deploy"
ROLES = DEPLOY / "mongo" / "roles.json"
PASSWORDS = {user.password_env: f"p-{user.name}" for user in read_plan(ROLES).users}


def client_of(port: int, user: str) -> AsyncMongoClient[dict[str, Any]]:
    uri = f"mongodb://{user}:p-{user}@127.0.0.1:{port}/?authSource=shopsync&replicaSet=rs0"
    return AsyncMongoClient(uri, w="majority", serverSelectionTimeoutMS=5000)


async def apply(shopsync, port: int):
    return await shopsync(
        "--mongo", root_of(port), "mongo", "apply-users", str(ROLES), "--initiate", f"127.0.0.1:{port}", env=PASSWORDS
    )


async def test_each_service_writes_its_own_collections_and_no_others(shopsync, guarded_mongo):
    ended = await apply(shopsync, guarded_mongo)
    assert ended.exit_code == 0, ended.stderr
    assert "initiated" in ended.stdout
    plan = read_plan(ROLES)
    collections = sorted({name for user in plan.users for name in (*user.owns, *user.reads)})
    for user in plan.users:
        async with client_of(guarded_mongo, user.name) as client:
            for name in collections:
                collection = client["shopsync"][name]
                if name in user.owns:
                    await collection.create_index("clear_at", expireAfterSeconds=0)
                    await collection.update_one({"_id": "x"}, {"$set": {"a": 1}}, upsert=True)
                    assert await collection.find_one_and_update({"_id": "x"}, {"$inc": {"a": 1}})
                    await collection.delete_one({"_id": "x"})
                elif name in user.changes:
                    await collection.create_index("a")
                    await collection.update_one({"_id": f"of {user.name}"}, {"$set": {"a": 1}}, upsert=True)
                    for refused in (collection.delete_many({}), collection.drop(), collection.drop_index("a_1")):
                        with pytest.raises(OperationFailure, match="not authorized"):
                            await refused
                else:
                    for forbidden in (
                        collection.insert_one({"_id": "y"}),
                        collection.delete_many({}),
                        collection.drop(),
                    ):
                        with pytest.raises(OperationFailure, match="not authorized"):
                            await forbidden
                if name in user.reads:
                    assert await collection.find().to_list() == []
                elif name not in (*user.owns, *user.changes):
                    with pytest.raises(OperationFailure, match="not authorized"):
                        await collection.find_one()


async def test_a_second_run_changes_nothing_and_a_new_password_counts(shopsync, guarded_mongo):
    await apply(shopsync, guarded_mongo)
    again = await apply(shopsync, guarded_mongo)
    assert again.exit_code == 0, again.stderr
    assert "is there already" in again.stdout
    assert again.stdout.count("updated ") == len(PASSWORDS)


async def test_a_wrong_password_is_one_line(shopsync, guarded_mongo):
    await apply(shopsync, guarded_mongo)
    uri = f"mongodb://catalog:secret@127.0.0.1:{guarded_mongo}/?authSource=shopsync"
    ended = await shopsync("--mongo", uri, "shops", "list")
    assert ended.exit_code == 1
    assert "Authentication failed" in ended.stderr
    assert "secret" not in ended.stderr


async def test_a_product_is_shown_as_far_as_the_user_may_read(shopsync, guarded_mongo):
    await apply(shopsync, guarded_mongo)
    document = {"_id": "demo/A-1", "shop_key": "demo", "product_no": "A-1"}
    async with client_of(guarded_mongo, "catalog") as client:
        await client["shopsync"]["tombstones"].replace_one({"_id": "demo/A-1"}, document, upsert=True)
    shown = {}
    for user in ("operator", "janitor"):
        uri = f"mongodb://{user}:p-{user}@127.0.0.1:{guarded_mongo}/?authSource=shopsync&replicaSet=rs0"
        ended = await shopsync("--mongo", uri, "product", "show", "demo/A-1", "--json")
        assert ended.exit_code == 0, ended.stderr
        shown[user] = ended.json()["unreadable"]
    assert shown == {"operator": [], "janitor": ["push_jobs", "listings", "held_messages"]}


async def test_missing_passwords_are_named_before_anything_is_done(shopsync):
    ended = await shopsync("--mongo", "mongodb://127.0.0.1:1", "mongo", "apply-users", str(ROLES))
    assert ended.exit_code == 2
    assert "MONGO_CATALOG_PASSWORD" in ended.stderr


async def test_a_user_with_a_certificate_needs_no_password(shopsync):
    certified = [word for user in read_plan(ROLES).users for word in ("--certificate", f"{user.name}=CN=x,O=y")]
    nobody = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=300"
    where = ("--mongo", nobody, "mongo", "apply-users", str(ROLES))
    assert "not set" not in (await shopsync(*where, "--wait", "0", *certified)).stderr
    for wrong in ("nobody=CN=x", "janitor", "janitor=x"):
        ended = await shopsync(*where, "--certificate", wrong)
        assert ended.exit_code == 2
        assert "write USER=SUBJECT; the users are ingestor, catalog" in ended.stderr


def test_a_broken_file_names_the_member(tmp_path):
    file = tmp_path / "roles.json"
    file.write_text(json.dumps({"users": [{"name": "catalog", "owns": ["products"]}]}))
    with pytest.raises(WrongCall, match="password_env"):
        read_plan(file)
    assert passwords_of(read_plan(ROLES), PASSWORDS)["catalog"] == "p-catalog"


def test_passwords_that_are_published_make_users_in_the_sandbox_only():
    plan = read_plan(ROLES)
    given = {user.password_env: f"sandbox-{user.name}" for user in plan.users}
    with pytest.raises(WrongCall) as raised:
        passwords_of(plan, given)
    assert not [name for name in given if f"{name} holds the password" not in str(raised.value)]
    assert passwords_of(plan, {**given, "SHOPSYNC_SANDBOX": "true"})["catalog"] == "sandbox-catalog"


def test_a_password_may_lie_in_a_file(tmp_path):
    path = tmp_path / "catalog"
    path.write_text("of a file\n")
    plan, others = read_plan(ROLES), {name: one for name, one in PASSWORDS.items() if name != "MONGO_CATALOG_PASSWORD"}
    given = {**others, "MONGO_CATALOG_PASSWORD_FILE": str(path)}
    assert passwords_of(plan, given)["catalog"] == "of a file"
    path.write_text("sandbox-catalog\n")
    with pytest.raises(WrongCall, match="MONGO_CATALOG_PASSWORD holds the password that is published"):
        passwords_of(plan, given)
    with pytest.raises(WrongCall, match=r"MONGO_CATALOG_PASSWORD_FILE: .*nowhere cannot be read: No such file"):
        passwords_of(plan, {**others, "MONGO_CATALOG_PASSWORD_FILE": str(tmp_path / "nowhere")})
    with pytest.raises(WrongCall, match="MONGO_CATALOG_PASSWORD and MONGO_CATALOG_PASSWORD_FILE are both set"):
        passwords_of(plan, {**PASSWORDS, "MONGO_CATALOG_PASSWORD_FILE": str(path)})
