"""The real publisher, over the sandbox's TikTok Shop, and the one that other tests use speak the same."""

from typing import Any

import httpx
import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from fake_publisher import FakePublisher
from pydantic import SecretStr
from starlette.applications import Starlette

from console.errors import PublisherUnavailable
from console.publisher_api import Certificate, PublisherApi
from publisher.app import build
from publisher.settings import PublisherSettings
from shopsync_runtime import Runtime
from shopsync_runtime.settings import CommonSettings
from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox

TOKEN = FakePublisher().token
CONSOLE = "http://127.0.0.1:8085"


@pytest_asyncio.fixture
async def real(mongo_uri, mongo_database, mongo_client):
    """A publisher's routes for the authorised shop `demo`, and the sandbox; `new` is not authorised."""
    sandbox = TikTokSandbox(shops=("demo",), settings=Settings(requests_per_second=None))
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
            internal_token=TOKEN,
            console_url=CONSOLE,
            settings_grace="PT0.1S",
        )
        build(runtime, settings)
        await mongo_client[mongo_database]["shops"].insert_many([{"_id": "demo"}, {"_id": "new"}])
        for hook in runtime.start_hooks:
            await hook()
        try:
            async with running(Starlette(routes=runtime.routes)) as url, httpx.AsyncClient(base_url=url) as http:
                sandbox.settings.redirect_url = f"{url}/oauth/tiktok/callback"
                code = sandbox.tokens.mint_code(["demo"]).value
                await http.get("/oauth/tiktok/callback", params={"code": code, "state": "demo"})
                yield url, sandbox
        finally:
            for hook in reversed(runtime.stop_hooks):
                await hook()
            await runtime.mongo.close()


@pytest_asyncio.fixture
async def fake():
    async with running(FakePublisher().app) as url:
        yield url


def shape(value: Any) -> Any:
    """Names and types, without the values; of a list that of all its members together."""
    if isinstance(value, dict):
        return {name: shape(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [sorted({repr(shape(one)) for one in value})]
    return "text or null" if value is None or isinstance(value, str) else type(value).__name__


def without_lists_that_may_be_empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "values": [], "required_if": []} for row in rows]


async def test_both_speak_the_same(real, fake):
    url, _ = real
    shop = "/internal/shops/demo"
    headers = {"authorization": f"Bearer {TOKEN}"}
    asked = [
        ("GET", f"{shop}/categories", headers, None),
        ("GET", f"{shop}/categories/601234/requirements", headers, None),
        ("GET", f"{shop}/categories/601000/requirements", headers, None),
        ("GET", f"{shop}/brands?text=%E3%81%8D%E3%81%AC", headers, None),
        ("POST", f"{shop}/consent", headers, {"return_to": "/authorization"}),
        ("GET", f"{shop}/categories", {}, None),
        ("POST", f"{shop}/consent", {"authorization": "Bearer else"}, {}),
        ("DELETE", f"{shop}/categories", headers, None),
        ("GET", "/internal/else", headers, None),
    ]
    async with httpx.AsyncClient(timeout=60.0) as http:
        for method, path, given, body in asked:
            replies = [await http.request(method, f"{base}{path}", headers=given, json=body) for base in (url, fake)]
            assert replies[0].status_code == replies[1].status_code, path
            if "json" not in replies[0].headers["content-type"]:
                continue
            documents = [reply.json() for reply in replies]
            for one in documents:
                if "attributes" in one:
                    one["attributes"] = without_lists_that_may_be_empty(one["attributes"])
                    one["certificates"] = []
            assert shape(documents[0]) == shape(documents[1]), path
            if "error" in documents[0]:
                assert documents[0]["error"]["code"] == documents[1]["error"]["code"], path


async def test_the_client_reads_what_the_real_one_answers(real):
    url, sandbox = real
    async with httpx.AsyncHTTPTransport() as http:
        api = PublisherApi(http, url, SecretStr(TOKEN))
        tree = await api.categories("demo")
        assert [one.name for one in tree.path("681100")] == ["ビューティー・パーソナルケア", "スキンケア", "化粧水"]
        assert [one.id for one in tree.matching("ペット ガム")] == ["692100"]
        fields = {one.name: one for one in (await api.requirements("demo", "681100")).fields}
        assert fields["有効成分"].required_if == {("100960", "1009601")}
        assert (fields["全成分"].custom, fields["全成分"].values) == (True, {})
        assert fields["内容量(mL)"].numeric
        documents = (await api.requirements("demo", "641100")).certificates
        assert documents == (Certificate("PSEマーク適合証明", required=True),)
        brands = await api.brands("demo", "ALDER", "681100")
        assert brands[0].name == "Alderwood Apparel"
        assert 5 <= len(brands) <= 10
        assert len(await api.brands("demo", "", None)) == 50
        address = await api.consent_address("new", "/authorization")
        assert f"/open/authorize?service_id={sandbox.identity.service_id}&state=" in address
        for shop, cause in (("new", "not_authorized"), ("nobody", "unknown_shop")):
            with pytest.raises(PublisherUnavailable, match=cause):
                await api.categories(shop)
        with pytest.raises(PublisherUnavailable, match="not_set_up"):
            await PublisherApi(http, url, SecretStr("another-token-of-16")).categories("demo")


async def test_the_consent_leads_back_to_the_console(real):
    url, _ = real
    async with httpx.AsyncHTTPTransport() as http, httpx.AsyncClient() as browser:
        api = PublisherApi(http, url, SecretStr(TOKEN))
        to_tiktok = await browser.get(await api.consent_address("demo"))
        back = await browser.get(to_tiktok.headers["location"])
        assert (back.status_code, back.headers["location"]) == (303, f"{CONSOLE}/authorization?consent=done")
