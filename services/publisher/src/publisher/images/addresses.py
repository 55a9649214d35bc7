"""Which addresses images may be fetched from (guard against server-side request forgery)."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from publisher.errors import ImageUnreachable, ImageUnusable

Lookup = Callable[[str, int], Awaitable[list[str]]]

_IPV4_IN_IPV6 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""IPv4-mapped, and NAT64's well-known prefix: the last 32 bits are the address that is reached."""
_OTHERS = (
    ipaddress.ip_network("192.0.0.0/24"),  # IETF's own; a cloud keeps its metadata there
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's host agent, inside every virtual network
    ipaddress.ip_network("2002::/16"),  # 6to4, whose relays nobody knows
)


async def look_up(host: str, port: int) -> list[str]:
    """The host's addresses as the system resolves it. Raises OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only, unless `allow_private`.

    A name is resolved once per connection, and only the addresses that were checked are connected to, so that a second
    DNS answer cannot lead elsewhere (DNS rebinding). The name itself stays the request's: TLS is verified against it.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        lookup: Lookup = look_up,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._lookup = lookup
        self._network = network if network is not None else httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises ImageUnusable for a private address, ImageUnreachable for a name that is not resolved."""
        ips = await self._allowed(host, port)
        for ip in ips[:-1]:
            try:
                return await self._network.connect_tcp(ip, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(ips[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """As the network below does."""
        await self._network.sleep(seconds)

    async def _allowed(self, host: str, port: int) -> list[str]:
        try:
            ips = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise ImageUnreachable("image_host", f"{host}: the name cannot be resolved") from error
        if not ips:
            raise ImageUnreachable("image_host", f"{host}: the name has no address")
        if not self._allow_private:
            private = next((ip for ip in ips if not is_public(ip)), None)
            if private is not None:
                raise ImageUnusable(
                    "image_private", f"{host}: images are not fetched from private addresses ({private})"
                )
        # IPv4 first: a host with both must stay reachable from a machine without IPv6.
        return sorted(dict.fromkeys(ips), key=lambda ip: ":" in ip)


def is_public(ip: str) -> bool:
    """Neither private, loopback, link-local, multicast, reserved nor a cloud's own, nor an IPv6 wrapping of one."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and any(parsed in network for network in _IPV4_IN_IPV6):
        parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    if any(parsed.version == network.version and parsed in network for network in _OTHERS):
        return False
    is_site_local = isinstance(parsed, ipaddress.IPv6Address) and parsed.is_site_local
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or is_site_local)
