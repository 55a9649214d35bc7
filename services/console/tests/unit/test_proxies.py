"""The client's address, by which failed log-ins are counted, is that of the proxy as long as no proxy is named."""

import pytest
import structlog
from starlette.applications import Starlette

from console.settings import ConsoleSettings
from console.web.application import behind_proxies


@pytest.mark.parametrize(
    ("url", "proxies", "is_told"),
    [
        ("https://console.example.jp", "", True),
        ("https://console.example.jp", "10.0.0.0/8", False),
        ("http://127.0.0.1:8085", "", False),
    ],
)
def test_a_console_behind_a_proxy_that_is_not_named_says_so(url, proxies, is_told):
    with structlog.testing.capture_logs() as logs:
        behind_proxies(Starlette(), ConsoleSettings(public_url=url, trusted_proxies=proxies))
    assert [one["set"] for one in logs] == (["CONSOLE_TRUSTED_PROXIES"] if is_told else [])
