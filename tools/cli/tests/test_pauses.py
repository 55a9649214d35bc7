"""`shops pause|resume` with two publisher processes, and `pushes`: what is to be done and why it waits."""

import asyncio
import base64
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shopsync_contracts import new_event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import LISTING_EVENTS, PUSH_COMMANDS
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess

NOW = datetime.now(UTC).replace(microsecond=0)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture
def where(bus, mongo_uri, mongo_database) -> tuple[str, ...]:
    return (*bus.options, "--mongo", mongo_uri, "--database", mongo_database)


async def listed(bus) -> int:
    return len(await bus.read(LISTING_EVENTS))


async def command(bus, product_no: str) -> None:
    body = PushRequested(shop_key="demo", product_no=product_no, reason="manual")
    event = new_event(body, source="/tests", id=f"push-{product_no}", time=datetime.now(UTC))
    await bus.send(PUSH_COMMANDS, event.to_bytes(), key=event.key())


async def test_a_paused_shop_waits_in_every_replica_and_over_restarts(
    shopsync, bus, where, mongo_uri, mongo_client, mongo_database, tmp_path
):
    database = mongo_client[mongo_database]
    await database["shops"].insert_one({"_id": "demo", "category_version": "v1"})
    sandbox = TikTokSandbox(settings=Settings(review_seconds=None, requests_per_second=None))
    async with running(sandbox.app) as tiktok:
        settings = {
            "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": bus.bootstrap,
            "SHOPSYNC_TOPIC_PREFIX": bus.prefix,
            "SHOPSYNC_MONGO_URI": mongo_uri,
            "SHOPSYNC_MONGO_DATABASE": mongo_database,
            "PUBLISHER_TIKTOK_API_URL": tiktok,
            "PUBLISHER_TIKTOK_AUTH_URL": tiktok,
            "PUBLISHER_TIKTOK_APP_KEY": sandbox.identity.app_key,
            "PUBLISHER_TIKTOK_APP_SECRET": sandbox.identity.app_secret,
            "PUBLISHER_TOKEN_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "PUBLISHER_POLL_INTERVAL": "200ms",
        }
        replicas = [ServiceProcess("publisher", name=f"p{n}", env=settings, folder=tmp_path) for n in (1, 2)]
        await asyncio.gather(*(one.start() for one in replicas))
        try:
            code = sandbox.tokens.mint_code(["demo"]).value
            async with httpx.AsyncClient(base_url=replicas[0].url) as http:
                assert (await http.get("/oauth/tiktok/callback", params={"code": code, "state": "demo"})).is_success
            paused = await shopsync(*where, "shops", "pause", "demo", "--reason", "prices are corrected", "--wait")
            assert paused.exit_code == 0, paused.stderr
            await command(bus, "A-1")

            async def taken_in() -> bool:
                return await database["push_jobs"].count_documents({"_id": "demo/A-1", "owner": ""}) == 1

            await eventually(taken_in, what="the job")
            await asyncio.gather(*(one.restart() for one in replicas))
            await asyncio.sleep(1)  # some rounds of the workers of both
            assert await listed(bus) == 0
            [waiting] = (await shopsync(*where, "pushes", "demo", "--json")).json()["pushes"]
            assert (waiting["state"], waiting["attempts"]) == ("due", 0)
            assert "prices are corrected" in waiting["why"]
            resumed = await shopsync(*where, "shops", "resume", "demo", "--wait")
            assert resumed.exit_code == 0, resumed.stderr

            async def told() -> bool:
                return await listed(bus) == 1

            await eventually(told, what="what became of the push")
        finally:
            await asyncio.gather(*(one.terminate() for one in replicas if one.running))


async def test_pause_is_shown_where_the_shop_is_shown(shopsync, where, tool):
    await tool.shop("demo")
    await tool.imported()
    await tool.completed()
    await tool.switched(on=True, minute=2)
    pause = {"_id": "demo", "paused": True, "reason": "prices are corrected", "set_at": NOW, "source": "/shopsync/ops"}
    await tool.database["push_pauses"].insert_one(pause)
    listing = await shopsync(*where, "shops", "list")
    assert "prices are corrected" in listing.stdout
    [shop] = (await shopsync(*where, "shops", "list", "--json")).json()
    assert shop["pushes_paused"]["reason"] == "prices are corrected"
    assert "shops resume demo" in (await shopsync(*where, "shops", "show", "demo")).stdout
    product = (await shopsync(*where, "product", "show", "demo/A-1", "--json")).json()
    assert ("operator", "shopsync shops resume demo") in {
        (cause["who"], cause["do"].strip("`")) for cause in product["causes"]
    }
    assert "prices are corrected" in (await shopsync(*where, "product", "show", "demo/A-1")).stdout
    await tool.database["push_pauses"].update_one({"_id": "demo"}, {"$set": {"paused": False}})
    assert (await shopsync(*where, "shops", "list", "--json")).json()[0]["pushes_paused"] is None
    assert "paused" not in (await shopsync(*where, "product", "show", "demo/A-1")).stdout


