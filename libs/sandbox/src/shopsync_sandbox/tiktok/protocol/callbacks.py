"""Which addresses TikTok can send webhooks to."""

import ipaddress
from urllib.parse import urlsplit

from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code


def check_address(address: str | None, *, loopback: bool) -> str:
    """The rule for addresses: https, a domain, no port; with `loopback` also http on this machine."""
    if not address or len(address) > 255:
        raise ApiError(Code.INVALID_PARAM, "invalid param: address must have 1 to 255 characters")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ApiError(Code.INVALID_PARAM, f"invalid param: address: {error}") from error
    if loopback and parts.scheme in {"http", "https"} and _is_loopback(host):
        return address
    if parts.scheme != "https" or port is not None or _is_ip(host) or "." not in host:
        raise ApiError(Code.INVALID_PARAM, "invalid param: address must be https with a domain and no port or IP")
    return address


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
