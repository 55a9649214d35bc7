"""Product pictures: the product's own address only, bounded, checked by content, never from a private network."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from console.picture_files import PictureFiles, media_type
from shopsync_runtime.public_addresses import AllowedAddresses

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n"


@asynccontextmanager
async def server(answer):
    """Gives the bytes to every request; `asked` are the paths."""
    asked = []

    async def serve(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        asked.append(request.split(b" ")[1].decode())
        writer.write(answer)
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield f"http://127.0.0.1:{port}", asked


@pytest.fixture
async def files():
    fetcher = PictureFiles(AllowedAddresses(allow_private=True), max_bytes=1000)
    yield fetcher
    await fetcher.aclose()


async def product(world, *images, shop_key="demo", number="A-1"):
    one = {"_id": f"{shop_key}/{number}", "content": {"images": list(images)}}
    await world.database["products"].insert_one({**one, "shop_key": shop_key, "product_no": number})


def test_the_kind_is_that_of_the_first_bytes():
    assert media_type(PNG) == "image/png"
    assert media_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert media_type(b"RIFF....WEBPVP8 ") == "image/webp"
    assert [media_type(one) for one in (b"", b"<svg/>", b"GIF89a", b"<html>", b"RIFF....WAVE")] == [None] * 5


async def test_an_image_is_shown_whatever_its_server_calls_it(files):
    async with server(HEAD + b"\r\n" + PNG) as (address, _):
        picture = await files.fetch("demo", f"{address}/1.png")
    assert (picture.content, picture.media_type) == (PNG, "image/png")


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"\r\n<script>alert(1)</script>",
        HEAD + b"\r\n" + PNG + bytes(1000),
        b"HTTP/1.1 404 No\r\nconnection: close\r\n\r\n" + PNG,
        b"nonsense",
        b"HTTP/1.1 302 Found\r\nlocation: /again\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_everything_else_is_not(files, answer):
    async with server(answer) as (address, _):
        assert await files.fetch("demo", f"{address}/1.png") is None


async def test_a_server_that_does_not_answer_holds_up_no_other_shop(files):
    async def wait(_reader, _writer):
        await asyncio.sleep(60)

    silent = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with silent, server(HEAD + b"\r\n" + PNG) as (address, _):
        slow = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/1.png"
        waiting = [asyncio.create_task(files.fetch("slow", slow)) for _ in range(30)]
        await asyncio.sleep(0)
        assert await files.fetch("demo", f"{address}/1.png") is not None
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@pytest.mark.parametrize(
    "address", ["", "file:///etc/passwd", "/1.png", "http://u:p@127.0.0.1/", "http://[", "ftp://a/"]
)
async def test_an_address_that_is_none_is_not_asked(files, address):
    assert await files.fetch("demo", address) is None


async def test_a_private_address_is_not_asked(world):
    async with server(HEAD + b"\r\n" + PNG) as (address, asked):
        await product(world, f"{address}/1.png")
        shown = await world.client.get("/products/A-1/picture")
    assert shown.headers["content-type"].startswith("image/svg+xml")
    assert not asked


async def test_a_redirect_to_a_private_address_is_not_followed():
    async def look_up(host, port):
        return ["203.104.130.1"] if host == "shop.example" else ["127.0.0.1"]

    fetcher = PictureFiles(AllowedAddresses(allow_private=False, lookup=look_up))
    try:
        assert await fetcher.fetch("demo", "http://inside.example/1.png") is None
    finally:
        await fetcher.aclose()


class TestWithASandbox:
    @pytest.fixture
    def settings(self):
        return {"image_allow_private": True}

    async def test_the_address_is_the_products_own(self, world):
        async with server(HEAD + b"\r\n" + PNG) as (address, asked):
            await product(world, f"{address}/1.png", f"{address}/2.png")
            shown = await world.client.get("/products/A-1/picture?n=1&address=http://127.0.0.1/x")
            past = await world.client.get("/products/A-1/picture?n=7")
        assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
        assert shown.headers["x-content-type-options"] == "nosniff"
        # Who logs in to another shop afterwards has another cookie, and is not shown what the browser kept.
        assert [(one.headers["cache-control"][:7], one.headers["vary"]) for one in (shown, past)] == [
            ("private", "Cookie")
        ] * 2
        assert past.headers["content-type"].startswith("image/svg+xml")
        assert asked == ["/2.png"]

    async def test_another_shops_picture_is_not_there(self, world):
        await product(world, "http://127.0.0.1:1/1.png", shop_key="other", number="B-1")
        assert (await world.client.get("/products/B-1/picture")).status_code == 404
        assert (await world.client.get("/products/B-1/picture?n=x")).status_code == 404
        assert (await world.stranger.get("/products/B-1/picture")).status_code == 303
