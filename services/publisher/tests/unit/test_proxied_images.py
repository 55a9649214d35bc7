"""Pictures through a company's proxy, which connects by itself: what is still checked here."""

import asyncio
import contextlib
from datetime import timedelta

import pytest
from web_proxy import web_proxy

from publisher.errors import ImageUnreachable, ImageUnusable
from publisher.images.addresses import AllowedAddresses
from publisher.images.fetching import Fetcher
from shopsync_runtime.http_proxy import ProxyRules, read_proxy

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nimage"


class Everything(ProxyRules):
    """Rules by which this machine is like any other."""

    def proxy_for(self, scheme, host, port):
        return read_proxy(self.exceptions[0], "SHOPSYNC_HTTP_PROXY")


@contextlib.asynccontextmanager
async def fetching(names, *, login=None):
    """A proxy, a server behind it, and a fetcher that knows these names."""

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    async def lookup(host, port):
        if host not in names:
            raise OSError("no such name")
        return [names[host]]

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with web_proxy(login=login) as proxy:
        fetcher = Fetcher(
            AllowedAddresses(allow_private=False, lookup=lookup),
            timeout=timedelta(seconds=5),
            max_bytes=100,
            proxies=Everything({}, (proxy.url,)),
        )
        try:
            yield fetcher, proxy, listener.sockets[0].getsockname()[1]
        finally:
            await fetcher.aclose()
            listener.close()


async def test_a_name_that_only_the_proxy_knows_is_left_to_it():
    async with fetching({}) as (fetcher, proxy, port):
        found = await fetcher.fetch(f"http://localhost:{port}/a.jpg", None)
    assert found.content == b"image"
    assert proxy.asked == [f"GET http://localhost:{port}/a.jpg"]


async def test_a_name_that_leads_to_a_private_address_is_not_asked_for():
    async with fetching({"inside.corp": "10.0.0.7", "10.0.0.7": "10.0.0.7"}) as (fetcher, proxy, _):
        for host in ("inside.corp", "10.0.0.7"):
            with pytest.raises(ImageUnusable, match="images are not fetched from private addresses"):
                await fetcher.fetch(f"https://{host}/a.jpg", None)
    assert proxy.asked == []


async def test_a_proxy_that_refuses_is_waited_for():
    async with fetching({"shop.jp": "203.0.114.7"}, login="me:s3cret") as (fetcher, proxy, _):
        with pytest.raises(ImageUnreachable, match=r"proxy 127.0.0.1:.* refuses: 407 .*; check SHOPSYNC_HTTP_PROXY"):
            await fetcher.fetch("https://shop.jp/a.jpg", None)
    assert proxy.asked == ["CONNECT shop.jp:443"]
