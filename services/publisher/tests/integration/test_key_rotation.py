"""PUBLISHER_TOKEN_KEY is changed while the publisher works: no shop is blocked, no push fails (decision 0010)."""

import asyncio
import contextlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cryptography.fernet import Fernet
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from publisher.consent.keyring import Keyring, KeyringSettings
from publisher.errors import KeyMissing
from publisher.model import KeyHolder
from publisher.store import Authorizations, Stores, TokenKeys
from publisher.tiktok.tokens import Tokens
from publisher.tiktok.vault import Vault, fingerprint
from shopsync_contracts import TOPICS, new_event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import LISTING_EVENTS, PUSH_COMMANDS
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess, json_lines

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
BOTH = f"{NEW},{OLD}"
LEASE = timedelta(seconds=60)
PRODUCTS = [f"P-{number}" for number in range(12)]


@pytest.fixture
def publisher_settings():
    return {"token_key": OLD, "token_key_lease": timedelta(milliseconds=600)}


class Replica:
    """The keyring of another process, over the same database; it acts when a test says so."""

    def __init__(self, world, keys):
        self.vault = Vault(SecretStr(keys))
        self.store = Authorizations(world.database)
        no_client: Any = None
        self.tokens = Tokens(self.store, no_client, self.vault, world.clock, deadline=timedelta(seconds=5))
        self.woken = []
        self.keyring = Keyring(
            self.vault,
            self.tokens,
            Stores.of(world.database),
            KeyringSettings("other", LEASE, timedelta(minutes=15)),
            clock=world.clock,
            on_readable=self.woken.extend,
        )


async def silence(demo):
    """Stop the publisher of the fixture, and remove its announcement."""
    for task in demo.runtime.tasks:
        await task.stop()
    await demo.database["token_keys"].delete_many({})


async def record(demo):
    return await Authorizations(demo.database).get("demo")


async def test_a_replica_without_a_name_is_told_from_others_on_its_host(demo):
    [announced] = await demo.database["token_keys"].find().to_list()
    assert announced["replica"].endswith(f" (process {os.getpid()})")


async def test_a_record_of_an_earlier_version_is_read_and_its_key_noted(demo):
    await silence(demo)
    await demo.database["authorizations"].update_one({}, {"$unset": {"sealed_with": ""}})
    one = Replica(demo, OLD)
    await one.keyring.round()
    assert (await record(demo)).sealed_with == fingerprint(OLD)
    await one.tokens.access("demo")


async def test_the_new_key_seals_once_every_replica_has_it(demo):
    await silence(demo)
    old, both = Replica(demo, OLD), Replica(demo, BOTH)
    await old.keyring.join()
    await both.keyring.join()
    assert both.vault.in_use == fingerprint(OLD)
    assert (await record(demo)).sealed_with == fingerprint(OLD)
    await demo.database["token_keys"].delete_one({"keys": [fingerprint(OLD)]})  # its lease ends
    with capture_logs() as logs:
        await both.keyring.round()
    assert both.vault.in_use == (await record(demo)).sealed_with == fingerprint(NEW)
    assert "no tokens are sealed with an older key any more" in [entry["event"] for entry in logs]
    token = (await both.tokens.access("demo")).token
    assert (await Replica(demo, NEW).tokens.access("demo")).token == token


async def test_a_replica_without_the_key_leaves_the_shop_to_others_until_they_reencrypt(demo):
    await silence(demo)
    both = Replica(demo, BOTH)
    await both.keyring.join()
    assert (await record(demo)).sealed_with == fingerprint(NEW)
    late = Replica(demo, OLD)
    await late.keyring.join()
    assert late.tokens.set_aside == {"demo"}
    assert fingerprint(OLD) in (late.keyring.missing() or "")
    assert (await record(demo)).blocked is None
    with pytest.raises(KeyMissing):
        await late.tokens.access("demo")
    await both.keyring.round()
    await late.keyring.round()
    assert (late.tokens.set_aside, late.woken, late.keyring.missing()) == (set(), ["demo"], None)
    await late.tokens.access("demo")