async def test_pausing_a_shop_that_is_not_there_is_refused(shopsync, where, bus, tool):
    await tool.shop("demo")
    ended = await shopsync(*where, "shops", "pause", "dmeo")
    assert ended.exit_code == 1
    assert "with settings: demo" in ended.stderr
    assert await bus.read(PUSH_COMMANDS) == []


async def test_waiting_for_a_publisher_that_does_not_run_ends_with_a_reason(shopsync, where, tool):
    await tool.shop("demo")
    ended = await shopsync(*where, "shops", "pause", "demo", "--wait", "--timeout", "0.5")
    assert ended.exit_code == 1
    assert "it will when it runs again" in ended.stderr


def job(product_no: str, **members: Any) -> dict[str, Any]:
    return {
        "_id": f"demo/{product_no}",
        "shop_key": "demo",
        "product_no": product_no,
        "reason": "auto",
        "owner": "",
        "requested_at": NOW - timedelta(minutes=9),
        "due_at": NOW - timedelta(minutes=5),
        "lease_until": NEVER,
        "attempts": 0,
        "waits": 0,
        "reported": None,
        **members,
    }


async def test_every_push_tells_why_it_is_not_done(shopsync, where, tool):
    await tool.shop("demo")
    ahead, far = NOW + timedelta(hours=1), NOW + timedelta(days=3650)
    await tool.database["push_jobs"].insert_many(
        [
            job("A-DUE"),
            job("B-RUN", owner="publisher-0/x", lease_until=ahead),
            job("C-QUOTA", due_at=ahead),
            job("D-RATE", due_at=ahead - timedelta(minutes=1), waits=3),
            job("E-FAIL", due_at=ahead - timedelta(minutes=2), attempts=2),
            job("F-TOLD", due_at=ahead - timedelta(minutes=3), reported="12052700"),
            job("G-PARK", due_at=far, reported="not_authorized"),
        ]
    )
    consent = {"_id": "demo", "quota_until": ahead, "ended": None}
    await tool.database["authorization_states"].insert_one(consent)
    pace = {"_id": "demo", "rate": 4.25, "asked_at": NOW, "learned": {"top": 5.0, "low": 4.0}, "open_until": None}
    await tool.database["paces"].insert_one(pace)
    found = (await shopsync(*where, "pushes", "demo", "--json")).json()
    told = {one["product_no"]: (one["state"], one["why"]) for one in found["pushes"]}
    assert told["A-DUE"][0] == "due"
    assert told["A-DUE"][1].endswith("waits for its turn")
    assert told["B-RUN"][0] == "running"
    assert told["C-QUOTA"] == ("waiting", "TikTok's daily number of new listings is used up")
    assert told["D-RATE"] == ("waiting", "TikTok's rate, 3 waits so far")
    assert told["E-FAIL"] == ("waiting", "2 failed attempts, the next one comes by itself")
    assert told["F-TOLD"] == ("waiting", "the shop's trouble 12052700, which was reported")
    assert told["G-PARK"][0] == "parked"
    assert [one["state"] for one in found["pushes"]] == ["running", "due", *["waiting"] * 4, "parked"]
    [shop] = found["shops"]
    assert shop["counts"] == {"running": 1, "due": 1, "waiting": 4, "parked": 1}
    assert (shop["rate"], shop["learned"]) == (4.25, 4.0)
    assert any("daily number of new listings" in one for one in shop["holdups"])
    assert found["count"] == 7
    only = (await shopsync(*where, "pushes", "--state", "waiting", "--limit", "2", "--json")).json()
    assert (len(only["pushes"]), only["count"]) == (2, 4)
    table = (await shopsync(*where, "pushes")).stdout
    assert "demo/D-RATE" in table
    assert "4.25" in table
    assert "7 pushes to be done" in table


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"paces": {"paused_until": NOW + timedelta(hours=1)}}, "TikTok asked to slow down"),
        ({"paces": {"open_until": NOW + timedelta(hours=1)}}, "TikTok does not answer"),
        ({"authorization_states": {"ended": ["105002", "expired"]}}, "authorisation ended: expired (105002)"),
        (
            {"authorization_states": {"blocked": ["12052700", "inactive"], "blocked_until": NOW + timedelta(hours=1)}},
            "inactive (12052700)",
        ),
        ({"push_pauses": {"paused": True, "reason": "stock-taking", "set_at": NOW, "source": "/x"}}, "stock-taking"),
    ],
)
async def test_what_holds_up_a_whole_shop_is_named(shopsync, where, tool, change, says):
    await tool.shop("demo")
    await tool.database["push_jobs"].insert_one(job("A-DUE"))
    for name, document in change.items():
        await tool.database[name].insert_one({"_id": "demo", **document})
    found = (await shopsync(*where, "pushes", "--json")).json()
    assert any(says in one for one in found["shops"][0]["holdups"])
    assert says in found["pushes"][0]["why"]
