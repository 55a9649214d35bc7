"""`shopsync doctor`: MongoDB's users, futureshop's credentials, TikTok Shop's consents, running services."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from guarded_mongod import root_of
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from shopsync_cli.doctor import futureshop_check
from shopsync_cli.doctor.model import Patient
from shopsync_cli.doctor.tiktok_check import check_services
from shopsync_sandbox.futureshop import FutureshopSandbox
from shopsync_sandbox.futureshop.faults import Fault, FaultKind
from shopsync_sandbox.serving import running
from shopsync_testkit.ports import free_port

ROLES = Path(__file__).parents[3] / "deploy" / "mongo" / "roles.json"


async def test_the_roles_are_compared_with_the_file(shopsync, mongo_with_users):
    root = root_of(mongo_with_users)
    with_file = ("doctor", "--only", "roles", "--roles", str(ROLES), "--json")

    async def roles(uri, code=0):
        ended = await shopsync("--mongo", uri, *with_file)
        assert ended.exit_code == code, ended.stdout
        return {one["what"]: one for one in ended.json()["findings"]}

    operator = f"mongodb://operator:p-operator@127.0.0.1:{mongo_with_users}/?authSource=shopsync&replicaSet=rs0"
    assert (await roles(operator))["users"]["verdict"] == "ok"
    assert "6 roles are as the file says" in (await roles(root))["users"]["text"]


async def test_a_role_that_lacks_something_or_may_too_much_is_named(shopsync, mongo_with_users, tmp_path):
    root = root_of(mongo_with_users)
    plan = json.loads(ROLES.read_text())
    users = {one["name"]: one for one in plan["users"]}
    users["catalog"]["owns"].append("fresh")
    users["operator"]["reads"].remove("listings")
    other = tmp_path / "roles.json"
    other.write_text(json.dumps(plan))
    ended = await shopsync("--mongo", root, "doctor", "--only", "roles", "--roles", str(other), "--json")
    assert ended.exit_code == 1
    found = {one["what"]: one for one in ended.json()["findings"]}
    assert found["catalog"]["text"] == "may not do what it needs on fresh"
    assert (found["operator"]["verdict"], found["operator"]["text"]) == (
        "warn",
        "may do more than it needs on listings",
    )


@pytest.fixture
async def futureshop(tmp_path: Path, monkeypatch):
    """A served futureshop with two shops, and their shops file. It takes calls at any pace, and gets them so."""
    monkeypatch.setattr(futureshop_check, "_APART_SECONDS", 0)
    sandbox = FutureshopSandbox(["demo:60", "other:60"], requests_per_second=0)
    async with running(sandbox.app) as url:
        shops = sandbox.connections(url)
        file = tmp_path / "shops.yaml"
        file.write_text(yaml.safe_dump(shops))
        yield sandbox, file, shops


async def test_the_credentials_of_every_shop_are_tried_by_reading(looked, shopsync, futureshop):
    sandbox, file, _ = futureshop
    found = await looked(shopsync, only=("futureshop",), env={"INGESTOR_SHOPS_FILE": str(file)})
    assert "2 of 2 opened" in found["futureshop", "futureshop"]["text"]
    calls = [(one.method, one.path) for one in sandbox.journal.entries()]
    assert sorted(set(calls)) == [("GET", "/admin-api/v1/products"), ("POST", "/oauth/token")]
    assert len(calls) == 4


async def test_a_shop_is_called_as_often_as_futureshop_allows(looked, shopsync, tmp_path):
    sandbox, file = FutureshopSandbox(["demo:60"]), tmp_path / "shops.yaml"
    async with running(sandbox.app) as url:
        file.write_text(yaml.safe_dump(sandbox.connections(url)))
        found = await looked(shopsync, only=("futureshop",), env={"INGESTOR_SHOPS_FILE": str(file)})
    assert "1 of 1 opened" in found["futureshop", "futureshop"]["text"]


async def test_a_wrong_secret_is_named_by_its_shop_and_never_shown(shopsync, futureshop):
    _, file, shops = futureshop
    shops["other"]["client_secret"] = "hush-hush"
    shops["third"] = {**shops["demo"], "client_secret": "${FUTURESHOP_THIRD_SECRET}"}
    file.write_text(yaml.safe_dump(shops))
    ended = await shopsync("doctor", "--only", "futureshop", "--shops-file", str(file), "--json")
    assert ended.exit_code == 1
    found = {one["what"]: one for one in ended.json()["findings"]}
    assert "the token call answers HTTP 401: refused" in found["other"]["text"]
    assert "FUTURESHOP_THIRD_SECRET, which is not set here" in found["third"]["text"]
    assert "1 of 2 opened" in found["futureshop"]["text"]
    assert "hush-hush" not in ended.stdout
    assert shops["demo"]["client_secret"] not in ended.stdout


async def test_only_the_shops_that_are_named_are_looked_at(shopsync, futureshop):
    _, file, shops = futureshop
    file.write_text(yaml.safe_dump({**shops, "broken": {}}))
    where = ("doctor", "--only", "futureshop", "--shops-file", str(file), "--json")
    ended = await shopsync(*where, "--shop", "demo", "--shop", "dmeo")
    assert ended.exit_code == 0, ended.stdout
    found = {one["what"]: one for one in ended.json()["findings"]}
    assert found.keys() == {"futureshop", "dmeo"}
    assert "1 of 1 opened" in found["futureshop"]["text"]
    assert (found["dmeo"]["verdict"], found["dmeo"]["text"]) == ("skipped", "is not in the shops file")


async def test_a_shop_key_that_cannot_be_sent_is_told_and_the_others_are_tried(looked, shopsync, futureshop):
    _, file, shops = futureshop
    file.write_text(yaml.safe_dump({**shops, "店": shops["demo"]}))
    found = await looked(shopsync, only=("futureshop",), code=1, env={"INGESTOR_SHOPS_FILE": str(file)})
    assert "no HTTP header" in found["futureshop", "店"]["text"]
    assert "2 of 3 opened" in found["futureshop", "futureshop"]["text"]


async def test_a_maintenance_is_no_fault_of_the_credentials(looked, shopsync, futureshop):
    sandbox, file, _ = futureshop
    sandbox.faults.add(Fault(kind=FaultKind.MAINTENANCE, shop_key="demo", times=None))
    found = await looked(shopsync, only=("futureshop",), env={"INGESTOR_SHOPS_FILE": str(file)})
    assert found["futureshop", "demo"]["verdict"] == "warn"


async def test_a_shop_that_does_not_answer(looked, shopsync, tmp_path):
    file = tmp_path / "shops.yaml"
    shop = {"base_url": f"http://127.0.0.1:{free_port()}", "client_id": "a", "client_secret": "b"}
    file.write_text(yaml.safe_dump({"demo": shop}))
    found = await looked(shopsync, only=("futureshop",), code=1, env={"INGESTOR_SHOPS_FILE": str(file)})
    assert "does not answer at 127.0.0.1: no connection" in found["futureshop", "demo"]["text"]


async def test_consents_that_ended_or_end_soon(looked, verdicts, shopsync, mongo_uri, mongo_client, mongo_database):
    database, now = mongo_client[mongo_database], datetime.now(UTC)
    where = ("--mongo", mongo_uri, "--database", mongo_database)
    assert verdicts(await looked(shopsync, *where, only=("tiktok",))) == {"tiktok": "skipped"}
    await database["shops"].insert_many([{"_id": key} for key in ("demo", "late", "gone", "new")])
    far = {"refresh_expires_at": now + timedelta(days=300), "ended": None, "sealed_with": "k1"}
    await database["authorization_states"].insert_many(
        [
            {"_id": "demo", **far},
            {"_id": "late", **far, "refresh_expires_at": now + timedelta(days=3)},
            {"_id": "gone", **far, "ended": ["36004005", "revoked"]},
        ]
    )
    counts = {"$set": {"replica": "p0", "keys": ["k1"], "counts_until": {"$add": ["$$NOW", 600_000]}}}
    await database["token_keys"].update_one({"_id": "1"}, [counts], upsert=True)
    found = await looked(shopsync, *where, only=("tiktok",), code=1)
    assert {what: one["verdict"] for (_, what), one in found.items()} == {"gone": "fail", "late": "warn", "new": "warn"}
    assert found["tiktok", "gone"]["do"] == "`shopsync shops authorize gone`"
    await database["token_keys"].update_one({"_id": "1"}, {"$set": {"keys": ["other"]}})
    assert (await looked(shopsync, *where, only=("tiktok",), code=1))["tiktok", "token key"]["verdict"] == "fail"


async def test_what_a_service_says_of_itself(shopsync):
    told = {"checks": {"started": "ok", "mongo": "ok"}}

    async def readyz(_request):
        return JSONResponse(told, 200 if set(told["checks"].values()) == {"ok"} else 503)

    shown = ["shopsync_publisher_clock_skew_seconds 45.5\n"]

    async def metrics(_request):
        return PlainTextResponse(shown[0])

    routes = [Route("/readyz", readyz), Route("/metrics", metrics)]
    async with running(Starlette(routes=routes)) as url:
        ended = await shopsync(
            "doctor", "--only", "publisher", "--only", "services", "--publisher", url, "--service", url
        )
        assert ended.exit_code == 1
        assert "46 s ahead of TikTok Shop's" in ended.stdout
        shown[0] = "shopsync_messages_handled_total 1\n"
        ended = await shopsync("doctor", "--only", "publisher", "--publisher", url)
        assert "this is another service" in ended.stdout
        assert "within" not in ended.stdout
        told["checks"]["mongo"] = "no primary"
        ended = await shopsync("doctor", "--only", "services", "--service", url)
        assert "mongo: no primary" in ended.stdout
    ended = await shopsync("doctor", "--only", "services", "--service", f"http://127.0.0.1:{free_port()}")
    assert ended.exit_code == 1
    assert "does not answer" in ended.stdout
    ended = await shopsync("doctor", "--only", "publisher", "--publisher", "foo")
    assert ended.exit_code == 1
    assert "is no URL" in ended.stdout


async def test_services_are_asked_at_the_same_time():
    """Or those that hang would use up the time of the others."""
    came, both = [], asyncio.Event()

    async def readyz(_request):
        came.append(1)
        if len(came) == 2:
            both.set()
        await both.wait()
        return JSONResponse({"checks": {}})

    async with running(Starlette(routes=[Route("/readyz", readyz)])) as url:
        found = await asyncio.wait_for(check_services(Patient(services=(url, url))), 30)
    assert [one.text for one in found] == ["is ready", "is ready"]