@pytest.mark.parametrize("noted", [True, False])
async def test_with_the_key_gone_the_shop_is_blocked_and_with_the_key_back_it_goes_on_at_once(demo, noted):
    await demo.store()
    await silence(demo)
    if not noted:
        await demo.database["authorizations"].update_one({}, {"$unset": {"sealed_with": ""}})
    wrong = Replica(demo, NEW)
    await wrong.keyring.join()
    await demo.command("A-100", reason="auto")
    await demo.database["push_jobs"].update_one({}, {"$set": {"due_at": demo.clock() + timedelta(minutes=15)}})
    blocked = await record(demo)
    assert blocked.blocked[0] == "token_key"
    assert blocked.blocked_until > demo.clock() + timedelta(minutes=14)
    assert wrong.tokens.set_aside == set(), "its pushes are told why they wait"
    right = Replica(demo, f"{NEW},{OLD}")
    await right.keyring.join()
    assert (await record(demo)).blocked is None
    assert right.woken == ["demo"]
    job = await demo.job("demo/A-100")
    assert job is None or job["due_at"] <= demo.clock(), "due at once, or done already"


async def test_a_publisher_that_gets_its_key_back_sends_without_waiting(demo):
    """The whole publisher: with a wrong key a push fails with the cause, with the right key it is sent."""
    await demo.store()
    kept = await demo.database["authorizations"].find_one({"_id": "demo"})
    stranger = Vault(SecretStr(NEW))
    lost = {name: stranger.seal(SecretStr("x")) for name in ("access_token", "refresh_token")}
    await demo.database["authorizations"].update_one({"_id": "demo"}, {"$set": {**lost, "sealed_with": None}})
    await eventually(lambda: blocked_by_key(demo))
    await demo.push("A-100", reason="auto")
    (failed,) = demo.events("push.failed")
    assert (failed["code"], failed["status"]) == ("token_key", "sync_error")
    back = {name: kept[name] for name in ("access_token", "refresh_token", "sealed_with")}
    await demo.database["authorizations"].update_one({"_id": "demo"}, {"$set": back})
    await eventually(lambda: demo.events("push.succeeded"))
    assert demo.clock.offset == timedelta(0), "PUBLISHER_BLOCKED_WAIT, 15 minutes, was not waited for"


async def blocked_by_key(demo):
    found = await record(demo)
    return found.blocked is not None and found.blocked[0] == "token_key"


async def test_another_cause_of_a_block_stays(demo):
    await silence(demo)
    await Authorizations(demo.database).block("demo", ("105005", "scope"), demo.clock() + timedelta(minutes=15))
    await Replica(demo, OLD).keyring.join()
    assert (await record(demo)).blocked == ("105005", "scope")


async def test_no_key_is_stored_or_logged(demo):
    await silence(demo)
    with capture_logs() as logs:
        both, late = Replica(demo, BOTH), Replica(demo, OLD)
        for replica in (both, late, both):
            await replica.keyring.join()
    stored = await demo.database["token_keys"].find().to_list()
    assert {tuple(document["keys"]) for document in stored} == {
        (fingerprint(NEW), fingerprint(OLD)),
        (fingerprint(OLD),),
    }
    assert not [key for key in (OLD, NEW) if key in str(logs) + str(stored)]


async def test_a_silent_replica_counts_until_its_lease_ends(demo):
    await silence(demo)
    keys = TokenKeys(demo.database)
    await keys.announce("one", KeyHolder("a", ("k1",)), timedelta(milliseconds=200))
    await keys.announce("two", KeyHolder("b", ("k2",)), LEASE)
    assert {holder.replica for holder in await keys.heard_of()} == {"a", "b"}

    async def only_b():
        return {holder.replica for holder in await keys.heard_of()} == {"b"}

    await eventually(only_b)


# Two processes -------------------------------------------------------------------------------------------------


class Traffic:
    """Pushes changing products until stopped, and collects their listing events."""

    def __init__(self, bootstrap, prefix, database):
        self._bootstrap, self._prefix, self._database = bootstrap, prefix, database
        self.events: list[dict[str, Any]] = []
        self.sent = 0

    @contextlib.asynccontextmanager
    async def going_on(self):
        topic = LISTING_EVENTS.full_name(self._prefix)
        producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap)
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        await producer.start()
        await consumer.start()
        tasks = [asyncio.create_task(self._send(producer)), asyncio.create_task(self._listen(consumer))]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await producer.stop()
            await consumer.stop()

    async def _send(self, producer):
        while True:
            product_no = PRODUCTS[self.sent % len(PRODUCTS)]
            self.sent += 1
            changes = {"content.name": f"名前 {self.sent}", "content_version": self.sent}
            await self._database["products"].update_one({"_id": f"demo/{product_no}"}, {"$set": changes})
            body = PushRequested(shop_key="demo", product_no=product_no, reason="manual")
            event = new_event(body, source="/test", id=str(uuid4()), time=datetime.now(UTC))
            await producer.send_and_wait(PUSH_COMMANDS.full_name(self._prefix), event.to_bytes(), key=event.key())
            await asyncio.sleep(0.1)

    async def _listen(self, consumer):
        async for message in consumer:
            self.events.append(json.loads(message.value))

    def of(self, kind):
        return [event for event in self.events if f".{kind}." in event["type"]]

    async def more(self, count=5):
        """Wait for further pushes that succeed."""
        before = len(self.of("push.succeeded"))
        await eventually(lambda: len(self.of("push.succeeded")) >= before + count, what="pushes go on")


