"""`shopsync shops list|show|authorize`: whether shops are authorised at TikTok Shop, and how they become so."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from consents import NOW, consent
from cryptography.fernet import Fernet
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from publisher.app import build
from publisher.settings import PublisherSettings
from publisher.store import AppTroubles, Authorizations
from shopsync_cli import publisher_http
from shopsync_cli.errors import CommandFailed, WrongCall
from shopsync_cli.publisher_http import code_of
from shopsync_runtime import Runtime
from shopsync_runtime.settings import CommonSettings
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ROW_abc", "ROW_abc"),
        (" ROW_abc\n", "ROW_abc"),
        ("https://shop.example/oauth/tiktok/callback?app_key=k&code=ROW_a%2Bc&locale=ja-JP", "ROW_a+c"),
        ("code=ROW_abc&state=s", "ROW_abc"),
    ],
)
def test_a_code_may_be_the_whole_address(text, code):
    assert code_of(text) == code


def test_an_address_without_a_code_is_refused():
    with pytest.raises(WrongCall, match="no code"):
        code_of("https://shop.example/?code=&state=s")


class Publisher:
    """A publisher wired by its composition root, its HTTP port and routes only."""

    def __init__(self, url, sandbox, database):
        self.url, self.sandbox, self.database = url, sandbox, database

    @property
    def options(self):
        return ("--publisher", self.url)

    def code(self, *shops):
        return self.sandbox.tokens.mint_code(shops).value


@pytest_asyncio.fixture(loop_scope="session")
async def publisher(mongo_uri, mongo_database):
    sandbox = TikTokSandbox(shops=("demo", "other"), settings=Settings(review_seconds=None))
    async with running(sandbox.app) as tiktok:
        common = CommonSettings(
            kafka_bootstrap_servers="127.0.0.1:1", mongo_uri=mongo_uri, mongo_database=mongo_database
        )
        runtime = Runtime("publisher", common)
        settings = PublisherSettings(
            tiktok_api_url=tiktok,
            tiktok_auth_url=tiktok,
            tiktok_consent_url=f"{tiktok}/open/authorize",
            tiktok_service_id=sandbox.identity.service_id,
            tiktok_app_key=sandbox.identity.app_key,
            tiktok_app_secret=sandbox.identity.app_secret,
            token_key=Fernet.generate_key().decode(),
            settings_grace=timedelta(milliseconds=100),
        )
        build(runtime, settings)
        for hook in runtime.start_hooks:
            await hook()
        await runtime.database["shops"].insert_one({"_id": "demo", "category_version": "v1"})
        async with running(Starlette(routes=runtime.routes)) as url:
            sandbox.settings.redirect_url = f"{url}/oauth/tiktok/callback"
            yield Publisher(url, sandbox, runtime.database)
        for hook in reversed(runtime.stop_hooks):
            await hook()
        await runtime.mongo.close()


@pytest.fixture
def ops(shopsync, publisher, mongo_uri, mongo_database):
    """The command against this database."""

    async def run(*words, **more):
        return await shopsync("--mongo", mongo_uri, "--database", mongo_database, *words, **more)

    return run


async def test_the_printed_address_authorises_the_shop_in_a_browser(ops, publisher):
    (url,) = (await ops("shops", "authorize", "demo", *publisher.options)).stdout.splitlines()
    async with httpx.AsyncClient() as browser:
        page = await browser.get(f"{url}&shop=demo", follow_redirects=True)
    assert "認証が完了しました" in page.text


async def test_the_command_waits_for_the_seller(ops, publisher):
    waiting = asyncio.create_task(ops("shops", "authorize", "demo", "--wait", "--timeout", "20", *publisher.options))
    start = f"{publisher.url}/oauth/tiktok/start?shop_key=demo"
    async with asyncio.timeout(120), httpx.AsyncClient() as browser:
        while not waiting.done():  # the first consent may come before the command waits: then another follows
            consent = (await browser.get(start)).headers["location"]
            assert (await browser.get(f"{consent}&shop=demo", follow_redirects=True)).status_code == 200
            await asyncio.wait({waiting}, timeout=2)
    ended = await waiting
    assert (ended.exit_code, ended.stdout.splitlines()[-1]) == (0, "demo: authorised")


async def test_waiting_for_a_renewal_does_not_take_the_old_consent_for_the_new(ops, publisher):
    await ops("shops", "authorize", "demo", "--code", publisher.code("demo"), *publisher.options)
    ended = await ops("shops", "authorize", "demo", "--wait", "--timeout", "1", *publisher.options)
    assert ended.exit_code == 1
    assert "was not authorised within 1 s; the address still works" in ended.stderr


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            httpx.ConnectError("All attempts failed"),
            "is not reachable at http://x.test: no connection (nothing listens",
        ),
        (httpx.ReadTimeout(""), "is not reachable at http://x.test: no answer within 60 s; set --publisher"),
        (httpx.RemoteProtocolError("?code=secret"), "is not reachable at http://x.test: the connection was cut; set"),
        (httpx.Response(500, json={}), "the publisher refuses (HTTP 500): it gives no reason"),
        (httpx.Response(409, json={"error": {"message": "in words"}}), "the publisher refuses (HTTP 409): in words"),
    ],
    ids=str,
)
async def test_what_the_publisher_does_not_do_is_told_in_words(monkeypatch, answer, told):
    async def get(_self, _url, **_query):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx.AsyncClient, "get", get)
    with pytest.raises(CommandFailed) as failed:
        await publisher_http.Publisher("http://x.test").consent_url("demo", None)
    assert told in str(failed.value)
    assert "secret" not in str(failed.value)


async def test_a_code_completes_it_without_a_browser(ops, publisher):
    code = publisher.code("demo")
    ended = await ops("shops", "authorize", "demo", "--code", code, *publisher.options)
    shop = publisher.sandbox.world.shop("demo")
    assert ended.exit_code == 0, ended.stderr
    assert f"authorised as TikTok shop {shop.id}" in ended.stdout
    again = await ops("shops", "authorize", "demo", "--code", code, *publisher.options)
    assert again.exit_code == 1
    assert "works once and for 30 minutes" in again.stderr
    assert code not in again.stderr + again.stdout


async def test_several_shops_are_told_apart_by_an_option(ops, publisher):
    ended = await ops("shops", "authorize", "demo", "--code", publisher.code(), *publisher.options)
    ids = [shop.id for shop in publisher.sandbox.world.shops.values()]
    assert ended.exit_code == 1
    assert all(one in ended.stderr for one in ids)
    code = publisher.code()
    ended = await ops("shops", "authorize", "demo", "--tiktok-shop", ids[1], "--code", code, *publisher.options)
    assert ended.exit_code == 0, ended.stderr
    assert ids[1] in ended.stdout


@pytest.mark.parametrize(
    ("shop", "code", "words"),
    [("nobody", "x", "shops put"), ("demo", "x", "oauth/tiktok/start?shop_key=demo"), ("demo", "code=", "no code")],
)
async def test_what_goes_wrong_names_what_helps(ops, publisher, shop, code, words):
    ended = await ops("shops", "authorize", shop, "--code", code, *publisher.options)
    assert ended.exit_code in {1, 2}
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


async def test_an_absent_or_strange_publisher_is_named(shopsync):
    ended = await shopsync("shops", "authorize", "demo", "--publisher", "http://127.0.0.1:1")
    assert (ended.exit_code, "SHOPSYNC_PUBLISHER_URL" in ended.stderr) == (1, True)
    ended = await shopsync("shops", "authorize", "demo", env={"SHOPSYNC_PUBLISHER_URL": "ftp://x"})
    assert (ended.exit_code, "'ftp://x' is no http" in ended.stderr) == (2, True)

    async def html(_request):
        return HTMLResponse("hello")

    async def starting(_request):
        return JSONResponse({"error": "starting or stopping"}, 503)

    for answer, words in ((html, "not as a publisher"), (starting, "starting or stopping")):
        async with running(Starlette(routes=[Route("/oauth/tiktok/start", answer)])) as url:
            ended = await shopsync("shops", "authorize", "demo", "--publisher", url)
        assert (ended.exit_code, words in ended.stderr) == (1, True), ended.stderr


async def test_a_shop_is_shown_with_its_authorisation_and_never_a_token(ops, publisher):
    before = await ops("shops", "show", "demo")
    assert "not authorised" in before.stdout
    assert "shopsync shops authorize demo" in before.stdout
    await ops("shops", "authorize", "demo", "--code", publisher.code("demo"), *publisher.options)
    shop = publisher.sandbox.world.shop("demo")
    shown = await ops("shops", "show", "demo")
    listed = await ops("shops", "list", "--json")
    document = (await ops("shops", "show", "demo", "--json")).json()
    assert document["authorization"]["state"] == "authorised"
    assert document["authorization"]["tiktok_shop_id"] == shop.id
    assert document["open_pushes"] == 0
    assert listed.json()[0]["authorization"]["state"] == "authorised"
    stored = await publisher.database["authorizations"].find_one({"_id": "demo"})
    secrets = (stored["access_token"].decode(), stored["refresh_token"].decode(), shop.cipher, "ROW_")
    for text in (shown.stdout, listed.stdout, json.dumps(document)):
        assert not [secret for secret in secrets if secret in text]


async def test_every_shop_with_settings_or_consent_is_listed(ops, publisher):
    await ops("shops", "authorize", "demo", "--code", publisher.code("demo"), *publisher.options)
    await publisher.database["shops"].insert_one({"_id": "fresh", "sync": {"mode": "manual"}})
    await publisher.database["shops"].delete_one({"_id": "demo"})
    found = {one["shop_key"]: one for one in (await ops("shops", "list", "--json")).json()}
    assert {key: one["authorization"]["state"] for key, one in found.items()} == {
        "demo": "authorised",
        "fresh": "not authorised",
    }
    assert "no settings: `shopsync shops put demo`" in (await ops("shops", "list")).stdout


async def test_an_unknown_shop_is_answered_with_those_there_are(ops, publisher):
    ended = await ops("shops", "show", "dmeo")
    assert (ended.exit_code, "with settings: demo" in ended.stderr) == (1, True)


async def test_trouble_of_the_app_is_told_once_and_not_shop_by_shop(ops, publisher):
    cause = (
        "clock",
        "timestamp is older than 5 minutes (this machine's clock is 600 s behind TikTok's: set the clock)",
    )
    await AppTroubles(publisher.database).note("publisher-0", cause, since=NOW, now=datetime.now(UTC))
    ended = await ops("shops", "list")
    assert ended.stderr.count("600 s behind") == 1
    assert "publisher publisher-0" in ended.stderr
    assert "600 s" not in ended.stdout


async def test_operators_read_states_and_no_tokens(shopsync, mongo_with_users):
    """With the roles of deploy/mongo/roles.json the publisher creates the view, and the operator reads only that."""

    def uri(user):
        return f"mongodb://{user}:p-{user}@127.0.0.1:{mongo_with_users}/?authSource=shopsync&replicaSet=rs0"

    async with AsyncMongoClient(uri("publisher")) as client:
        database = client["shopsync"]
        store = Authorizations(database)
        await store.ensure_indexes()
        for _ in range(2):
            await store.ensure_view()
        await AppTroubles(database).ensure_indexes()
        document = consent(access_token=b"sealed", refresh_token=b"sealed", cipher="c", version=1)
        await database["authorizations"].replace_one({"_id": "demo"}, {"_id": "demo", **document}, upsert=True)
    async with AsyncMongoClient(uri("operator")) as client:
        with pytest.raises(OperationFailure, match="not authorized"):
            await client["shopsync"]["authorizations"].find_one()
    shown = await shopsync("--mongo", uri("operator"), "shops", "show", "demo", "--json")
    assert shown.exit_code == 0, shown.stderr
    assert shown.json()["authorization"]["tiktok_shop_id"] == "7000"
    assert "sealed" not in shown.stdout
    other = await shopsync("--mongo", uri("janitor"), "shops", "list", "--json")
    assert {one["authorization"]["state"] for one in other.json()} <= {"unknown"}
