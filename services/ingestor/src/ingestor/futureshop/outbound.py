"""The HTTP client for futureshop."""

from datetime import timedelta

import httpx

from shopsync_runtime import CommonSettings
from shopsync_runtime.http_connections import Connections, web_context


def http_client(common: CommonSettings, *, timeout: timedelta) -> httpx.AsyncClient:
    """Through a proxy where there is one (`http_proxy`). Raises SettingsError when its address is invalid."""
    return httpx.AsyncClient(
        transport=Connections(
            ssl_context=web_context(common.http_tls_files),
            proxies=common.http_proxies(),
        ),
        timeout=timeout.total_seconds(),
        trust_env=False,
    )
