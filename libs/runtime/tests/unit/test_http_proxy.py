"""Which calls go through which proxy, and what is told when it does not work."""

import asyncio
import contextlib
import ssl
from datetime import timedelta

import httpx
import pytest
import uvloop
from pydantic import SecretStr
from structlog.testing import capture_logs
from web_proxy import web_proxy

from shopsync_runtime import file_secrets
from shopsync_runtime.file_secrets import FileSecret
from shopsync_runtime.http_client import AnswerLost, DeadlinePassed, NotSent, exchange
from shopsync_runtime.http_connections import Connections, web_context
from shopsync_runtime.http_proxy import ProxyAddress, ProxyRules, read_proxy
from shopsync_runtime.tls import TlsFiles
from shopsync_testkit.certificates import Authority

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def rules(address, no_proxy="", environ=None):
    return ProxyRules.of(None if address is None else SecretStr(address), no_proxy, environ or {})


class Elsewhere(ProxyRules):
    """Rules for which this machine is like any other: the tests' servers are here."""

    def proxy_for(self, scheme, host, port):
        return self.by_scheme[scheme].proxy()


def elsewhere(address):
    found = rules(address)
    return Elsewhere(found.by_scheme, found.exceptions)


@pytest.mark.parametrize(
    ("address", "host", "port", "login"),
    [
        ("http://proxy.corp:3128", "proxy.corp", 3128, None),
        ("http://proxy.corp", "proxy.corp", 80, None),
        ("https://proxy.corp/", "proxy.corp", 443, None),
        ("proxy.corp:3128", "proxy.corp", 3128, None),
        ("http://[::1]:3128", "::1", 3128, None),
        ("http://a:b%40c%3Ad@proxy:1", "proxy", 1, (b"a", b"b@c:d")),
        ("http://%E3%81%82:@proxy:1", "proxy", 1, ("あ".encode(), b"")),
    ],
)
def test_an_address_is_read_as_people_write_it(address, host, port, login):
    proxy = read_proxy(address, "X")
    assert (proxy.host, proxy.port, proxy.login) == (host, port, login)
    assert "login" not in repr(proxy)


@pytest.mark.parametrize(
    "address",
    [
        "socks5://u:s3cret@proxy:1",
        "ftp://u:s3cret@proxy",
        "http://u:s3cret@proxy:port",
        "http://u:s3cret@",
        "http://u:s3cret@proxy..corp:1",
        "http://p/x",
    ],
)
def test_another_address_is_refused_and_not_repeated(address):
    with pytest.raises(ValueError, match=r"^SHOPSYNC_HTTP_PROXY: http://\[user:password@\]host:port") as caught:
        rules(address)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "direct"),
    [
        ("", "api.example.jp", None, False),
        ("example.jp", "api.example.jp", None, True),
        (".example.jp", "api.example.jp", None, True),
        (" a, EXAMPLE.jp ,", "api.Example.JP.", None, True),
        ("*.example.jp", "example.jp", None, True),
        ("ample.jp", "api.example.jp", None, False),
        ("*", "api.example.jp", None, True),
        ("example.jp:8443", "example.jp", 443, False),
        ("example.jp:8443", "example.jp", 8443, True),
        ("10.0.0.0/8", "10.1.2.3", None, True),
        ("10.0.0.0/8", "11.1.2.3", None, False),
        ("10.1.2.3", "10.1.2.3", None, True),
        ("fd00::/8", "fd00::1", None, True),
        ("[fd00::1]:443", "[fd00::1]", 443, True),
        ("10.0.0.0/8", "ten.example.jp", None, False),
        ("", "127.0.0.1", 8080, True),
        ("", "localhost", 80, True),
        ("", "::1", 80, True),
    ],
)
def test_exceptions_are_called_directly(no_proxy, host, port, direct):
    found = rules("http://proxy:3128", no_proxy).proxy_for("https", host, port)
    assert (found is None) == direct


