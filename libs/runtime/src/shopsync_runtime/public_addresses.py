"""Connections to public addresses only, for files whose address somebody else chose (server-side request forgery)."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

from shopsync_runtime.errors import PermanentError, RetryableError

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, in the order in which they are tried. What it raises is raised to whoever asks."""

_NEXT_ADDRESS_SECONDS = 3.0
"""How long an address is tried while there is another one. Chosen."""

_IPV4_IN_IPV6 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""IPv4-mapped addresses and the well-known prefix of NAT64: the last 32 bits are the IPv4 address."""
_OTHERS = (
    ipaddress.ip_network("192.0.0.0/24"),  # reserved by the IETF; a cloud keeps its metadata there
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's host agent, inside every virtual network
    ipaddress.ip_network("2002::/16"),  # 6to4: may lead to any IPv4 address
)


async def look_up(host: str, port: int) -> list[str]:
    """The host's addresses as the system resolves them. Raises OSError, UnicodeError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


_NOT_PUBLIC = (
    *(".localhost", ".localdomain", ".local", ".internal", ".intranet"),
    *(".private", ".corp", ".home", ".lan", ".home.arpa"),
)
"""Ends of names that the internet does not know, by RFC 6761, 6762 and 8375, by ICANN, and by habit."""


class NameUnknown(RetryableError):
    """A name has no address now."""


class PrivateAddress(PermanentError):
    """A host leads to an address that is not public."""


class AllowedAddresses:
    """Resolves hosts to public addresses only, unless `allow_private`. To at least one.

    A name is resolved once per connection, and only addresses that were checked are connected to: a second DNS answer
    cannot lead elsewhere (DNS rebinding). TLS is still verified against the name.
    """

    def __init__(self, *, allow_private: bool, lookup: Resolve = look_up) -> None:
        self._allow_private = allow_private
        self._lookup = lookup

    async def __call__(self, host: str, port: int) -> list[str]:
        """Raises PrivateAddress, or NameUnknown for a name that is not resolved."""
        try:
            ips = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise NameUnknown(f"{host}: the name cannot be resolved") from error
        if not ips:
            raise NameUnknown(f"{host}: the name has no address")
        if not self._allow_private:
            private = next((ip for ip in ips if not is_public(ip)), None)
            if private is not None:
                raise PrivateAddress(f"{host}: images are not fetched from private addresses ({private})")
        # IPv4 first: a host with both must stay reachable from a machine without IPv6.
        return sorted(dict.fromkeys(ips), key=lambda ip: ":" in ip)


class ResolvedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that `resolve` gives for a host, and to nothing else."""

    def __init__(self, resolve: Resolve, *, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._resolve = resolve
        self._network = network if network is not None else httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """By the first address that answers. Raises what `resolve` raises, and httpcore's errors for the last one."""
        *others, last = await self._resolve(host, port)
        for ip in others:
            try:
                return await self._network.connect_tcp(ip, port, _NEXT_ADDRESS_SECONDS, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(last, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Part of httpcore's interface."""
        await self._network.sleep(seconds)


def may_be_public(host: str) -> bool:
    """Whether a host may lead to a public address, by what is written alone: no name is resolved."""
    name = host.rstrip(".").lower()
    try:
        return is_public(name)
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001 and 2130706433 are 127.0.0.1
        return is_public(socket.inet_ntoa(socket.inet_aton(name)))
    except (OSError, UnicodeError):
        return "." in name and not name.endswith(_NOT_PUBLIC)


def is_public(ip: str) -> bool:
    """Whether it is none of private, loopback, link-local, multicast, reserved or a cloud's own, nor wraps one."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and any(parsed in network for network in _IPV4_IN_IPV6):
        parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    if any(parsed.version == network.version and parsed in network for network in _OTHERS):
        return False
    is_site_local = isinstance(parsed, ipaddress.IPv6Address) and parsed.is_site_local
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or is_site_local)
