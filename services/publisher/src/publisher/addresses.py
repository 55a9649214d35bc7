"""Which addresses images may be fetched from (guard against server-side request forgery)."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from publisher.errors import ImageUnreachable, ImageUnusable


async def resolve(address: str, *, allow_private: bool) -> str:
    """The IP address to connect to. Raises ImageUnusable for anything but http(s) to a public host.

    The caller connects to exactly this IP, so that a second DNS answer cannot lead elsewhere.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImageUnusable("image_address", f"{address}: no absolute http(s) address")
    if parts.username or parts.password:
        raise ImageUnusable("image_address", f"{parts.hostname}: addresses with a password are not fetched")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except ValueError as error:
        raise ImageUnusable("image_address", f"{address}: {error}") from error
    except OSError as error:
        raise ImageUnreachable("image_host", f"{parts.hostname}: the name cannot be resolved") from error
    ips = [str(entry[4][0]) for entry in found]
    if not allow_private:
        for ip in ips:
            if not is_public(ip):
                raise ImageUnusable("image_private", f"{address}: images are not fetched from private addresses ({ip})")
    # IPv4 first: a host with both must stay reachable from a machine without IPv6.
    return min(ips, key=lambda ip: ":" in ip)


def is_public(ip: str) -> bool:
    """Neither private, loopback, link-local, multicast, reserved, nor an IPv6 wrapping of one."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    if mapped is not None:
        parsed = mapped
    return parsed.is_global and not parsed.is_multicast
