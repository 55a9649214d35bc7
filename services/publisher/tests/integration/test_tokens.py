"""Tokens: encrypted at rest, refreshed once however many ask (reliability 33), not lost on the way."""

import asyncio
import contextlib
from datetime import timedelta

import httpx
import pytest
from cryptography.fernet import Fernet
from prometheus_client import REGISTRY
from pydantic import SecretStr
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from publisher.errors import AuthorizationEnded, KeyMissing, Unavailable
from publisher.store import Authorizations, SealedPair
from publisher.tiktok.client import App, Call, TikTokClient
from publisher.tiktok.tokens import Tokens
from publisher.tiktok.vault import Vault
from shopsync_sandbox.tiktok import Fault, Settings
from shopsync_testkit.polling import eventually

DEADLINE = timedelta(seconds=5)


class Replica:
    """Another process's tokens over the same store."""

    def __init__(self, world, http, key):
        self.store = Authorizations(world.database)
        identity = world.sandbox.identity
        self.client = TikTokClient(
            http,
            App(identity.app_key, SecretStr(identity.app_secret), str(http.base_url), str(http.base_url)),
            deadline=DEADLINE,
            clock=world.clock,
        )
        self.tokens = Tokens(self.store, self.client, Vault(SecretStr(key)), world.clock, deadline=DEADLINE)


@pytest.fixture
def publisher_settings():
    return {"token_key": Fernet.generate_key().decode()}