@pytest.mark.timeout(600)
async def test_two_publishers_change_their_key_one_after_the_other_while_pushes_go_on(
    kafka_bootstrap, mongo_uri, mongo_database, mongo_client, topic_prefix, tmp_path, document, picture
):
    database = mongo_client[mongo_database]
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(spec.full_name(topic_prefix), 2, 1) for spec in TOPICS])
    await admin.close()
    sandbox = TikTokSandbox(settings=Settings(review_seconds=None, requests_per_second=None))
    files = Starlette(routes=[Route("/1.jpg", lambda _: Response(picture("1"), media_type="image/jpeg"))])

    async def sealed_with(key):
        return (await Authorizations(database).get("demo")).sealed_with == fingerprint(key)

    async with running(sandbox.app) as tiktok_url, running(files) as images_url:
        await database["shops"].insert_one({"_id": "demo", "category_version": "v1"})
        images = {"images": [f"{images_url}/1.jpg"]}
        await database["products"].insert_many([document(product_no, content=images) for product_no in PRODUCTS])

        def publisher(name, keys):
            environment = {
                "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
                "SHOPSYNC_MONGO_URI": mongo_uri,
                "SHOPSYNC_MONGO_DATABASE": mongo_database,
                "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
                "SHOPSYNC_INSTANCE_ID": name,
                "PUBLISHER_TOKEN_KEY": keys,
                "PUBLISHER_TOKEN_KEY_LEASE": "8s",
                "PUBLISHER_IMAGE_ALLOW_PRIVATE": "true",
                "PUBLISHER_JOB_LEASE": "3s",
                "PUBLISHER_TIKTOK_API_URL": tiktok_url,
                "PUBLISHER_TIKTOK_AUTH_URL": tiktok_url,
                "PUBLISHER_TIKTOK_APP_KEY": sandbox.identity.app_key,
                "PUBLISHER_TIKTOK_APP_SECRET": sandbox.identity.app_secret,
            }
            return ServiceProcess("publisher", env=environment, folder=tmp_path, name=name)

        async with contextlib.AsyncExitStack() as stack:
            alive = {}

            async def roll(name, keys, *, ready=True):
                if name in alive:
                    assert await alive[name].terminate() == 0
                alive[name] = publisher(name, keys)
                stack.push_async_exit(alive[name])
                await alive[name].start(wait=ready)
                return alive[name]

            first = await roll("a", OLD)
            await roll("b", OLD)
            code = sandbox.tokens.mint_code(["demo"]).value
            async with httpx.AsyncClient(base_url=first.url) as http:
                answer = await http.get("/oauth/tiktok/callback", params={"code": code, "state": "demo"})
            assert answer.status_code == 200, answer.text

            async with Traffic(kafka_bootstrap, topic_prefix, database).going_on() as traffic:
                await traffic.more()
                await roll("a", BOTH)
                sandbox.tokens.expire("demo")  # whoever refreshes seals with what both can open
                await traffic.more()
                assert await sealed_with(OLD)
                # the wrong order, too early: this one cannot open anything, is not ready, and the other goes on
                hasty = await roll("b", NEW, ready=False)
                await eventually(lambda: sealed_with(NEW), what="the one with both keys helps")
                await hasty.ready()
                await roll("b", OLD)  # taken back
                await eventually(lambda: sealed_with(OLD), what="and helps again")
                await traffic.more()
                # as it should be
                await roll("b", BOTH)
                await eventually(lambda: sealed_with(NEW), what="all have the new key")
                sandbox.tokens.expire("demo")
                await traffic.more()
                await roll("a", NEW)
                await roll("b", NEW)
                await traffic.more()
                assert await sealed_with(NEW)
                assert (await Authorizations(database).get("demo")).blocked is None
                assert traffic.of("push.failed") == []
                assert traffic.of("push.skipped") == []
        told = [line["event"] for name in alive for line in json_lines(tmp_path / f"{name}.log")]
        assert "no tokens are sealed with an older key any more" in told
        assert "tokens cannot be read" not in told
