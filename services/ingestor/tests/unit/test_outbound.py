"""Through which proxy futureshop is called."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from ingestor.futureshop.outbound import http_client
from shopsync_runtime import CommonSettings, SettingsError


@pytest.fixture
def environ(monkeypatch):
    """The test's own, and nothing of the machine's."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


def common(**settings):
    return CommonSettings(kafka_bootstrap_servers="kafka:9092", mongo_uri="mongodb://db", **settings)


async def proxy_of(settings):
    client = http_client(settings, timeout=timedelta(seconds=5))
    assert client.timeout == httpx.Timeout(5)
    transport: Any = client._transport
    proxy = transport._proxies.proxy_for("https", "fs.example.jp", None)
    await client.aclose()
    return proxy


async def test_without_a_proxy_it_is_called_directly(environ):
    assert await proxy_of(common()) is None


async def test_the_setting_goes_before_the_environment(environ):
    environ.setenv("HTTPS_PROXY", "http://clusters:3128")
    assert (await proxy_of(common())).host == "clusters"
    assert (await proxy_of(common(http_proxy="http://ours:3128"))).host == "ours"
    assert await proxy_of(common(http_proxy="http://ours:3128", http_no_proxy="example.jp")) is None


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    ("value", "direct"),
    [("localhost,::1,fd00::/8,[::1],.svc", False), ("10.0.0.0/8, .example.jp ,fs.internal:8443,", True), ("*", True)],
)
async def test_exceptions_as_clusters_set_them_for_everybody(environ, name, value, direct):
    environ.setenv("HTTPS_PROXY", "http://proxy:3128")
    environ.setenv(name, value)
    assert (await proxy_of(common()) is None) == direct


@pytest.mark.parametrize("address", ["socks5://user:s3cret@proxy:1", "ftp://user:s3cret@proxy", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(environ, address):
    environ.setenv("HTTPS_PROXY", address)
    with pytest.raises(SettingsError, match=r"^HTTPS_PROXY: http://") as caught:
        http_client(common(), timeout=timedelta(seconds=5))
    assert "s3cret" not in str(caught.value)