@pytest.fixture
async def replica(demo, publisher_settings):
    """Makes replicas; the key may be another one."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(key=publisher_settings["token_key"]):
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=demo.tiktok_url, trust_env=False))
            return Replica(demo, http, key)

        yield make


def refreshes(demo) -> int:
    return demo.sandbox.journal.requests["token_refresh"]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("shopsync_publisher_token_refreshes_total", {"outcome": outcome}) or 0.0


@pytest.mark.reliability(33)
async def test_many_calls_of_two_replicas_refresh_once(demo, replica):
    """The token expires during every call: there is one refresh, and every call succeeds."""
    replicas = [await replica(), await replica()]
    demo.sandbox.tokens.expire("demo")

    async def call(one):
        access = await one.tokens.access("demo")
        get = Call("GET", "/logistics/202309/warehouses")
        with contextlib.suppress(Exception):
            return await one.client.call(get, token=access.token, cipher=access.cipher)
        access = await one.tokens.renewed("demo", access.version)
        return await one.client.call(get, token=access.token, cipher=access.cipher)

    replies = await asyncio.gather(*(call(replicas[number % 2]) for number in range(40)))
    assert all(reply["warehouses"] for reply in replies)
    assert refreshes(demo) == 1


async def test_one_claim_holds_until_its_lease_ends(demo):
    store = Authorizations(demo.database)
    version = (await store.get("demo")).version
    claims = [store.claim_refresh("demo", version, now=demo.clock(), lease=timedelta(seconds=9)) for _ in range(8)]
    assert sum(await asyncio.gather(*claims)) == 1
    demo.clock.forward(seconds=10)
    assert await store.claim_refresh("demo", version, now=demo.clock(), lease=timedelta(seconds=9))


async def test_a_stale_pair_never_comes_back(demo, replica):
    """A replica whose lease expired has the older pair; what it writes and reports is about that one only."""
    one = await replica()
    before = await one.store.get("demo")
    await one.tokens.renewed("demo", before.version)
    newest = await one.store.get("demo")
    assert newest.version == before.version + 1
    old = SealedPair(
        before.access_token, before.refresh_token, "k", before.access_expires_at, before.refresh_expires_at
    )
    assert not await one.store.replace_pair("demo", before.version, old)
    await one.tokens.ended("demo", before.version, AuthorizationEnded("36004005", "old"))
    assert await one.store.get("demo") == newest


async def test_the_end_of_an_old_pair_does_not_end_a_new_consent(demo, replica):
    one = await replica()
    old = (await one.store.get("demo")).version
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get(start.headers["location"] + "&shop=demo")
    assert (await demo.http.get(page.headers["location"])).status_code == 200
    await one.tokens.ended("demo", old, AuthorizationEnded("101000", "token and cipher do not fit"))
    assert (await one.store.get("demo")).ended is None


async def test_a_cancelled_push_does_not_lose_the_new_pair(demo, replica):
    one = await replica()
    version = (await one.store.get("demo")).version
    demo.sandbox.tokens.expire("demo")
    entered, answered = asyncio.Event(), asyncio.Event()
    ask = one.client.refresh_token

    async def slow(token):
        pair = await ask(token)
        entered.set()
        await answered.wait()
        return pair

    one.client.refresh_token = slow
    push = asyncio.create_task(one.tokens.renewed("demo", version))
    await entered.wait()
    push.cancel()
    with pytest.raises(asyncio.CancelledError):
        await push
    answered.set()
    await one.tokens.finish()
    assert (await one.store.get("demo")).version == version + 1
    assert (await one.tokens.access("demo")).version == version + 1


async def test_a_refresh_waits_for_an_absent_database_to_store_the_new_pair(demo, replica):
    one = await replica()
    version = (await one.store.get("demo")).version
    write, tries = one.store.replace_pair, []

    async def sometimes(*args, **kwargs):
        tries.append(1)
        if len(tries) < 3:
            raise AutoReconnect("primary stepped down")
        return await write(*args, **kwargs)

    one.store.replace_pair = sometimes
    access = await one.tokens.renewed("demo", version)
    assert (access.version, len(tries), refreshes(demo)) == (version + 1, 3, 1)


async def test_killed_between_answer_and_write_the_consent_may_be_lost(demo, replica):
    """Documented: the pair exists only in the answer. The shop asks for a new consent, without a loop."""
    one, two = await replica(), await replica()
    version = (await one.store.get("demo")).version
    assert await one.store.claim_refresh("demo", version, now=demo.clock(), lease=DEADLINE)
    await one.client.refresh_token(one.tokens._vault.open((await one.store.get("demo")).refresh_token))
    demo.clock.forward(seconds=6)  # the killed replica's lease ends
    ended = counted("ended")
    with capture_logs() as logs, pytest.raises(AuthorizationEnded):
        await two.tokens.renewed("demo", version)
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "authorisation ended, the merchant has to authorise again"
    ]
    assert counted("ended") == ended + 1
    assert (await two.store.get("demo")).ended[0] == "36004005"


async def test_with_a_grace_period_of_the_old_token_nothing_is_lost(demo, replica):
    demo.sandbox.settings.old_refresh_token_seconds = 60
    one, two = await replica(), await replica()
    version = (await one.store.get("demo")).version
    await one.client.refresh_token(one.tokens._vault.open((await one.store.get("demo")).refresh_token))
    assert (await two.tokens.renewed("demo", version)).version == version + 1


async def test_a_refresh_without_answer_frees_the_lease(demo, replica):
    one = await replica()
    version = (await one.store.get("demo")).version
    demo.sandbox.faults.add(Fault("error", operation="token_refresh", times=1))
    with pytest.raises(Unavailable):
        await one.tokens.renewed("demo", version)
    assert (await one.tokens.renewed("demo", version)).version == version + 1


async def test_a_reply_without_tokens_does_not_end_the_consent(demo, replica):
    one = await replica()
    version = (await one.store.get("demo")).version

    async def empty(*_args, **_kwargs):
        return {"access_token": "ROW_x", "access_token_expire_in": "soon"}

    send, one.client._send = one.client._send, empty
    with pytest.raises(Unavailable, match="token_reply"):
        await one.tokens.renewed("demo", version)
    one.client._send = send
    assert (await one.tokens.renewed("demo", version)).version == version + 1


class TestTheKey:
    """PUBLISHER_TOKEN_KEY; changing it: test_key_rotation.py."""

    async def test_a_wrong_key_does_not_end_the_consent(self, demo, replica, publisher_settings):
        wrong = await replica(Fernet.generate_key().decode())
        with pytest.raises(KeyMissing, match="PUBLISHER_TOKEN_KEY"):
            await wrong.tokens.access("demo")
        await wrong.tokens.refresh_ahead(timedelta(days=365))
        right = await replica(publisher_settings["token_key"])
        assert (await right.store.get("demo")).ended is None
        await right.tokens.access("demo")

    async def test_nothing_of_a_token_is_logged_or_stored_in_clear(self, demo, replica):
        one = await replica()
        with capture_logs() as logs:
            await one.tokens.renewed("demo", (await one.store.get("demo")).version)
        text = str(logs) + str(await demo.database["authorizations"].find().to_list())
        assert "ROW_" not in text.replace(demo.sandbox.world.shop("demo").cipher, "")


async def test_operators_see_everything_but_tokens(demo):
    (shown,) = await demo.database["authorization_states"].find().to_list()
    kept = await demo.database["authorizations"].find_one({"_id": "demo"})
    assert set(kept) - set(shown) == {"access_token", "refresh_token", "cipher"}
    await Authorizations(demo.database).ensure_view()  # a second start


@pytest.mark.reliability(33)
async def test_an_expired_access_token_is_refreshed_once_for_many_pushes(demo):
    for number in range(6):
        await demo.store(f"P-{number}")
    demo.sandbox.tokens.expire("demo")
    await demo.push(*[f"P-{number}" for number in range(6)])
    assert demo.sandbox.journal.requests["token_refresh"] == 1
    assert len(demo.events("push.succeeded")) == 6
    assert demo.events("push.failed") == []


async def test_an_ended_consent_fails_every_product_once_and_parks_it(demo):
    """AU-5, scenario 58."""
    for number in range(3):
        await demo.store(f"P-{number}")
    demo.sandbox.tokens.revoke("demo")
    await demo.push("P-0", "P-1", "P-2", reason="auto")
    failed = demo.events("push.failed")
    assert sorted(event["product_no"] for event in failed) == ["P-0", "P-1", "P-2"]
    assert {event["code"] for event in failed} == {"authorization"}
    assert {event["status"] for event in failed} == {"sync_error"}
    assert await demo.database["push_jobs"].count_documents({}) == 3
    calls = demo.sandbox.journal.requests.total()
    await demo.push("P-0", reason="auto")
    assert demo.sandbox.journal.requests.total() == calls


@pytest.mark.reliability(33)
async def test_commands_after_a_consent_ended_wait_for_the_new_one(demo):
    """Parked, not dead-lettered (reliability 33)."""
    await demo.store()
    demo.sandbox.tokens.expire("demo", refresh=True)
    failed = counted("ended")
    await demo.push("A-100", reason="auto")
    await demo.command("A-100", reason="auto")
    assert counted("ended") == failed + 1
    assert [event["code"] for event in demo.events("push.failed")] == ["authorization"]
    assert await demo.job("demo/A-100") is not None
    start = await demo.http.get("/oauth/tiktok/start", params={"shop_key": "demo"})
    page = await demo.http.get(start.headers["location"] + "&shop=demo")
    assert (await demo.http.get(page.headers["location"])).status_code == 200
    await eventually(lambda: demo.events("push.succeeded"))


@pytest.mark.reliability(33)
async def test_pushes_wait_for_the_token_host(demo):
    await demo.store()
    demo.sandbox.tokens.expire("demo")
    demo.sandbox.faults.add(Fault("error", operation="token_refresh", times=2))
    await demo.push("A-100")
    assert demo.events("push.succeeded")
    assert demo.events("push.failed") == []


class TestRefreshAhead:
    @pytest.fixture
    def sandbox_settings(self):
        return Settings(review_seconds=None, access_token_seconds=3600, requests_per_second=None)

    async def test_tokens_near_their_end_are_refreshed_ahead(self, demo):
        upkeep = next(task for task in demo.runtime.tasks if task.name == "upkeep")
        await upkeep.stop()
        upkeep.start()
        await eventually(lambda: demo.sandbox.journal.requests["token_refresh"] >= 1)
