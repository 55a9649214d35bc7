"""The HTTP client for futureshop. It uses the proxy of the environment (HTTPS_PROXY, NO_PROXY)."""

import os
from collections.abc import MutableMapping

import httpx
import structlog

from shopsync_runtime import SettingsError

log = structlog.get_logger(__name__)

_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def http_client(timeout_seconds: float, environ: MutableMapping[str, str] = os.environ) -> httpx.AsyncClient:
    """Create the client. Raises SettingsError when the proxy's address is invalid.

    Entries of NO_PROXY that httpx cannot read, such as IPv6 addresses and ranges (`::1`, `fd00::/8`), are ignored with
    a warning. Clusters set them for all pods, and futureshop is not among them.
    """
    for name in _EXCEPTIONS:
        if name in environ:
            entries = [entry.strip() for entry in environ[name].split(",")]
            kept = [entry for entry in entries if _is_readable(entry)]
            if len(kept) < len(entries):
                log.warning("entries left out", variable=name, entries=[one for one in entries if one not in kept])
                environ[name] = ",".join(kept)
    try:
        return httpx.AsyncClient(timeout=timeout_seconds)
    except (httpx.InvalidURL, ValueError, ImportError) as error:
        # Without the value, since a proxy's address may contain a password.
        raise SettingsError(f"HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: cannot be used: {type(error).__name__}") from error


def _is_readable(entry: str) -> bool:
    """Whether httpx can turn the entry into a URL pattern."""
    try:
        httpx.URL(entry if "://" in entry else f"all://*{entry}")
    except httpx.InvalidURL:
        return False
    return True
