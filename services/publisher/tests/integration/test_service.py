"""The publisher as a process of its own: a command on Kafka becomes a listing and an event."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from cryptography.fernet import Fernet
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from shopsync_contracts import TOPICS, new_event
from shopsync_contracts.events import PushRequested
from shopsync_contracts.topics import LISTING_EVENTS, PUSH_COMMANDS
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox
from shopsync_testkit.polling import eventually
from shopsync_testkit.processes import ServiceProcess


@pytest.fixture
def environment(kafka_bootstrap, mongo_uri, mongo_database, topic_prefix):
    return {
        "SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "SHOPSYNC_MONGO_URI": mongo_uri,
        "SHOPSYNC_MONGO_DATABASE": mongo_database,
        "SHOPSYNC_TOPIC_PREFIX": topic_prefix,
        "PUBLISHER_TOKEN_KEY": Fernet.generate_key().decode(),
        "PUBLISHER_IMAGE_ALLOW_PRIVATE": "true",
        "PUBLISHER_SEARCH_LAG": "1s",
        "PUBLISHER_JOB_LEASE": "3s",
        "PUBLISHER_REVIEW_POLL_INTERVAL": "2s",
        "SHOPSYNC_KAFKA_SESSION_TIMEOUT": "6s",
        "SHOPSYNC_INSTANCE_ID": "publisher-0",  # the next process takes the killed one's place at once
    }


async def create_topics(bootstrap: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(spec.full_name(prefix), 1, 1) for spec in TOPICS])
    finally:
        await admin.close()


async def told(bootstrap: str, topic: str, count: int) -> list[dict]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        events: list[dict] = []
        async with asyncio.timeout(120):
            while len({event["id"] for event in events}) < count:
                events.append(json.loads((await consumer.getone()).value))
        return events
    finally:
        await consumer.stop()


@asynccontextmanager
async def shop(database, environment, document, picture):
    """A sandbox with reviews and webhooks, and a product to push; completes the environment."""
    sandbox = TikTokSandbox(settings=Settings(review_seconds=0.1))
    files = Starlette(routes=[Route("/1.jpg", lambda _: Response(picture("1"), media_type="image/jpeg"))])
    async with running(sandbox.app) as tiktok_url, running(files) as images_url:
        environment |= {
            "PUBLISHER_TIKTOK_API_URL": tiktok_url,
            "PUBLISHER_TIKTOK_AUTH_URL": tiktok_url,
            "PUBLISHER_TIKTOK_APP_KEY": sandbox.identity.app_key,
            "PUBLISHER_TIKTOK_APP_SECRET": sandbox.identity.app_secret,
        }
        await database["shops"].insert_one({"_id": "demo", "category_version": "v1"})
        await database["products"].insert_one(document(content={"images": [f"{images_url}/1.jpg"]}))
        yield sandbox


async def authorise(sandbox: TikTokSandbox, service: ServiceProcess) -> None:
    code = sandbox.tokens.mint_code(["demo"]).value
    async with httpx.AsyncClient(base_url=service.url) as http:
        answer = await http.get("/oauth/tiktok/callback", params={"code": code, "state": "demo"})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def database(mongo_client, mongo_database):
    return mongo_client[mongo_database]


async def test_from_command_to_event(environment, topic_prefix, database, tmp_path, document, picture):
    bootstrap = environment["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"]
    await create_topics(bootstrap, topic_prefix)
    async with shop(database, environment, document, picture) as sandbox:
        service = ServiceProcess("publisher", env=environment, folder=tmp_path)
        sandbox.settings.webhook_url = f"{service.url}/webhooks/tiktok"
        async with service:
            await authorise(sandbox, service)
            await publish(bootstrap, topic_prefix, document)
            pushed, reviewed = await told(bootstrap, LISTING_EVENTS.full_name(topic_prefix), 2)
            assert await service.terminate() == 0
    assert pushed["type"] == "jp.shopsync.push.succeeded.v1"
    assert pushed["source"] == "/shopsync/publisher"
    assert (pushed["data"]["action"], pushed["data"]["skus"][0]["stock_sent"]) == ("created", 7)
    assert (reviewed["type"], reviewed["data"]["review"]) == ("jp.shopsync.review.changed.v1", "approved")
    assert environment["PUBLISHER_TIKTOK_APP_SECRET"] not in service.log.read_text()


@pytest.mark.reliability(5)
@pytest.mark.parametrize("failpoint", ["publisher_before_create", "publisher_after_create", "publisher_recorded"])
async def test_reliability_5_a_crash_in_mid_create(
    environment, topic_prefix, database, tmp_path, document, picture, failpoint
):
    """Crash point 5: one listing, its stock sent once, its event published."""
    bootstrap = environment["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"]
    await create_topics(bootstrap, topic_prefix)
    async with shop(database, environment, document, picture) as sandbox:
        doomed = ServiceProcess("publisher", env={**environment, "SHOPSYNC_FAILPOINT": failpoint}, folder=tmp_path)
        await doomed.start()
        await authorise(sandbox, doomed)
        await publish(bootstrap, topic_prefix, document)
        assert await doomed.exited() == -9
        async with ServiceProcess("publisher", env=environment, folder=tmp_path):
            pushed, *_ = await told(bootstrap, LISTING_EVENTS.full_name(topic_prefix), 2)
        assert pushed["data"]["action"] == "created"
        assert pushed["data"]["skus"][0]["stock_sent"] == 7
        assert set(sandbox.journal.creates_per_sku.values()) == {1}
        assert max(sandbox.journal.stock_writes.values()) == 1


@pytest.mark.reliability(5)
@pytest.mark.parametrize("failpoint", ["publisher_before_edit", "publisher_after_edit", "publisher_recorded:2"])
async def test_reliability_5_a_crash_in_mid_edit(
    environment, topic_prefix, database, tmp_path, document, picture, sku, failpoint
):
    """The new content is sent, the stock of the new SKU once, and none of the old one."""
    bootstrap, topic = environment["SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS"], LISTING_EVENTS.full_name(topic_prefix)
    await create_topics(bootstrap, topic_prefix)
    async with shop(database, environment, document, picture) as sandbox:
        axes = {"axes": {"vertical": "サイズ"}}
        await database["products"].update_one({}, {"$set": {**axes, "skus": [sku("M")]}})
        doomed = ServiceProcess("publisher", env={**environment, "SHOPSYNC_FAILPOINT": failpoint}, folder=tmp_path)
        await doomed.start()
        await authorise(sandbox, doomed)
        await publish(bootstrap, topic_prefix, document)
        await told(bootstrap, topic, 1)
        changes = {"content.name": "新しい", "content_version": 2, "skus": [sku("M", stock=99), sku("L", stock=4)]}
        await database["products"].update_one({}, {"$set": changes})
        await publish(bootstrap, topic_prefix, document)
        assert await doomed.exited() == -9
        async with ServiceProcess("publisher", env=environment, folder=tmp_path):

            async def edited():
                return [event for event in await told(bootstrap, topic, 2) if event["data"].get("action") == "edited"]

            (event, *_) = await eventually(edited)
            assert event["data"]["content_version"] == 2
            (product,) = sandbox.world.shop("demo").products.values()
            newest = product.in_review or product.content
            assert newest.title == "新しい"
            assert dict(sandbox.journal.stock_writes) == {("demo", "A-100_M"): 1, ("demo", "A-100_L"): 1}
            assert sandbox.journal.done["creates"] == 1


async def publish(bootstrap: str, prefix: str, document) -> None:
    body = PushRequested(shop_key="demo", product_no="A-100", reason="manual")
    event = new_event(body, source="/test", id="1", time=document()["changed_at"])
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        await producer.send_and_wait(PUSH_COMMANDS.full_name(prefix), event.to_bytes(), key=event.key())
    finally:
        await producer.stop()
