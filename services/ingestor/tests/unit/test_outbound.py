"""The environment's proxies, as clusters set them for everybody."""

import os

import httpx
import pytest

from ingestor.futureshop.outbound import http_client
from shopsync_runtime import SettingsError


@pytest.fixture
def environ(monkeypatch):
    """httpx reads the process's environment: the test's own, and nothing of the machine's."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("localhost,::1,fd00::/8,[::1],.svc", "localhost,.svc"),
        ("fe80::/10", ""),
        ("10.0.0.0/8, .example.jp ,fs.internal:8443,", "10.0.0.0/8, .example.jp ,fs.internal:8443,"),
        ("*", "*"),
    ],
)
async def test_exceptions_that_cannot_be_read_are_left_out(environ, name, value, kept):
    """With them httpx makes no client at all, and the service would not start."""
    environ.setenv("HTTPS_PROXY", "http://proxy:3128")
    environ.setenv(name, value)
    client = http_client(5)
    patterns = [pattern.pattern for pattern in client._mounts]
    await client.aclose()
    assert os.environ[name] == kept
    assert ("https://" in patterns) == (kept != "*")


async def test_without_a_proxy_nothing_is_mounted(environ):
    client = http_client(5)
    assert client._mounts == {}
    assert client.timeout == httpx.Timeout(5)
    await client.aclose()


@pytest.mark.parametrize("address", ["socks5://user:s3cret@proxy:1", "ftp://user:s3cret@proxy", "http://proxy:port"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(environ, address):
    environ.setenv("HTTPS_PROXY", address)
    with pytest.raises(SettingsError, match="HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: cannot be used") as caught:
        http_client(5)
    assert "s3cret" not in str(caught.value)
