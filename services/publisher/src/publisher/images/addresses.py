"""Which addresses images may be fetched from (guard against server-side request forgery)."""

import ipaddress

from publisher.errors import ImageUnreachable, ImageUnusable
from shopsync_runtime.http_connections import Resolve, in_order, look_up

_IPV4_IN_IPV6 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))
"""IPv4-mapped addresses and the well-known prefix of NAT64: the last 32 bits are the IPv4 address."""
_OTHERS = (
    ipaddress.ip_network("192.0.0.0/24"),  # reserved by the IETF; a cloud keeps its metadata there
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's host agent, inside every virtual network
    ipaddress.ip_network("2002::/16"),  # 6to4: may lead to any IPv4 address
)


class AllowedAddresses:
    """Resolves hosts to public addresses only, unless `allow_private`.

    A name is resolved once per connection, and only addresses that were checked are connected to: a second DNS answer
    cannot lead elsewhere (DNS rebinding). TLS is still verified against the name.
    """

    def __init__(self, *, allow_private: bool, lookup: Resolve = look_up) -> None:
        self._allow_private = allow_private
        self._lookup = lookup

    async def __call__(self, host: str, port: int) -> list[str]:
        """Raises ImageUnusable for a private address, ImageUnreachable for a name that is not resolved."""
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
        return in_order(ips)


def is_public(ip: str) -> bool:
    """Whether it is none of private, loopback, link-local, multicast, reserved or a cloud's own, nor wraps one."""
    parsed = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and any(parsed in network for network in _IPV4_IN_IPV6):
        parsed = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
    if any(parsed.version == network.version and parsed in network for network in _OTHERS):
        return False
    is_site_local = isinstance(parsed, ipaddress.IPv6Address) and parsed.is_site_local
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or is_site_local)