def test_without_a_setting_the_environment_counts():
    environ = {"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "ALL_PROXY": "c:1", "NO_PROXY": "x.jp"}
    found = rules(None, environ=environ)
    assert (found.proxy_for("https", "y.jp", None).host, found.proxy_for("http", "y.jp", None).host) == ("a", "c")
    assert found.proxy_for("https", "x.jp", None) is None
    assert rules("http://ours:1", environ=environ).proxy_for("https", "x.jp", None).host == "ours"
    assert rules(None).proxy_for("https", "y.jp", None) is None
    with pytest.raises(ValueError, match=r"^all_proxy: http://"):
        rules(None, environ={"all_proxy": "socks5://u:s3cret@p:1"})


@contextlib.asynccontextmanager
async def origin(context=None, answer=OK):
    """A server, and the requests that it got."""
    requests = []

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield listener.sockets[0].getsockname()[1], requests
    finally:
        listener.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def served(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server().both)
    return context


def played(scenario):
    """Under both loops: uvloop's transports differ from asyncio's."""
    asyncio.run(scenario())
    uvloop.run(scenario())


def asked(url, **extensions):
    return httpx.Request("POST", url, content=b"", extensions=extensions)


async def ask(transport, url, within=5, **extensions):
    return await exchange(transport, asked(url, **extensions), within=timedelta(seconds=within), max_bytes=100)


def test_https_goes_through_a_tunnel_that_is_used_again(authority, served):
    async def scenario():
        async with origin(served) as (port, requests), web_proxy(login="me:s3cret") as proxy:
            here = proxy.url.replace("//", "//me:s3cret@")
            context = web_context(TlsFiles("HTTP", authority.certificate))
            async with Connections(ssl_context=context, proxies=elsewhere(here)) as transport:
                for _ in range(2):
                    answer = await ask(transport, f"https://127.0.0.1:{port}/", target=b"/a?sign=1")
                    assert answer.content == b"ok"
        assert proxy.asked == [f"CONNECT 127.0.0.1:{port}"]
        assert [one.split(b"\r\n")[0] for one in requests] == [b"POST /a?sign=1 HTTP/1.1"] * 2
        assert b"proxy-authorization" not in b"".join(requests).lower()

    played(scenario)


def test_a_proxy_may_itself_be_spoken_to_by_tls(authority, served):
    async def scenario():
        async with origin(served) as (port, requests), web_proxy(context=served) as proxy:
            context = web_context(TlsFiles("HTTP", authority.certificate))
            async with Connections(ssl_context=context, proxies=elsewhere(proxy.url)) as transport:
                assert (await ask(transport, f"https://127.0.0.1:{port}/")).content == b"ok"
        assert (proxy.asked, len(requests)) == ([f"CONNECT 127.0.0.1:{port}"], 1)

    played(scenario)


def test_a_log_in_that_was_replaced_counts_after_a_refusal(authority, served, tmp_path, monkeypatch):
    monkeypatch.setattr(file_secrets, "_LOOK_EVERY_SECONDS", 0.0)

    async def scenario():
        async with origin(served) as (port, _), web_proxy(login="me:new") as proxy:
            path = tmp_path / "proxy"
            path.write_text(proxy.url.replace("//", "//me:old@"))
            secret = FileSecret("SHOPSYNC_HTTP_PROXY_FILE", path)
            found = Elsewhere({"https": ProxyAddress("SHOPSYNC_HTTP_PROXY", secret)})
            context = web_context(TlsFiles("HTTP", authority.certificate))
            async with Connections(ssl_context=context, proxies=found) as transport:
                with pytest.raises(NotSent, match="407"):
                    await ask(transport, f"https://127.0.0.1:{port}/")
                path.write_text(proxy.url.replace("//", "//me:new@"))
                assert (await ask(transport, f"https://127.0.0.1:{port}/")).content == b"ok"

    played(scenario)


def test_an_address_that_becomes_unusable_leaves_the_last_one_in_force(tmp_path, monkeypatch):
    monkeypatch.setattr(file_secrets, "_LOOK_EVERY_SECONDS", 0.0)
    path = tmp_path / "proxy"
    path.write_text("http://me:s3cret@old:1")
    found = ProxyRules.of(FileSecret("SHOPSYNC_HTTP_PROXY_FILE", path), "", {})
    path.write_text("socks5://me:s3cret@half")
    with capture_logs() as logs:
        assert [found.proxy_for(scheme, "shop.test", None).host for scheme in ("https", "http", "https")] == ["old"] * 3
    (told,) = [one for one in logs if one["log_level"] == "warning"]
    assert told["problem"].startswith("SHOPSYNC_HTTP_PROXY: http://[user")
    assert "s3cret" not in str(logs)
    path.write_text("http://me:s3cret@new:1")
    assert found.proxy_for("https", "shop.test", None).host == "new"


def test_http_is_forwarded(authority):
    async def scenario():
        async with origin() as (port, requests), web_proxy(login="me:s3cret") as proxy:
            here = proxy.url.replace("//", "//me:s3cret@")
            async with Connections(proxies=elsewhere(here)) as transport:
                answer = await ask(transport, f"http://127.0.0.1:{port}/", target=b"/a?b=c")
                assert answer.content == b"ok"
        assert proxy.asked == [f"POST http://127.0.0.1:{port}/a?b=c"]
        assert requests[0].startswith(b"POST /a?b=c HTTP/1.1")

    played(scenario)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("407", "refuses: 407"),
        ("403 Forbidden", "refuses: 403 Forbidden"),
        ("silent", "not through the proxy .*Timeout"),
        ("cut", "not through the proxy .*RemoteProtocolError"),
    ],
)
def test_what_the_proxy_does_not_let_through_was_not_sent(served, scheme, mode, told):
    """So a write is not of unknown outcome. Over plain HTTP only a refusal of the log-in can be told apart."""

    async def scenario():
        login = "me:s3cret" if mode == "407" else None
        expected: type[Exception] = NotSent
        told_then: str | None = told
        if scheme == "http" and mode in ("silent", "cut"):
            expected, told_then = AnswerLost, None
        async with (
            web_proxy(login=login, mode="serve" if login else mode) as proxy,
            Connections(proxies=elsewhere(proxy.url), timeout=0.5 if mode == "silent" else 60) as transport,
        ):
            if scheme == "http" and mode.startswith("403"):
                assert (await ask(transport, "http://shop.test/")).status == 403
                return
            with pytest.raises(expected, match=told_then) as caught:
                await ask(transport, f"{scheme}://shop.test/", within=60)
        if expected is NotSent:
            assert f"proxy 127.0.0.1:{proxy.port} " in str(caught.value)
            assert "check SHOPSYNC_HTTP_PROXY" in str(caught.value)
        assert "s3cret" not in str(caught.value)

    played(scenario)


