"""The HTTP client for futureshop, through the proxy that the environment names (HTTPS_PROXY, NO_PROXY)."""

import os
from collections.abc import MutableMapping

import httpx
import structlog

from shopsync_runtime import SettingsError

log = structlog.get_logger(__name__)

_EXCEPTIONS = ("no_proxy", "NO_PROXY")


def http_client(timeout_seconds: float, environ: MutableMapping[str, str] = os.environ) -> httpx.AsyncClient:
    """Raises SettingsError when the proxy's address cannot be used.

    Entries of NO_PROXY that httpx cannot read, such as IPv6 addresses and ranges (`::1`, `fd00::/8`), are left out with
    a warning: clusters set them for everybody, and futureshop is none of them.
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
        # Not the value: a proxy's address may hold a password.
        raise SettingsError(f"HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: cannot be used: {type(error).__name__}") from error


def _is_readable(entry: str) -> bool:
    """As httpx turns an entry into a pattern for URLs."""
    try:
        httpx.URL(entry if "://" in entry else f"all://*{entry}")
    except httpx.InvalidURL:
        return False
    return True
