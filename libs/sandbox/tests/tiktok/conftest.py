"""A sandbox on loopback, a clock that can be moved, and a small signing client."""

import asyncio
import copy
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from shopsync_sandbox.serving import running
from shopsync_sandbox.tiktok import Settings, TikTokSandbox, request_sign

PRODUCTS = "/product/202309/products"


class MovableClock:
    """Real time, plus what a test adds."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return time.time() + self.ahead


def picture(width=400, height=400, colour="white", kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


@dataclass
class Api:
    """Signs and sends requests. A test can make every part wrong."""

    sandbox: TikTokSandbox
    url: str
    http: httpx.AsyncClient
    clock: MovableClock
    shop_key: str = "demo"
    token: str = ""
    uploads: list = field(default_factory=list)

    @property
    def shop(self):
        return self.sandbox.world.shop(self.shop_key)

    def query(self, *, cipher=True, **more):
        given = {"app_key": self.sandbox.identity.app_key, "timestamp": str(int(self.clock())), **more}
        return {**given, "shop_cipher": self.shop.cipher} if cipher and "shop_cipher" not in given else given

    async def send(self, method, path, *, query, body=b"", headers=None, sign=True):
        """One request; `sign` False leaves the signature out, a string replaces it."""
        headers = {"x-tts-access-token": self.token, "content-type": "application/json", **(headers or {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        if sign is True:
            secret = self.sandbox.identity.app_secret
            sign = request_sign(secret, path, query.items(), body, headers.get("content-type"))
        signed = query if sign is False else {**query, "sign": sign}
        return await self.http.request(method, self.url + path, params=signed, content=body, headers=headers)

    async def call(self, method, path, document=None, *, cipher=True, **query):
        """The envelope of a signed call."""
        body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode()
        return (await self.send(method, path, query=self.query(cipher=cipher, **query), body=body)).json()

    async def ok(self, method, path, document=None, **query):
        envelope = await self.call(method, path, document, **query)
        assert envelope["code"] == 0, envelope
        return envelope["data"]

    async def upload(self, content=None, use_case="MAIN_IMAGE", *, query=None):
        path, boundary = "/product/202309/images/upload", "sandboxtest"
        parts = (
            f'--{boundary}\r\ncontent-disposition: form-data; name="use_case"\r\n\r\n{use_case}\r\n'
            f'--{boundary}\r\ncontent-disposition: form-data; name="data"; filename="a.png"\r\n\r\n'
        ).encode()
        body = parts + (picture() if content is None else content) + f"\r\n--{boundary}--\r\n".encode()
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        answer = await self.send("POST", path, query=query or self.query(cipher=False), body=body, headers=headers)
        return answer.json()

    async def body(self, **changes):
        """A valid listing with two colours."""
        if not self.uploads:
            self.uploads.append((await self.upload())["data"])
        warehouse = next(w.id for w in self.shop.warehouses if w.is_default)
        whole = {
            "save_mode": "LISTING",
            "category_version": "v1",
            "category_id": "601234",
            "title": "手編みコットンソックス 2色",
            "description": "<p>国内で編んだ綿の靴下です。</p>",
            "main_images": [{"uri": self.uploads[0]["uri"]}],
            "product_attributes": [
                {"id": "100398", "values": [{"id": "1001001"}]},
                {"id": "100701", "values": [{"name": "日本"}]},
            ],
            "package_weight": {"value": "120", "unit": "GRAM"},
            "package_dimensions": {"length": "24", "width": "12", "height": "3", "unit": "CENTIMETER"},
            "skus": [
                {
                    "seller_sku": f"SOX-{colour}",
                    "sales_attributes": [{"id": "100000", "value_name": colour}],
                    "price": {"amount": "1980", "currency": "JPY"},
                    "inventory": [{"warehouse_id": warehouse, "quantity": 25}],
                }
                for colour in ("ネイビー", "グレー")
            ],
        }
        return {**copy.deepcopy(whole), **changes}

    async def create(self, **changes):
        return await self.ok("POST", PRODUCTS, await self.body(**changes))

    async def get(self, product_id, **query):
        return await self.ok("GET", f"{PRODUCTS}/{product_id}", **query)

    async def live(self, **changes):
        """A product that passed its review."""
        created = await self.create(**changes)
        self.sandbox.reviews.approve(self.sandbox.product(created["product_id"]))
        return created

    async def edit_body(self, created, **changes):
        """A full edit that keeps all SKUs and sends neither price nor stock."""
        body = await self.body(**changes)
        if "skus" not in changes:
            for sku, known in zip(body["skus"], created["skus"], strict=True):
                del sku["price"], sku["inventory"]
                sku["id"] = known["id"]
        return body

    async def edit(self, created, **changes):
        return await self.call("PUT", f"{PRODUCTS}/{created['product_id']}", await self.edit_body(created, **changes))

    async def control(self, method, path, document=None):
        answer = await self.http.request(method, f"{self.url}/_sandbox{path}", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(name="picture")
def picture_fixture():
    return picture


@asynccontextmanager
async def served(*, shops=("demo", "other"), seed="tests", **settings) -> AsyncIterator[Api]:
    """By default no timer decides reviews and no rate is limited."""
    defaults = {"review_seconds": None, "requests_per_second": None}
    clock = MovableClock()
    sandbox = TikTokSandbox(seed=seed, shops=shops, settings=Settings(**{**defaults, **settings}), clock=clock)
    async with running(sandbox.app) as url, httpx.AsyncClient(timeout=10, trust_env=False) as http:
        token = sandbox.authorise(shops[0]).access.value
        yield Api(sandbox, url, http, clock, shop_key=shops[0], token=token)


@pytest.fixture
def serve():
    """Start a sandbox with its own settings: `async with serve(review_seconds=…) as api`."""
    return served


@pytest.fixture
async def api():
    async with served() as client:
        yield client


@pytest.fixture(scope="module")
async def refusing():
    """One sandbox for all tests whose requests are only refused: they do not change it."""
    async with served() as client:
        yield client


@dataclass
class Hook:
    body: bytes
    signature: str


class Receiver:
    """Receives webhooks. `answers` are the statuses of the next replies, then 200; `delay` in seconds."""

    def __init__(self):
        self.requests: list[Hook] = []
        self.answers: list[int] = []
        self.delay = 0.0
        self.at_once = self.most_at_once = 0
        self.url = ""

    def documents(self):
        return [json.loads(request.body) for request in self.requests]

    async def take(self, request):
        self.requests.append(Hook(await request.body(), request.headers["authorization"]))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.delay)
        self.at_once -= 1
        return Response(status_code=self.answers.pop(0) if self.answers else 200)


@pytest.fixture
async def receiver():
    taker = Receiver()
    async with running(Starlette(routes=[Route("/hook", taker.take, methods=["POST"])])) as url:
        taker.url = f"{url}/hook"
        yield taker