def test_a_call_that_is_given_up_while_its_tunnel_is_made_does_not_stop_the_next(authority, served):
    async def scenario():
        is_silent = True

        async def serve(reader, writer):
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                if is_silent:
                    await reader.read()
                else:
                    await writer.start_tls(served)
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(OK)
                    await writer.drain()
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/"
        context = web_context(TlsFiles("HTTP", authority.certificate))
        async with web_proxy() as proxy, Connections(ssl_context=context, proxies=elsewhere(proxy.url)) as transport:
            with pytest.raises(DeadlinePassed):
                await ask(transport, url, within=0.2)
            is_silent = False
            assert (await ask(transport, url)).content == b"ok"
        listener.close()

    played(scenario)


def test_a_refusal_by_the_server_behind_a_tunnel_is_the_servers(authority, served):
    """It has got the request, so it must not look like one that was not sent."""

    async def scenario():
        refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
        context = web_context(TlsFiles("HTTP", authority.certificate))
        async with (
            origin(served, refusal) as (port, requests),
            web_proxy() as proxy,
            Connections(ssl_context=context, proxies=elsewhere(proxy.url)) as transport,
        ):
            assert (await ask(transport, f"https://127.0.0.1:{port}/")).status == 407
        assert len(requests) == 1

    played(scenario)


def test_a_proxy_that_is_down_is_named():
    async def scenario():
        async with web_proxy() as proxy:
            pass
        async with Connections(proxies=elsewhere(proxy.url)) as transport:
            with pytest.raises(NotSent, match=f"not through the proxy 127.0.0.1:{proxy.port} .*SHOPSYNC_HTTP_PROXY"):
                await ask(transport, "https://shop.test/")

    played(scenario)


def test_a_proxy_that_signs_by_itself_needs_its_authority(authority, served):
    async def scenario():
        async with (
            origin(served) as (port, requests),
            web_proxy() as proxy,
            Connections(proxies=elsewhere(proxy.url)) as transport,
        ):
            with pytest.raises(NotSent, match="certificate verify failed"):
                await ask(transport, f"https://127.0.0.1:{port}/")
        assert requests == []

    played(scenario)


def test_an_answer_that_is_lost_behind_the_proxy_stays_lost(authority, served):
    """The request may have been carried out."""

    async def scenario():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=served)
        port = listener.sockets[0].getsockname()[1]
        context = web_context(TlsFiles("HTTP", authority.certificate))
        async with web_proxy() as proxy, Connections(ssl_context=context, proxies=elsewhere(proxy.url)) as transport:
            with pytest.raises(AnswerLost):
                await ask(transport, f"https://127.0.0.1:{port}/")
        listener.close()

    played(scenario)
