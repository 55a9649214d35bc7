"""Addresses of this console: where a request is, where a form may lead, and where it comes from."""

import ipaddress
import re
from urllib.parse import quote, urlsplit

from starlette.requests import Request

HOME = "/products"
# Clients go a step back for `..`, also for `%2e%2e`: such a number is written with a `~` before it, and so is one that
# looks like that, so that no two numbers share an address.
_STEPS = re.compile(r"~*\.\.?")
_STEPS_WRITTEN = re.compile(r"~+\.\.?")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
# Browsers read a backslash as a slash, and leave out tabs and line ends: /<tab>/evil.example is //evil.example.
_OWN = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]*")
_LONGEST = 4_000
_SITE_BITS = 64


def product_path(product_no: str) -> str:
    """The page of a product, whatever its number is; pages about it are below."""
    segment = f"~{product_no}" if _STEPS.fullmatch(product_no) else product_no
    return f"{HOME}/{quote(segment, safe='')}"


def product_of(request: Request) -> str:
    """The number for which `product_path` made the address."""
    segment = str(request.path_params["product_no"])
    return segment[1:] if _STEPS_WRITTEN.fullmatch(segment) else segment


def here_of(request: Request) -> str:
    """Path and query as the browser sent them: a product number may hold `?` and `#`, which are written %3F and %23."""
    scope = request.scope
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    path = quote(raw, safe=_PRINTABLE)
    query = quote(scope.get("query_string", b""), safe=_PRINTABLE)
    return f"{path}?{query}" if query else path


def page_of(request: Request, public_url: str) -> str:
    """Where the merchant is: the page itself, also when htmx asks for a part of it."""
    page = request.headers.get("hx-current-url", "")
    if not page.startswith(f"{public_url}/"):
        return here_of(request)
    parts = urlsplit(page)
    return own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def own_path(address: str) -> str:
    """A path of this console; the list for everything else, so that no link leads a log-in away from here."""
    return address if len(address) <= _LONGEST and _OWN.fullmatch(address) else HOME


def site_of(request: Request) -> str:
    """The client's address as failed log-ins are counted by it: of IPv6 the network, which one customer has whole."""
    host = "" if request.client is None else request.client.host
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:_SITE_BITS]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _SITE_BITS), strict=False))
