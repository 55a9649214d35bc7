"""Which calls to the web go through a company's proxy, and through which.

`SHOPSYNC_HTTP_PROXY` and `SHOPSYNC_HTTP_NO_PROXY` decide. Without the first, what clusters set for every program
counts: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in small letters too.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import structlog
from pydantic import SecretStr

log = structlog.get_logger(__name__)

VARIABLE = "SHOPSYNC_HTTP_PROXY"
_PORTS = {"http": 80, "https": 443}
_SYNTAX = "http://[user:password@]host:port is expected, or https://…; @ : / % in user and password as %40 %3A %2F %25"


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy. `shown` is its address without user and password, `variable` where it comes from."""

    scheme: str
    host: str
    port: int
    login: tuple[bytes, bytes] | None = field(repr=False)
    variable: str

    @property
    def shown(self) -> str:
        """Its address for people."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """Its address for httpcore."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class ProxyAddress:
    """The address in a variable, or in a file that may be replaced while the service runs.

    A new address that cannot be used leaves the last one in force: somebody may be writing it.
    """

    def __init__(self, variable: str, address: SecretStr) -> None:
        """Raises ValueError that names the variable."""
        self._variable, self._address = variable, address
        self._text = address.get_secret_value()
        self._proxy = read_proxy(self._text, variable)

    def proxy(self) -> Proxy:
        """The proxy as the address is now."""
        text = self._address.get_secret_value()
        if text != self._text:
            self._text = text
            try:
                self._proxy = read_proxy(text, self._variable)
            except ValueError as error:
                log.warning("a proxy's address cannot be used, the last one stays in force", problem=str(error))
        return self._proxy


@dataclass(frozen=True, slots=True)
class ProxyRules:
    """Proxies by the scheme of the call, and the hosts that are called directly.

    This machine is always called directly. A secret from a file is read again for every connection.
    """

    by_scheme: Mapping[str, ProxyAddress]
    exceptions: tuple[str, ...] = ()

    @classmethod
    def of(cls, proxy: SecretStr | None, no_proxy: str, environ: Mapping[str, str]) -> "ProxyRules":
        """By the settings; without a proxy there, by the environment. Raises ValueError that names the variable."""
        if proxy is not None:
            return cls(dict.fromkeys(_PORTS, ProxyAddress(VARIABLE, proxy)), _entries(no_proxy))
        found = {scheme: one for scheme in _PORTS if (one := _of_environment(scheme, environ))}
        return cls(found, _entries(_either("NO_PROXY", environ)[1]))

    def proxy_for(self, scheme: str, host: str, port: int | None) -> Proxy | None:
        """The proxy for calls to this origin; None: directly."""
        known = self.by_scheme.get(scheme)
        if known is None or self._is_exception(host, port or _PORTS[scheme]):
            return None
        return known.proxy()

    def _is_exception(self, host: str, port: int) -> bool:
        name = host.strip("[]").rstrip(".").lower()
        return _is_this_machine(name) or any(_matches(entry, name, port) for entry in self.exceptions)


NO_PROXY = ProxyRules({})
"""Everything directly."""


def read_proxy(address: str, variable: str) -> Proxy:
    """Raises ValueError that names the variable and does not repeat the address."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
        (host or "").encode("idna")  # a name that nobody could look up, such as a..b
    except ValueError:
        raise ValueError(f"{variable}: {_SYNTAX}") from None
    if parts.scheme not in _PORTS or not host or port is None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{variable}: {_SYNTAX}")
    login = None
    if parts.username is not None:
        login = unquote(parts.username).encode(), unquote(parts.password or "").encode()
    return Proxy(parts.scheme, host, port, login, variable)


def _either(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The variable in small or large letters and its value; small ones go first, as everywhere."""
    for spelt in (name.lower(), name):
        if environ.get(spelt):
            return spelt, environ[spelt]
    return name, ""


def _of_environment(scheme: str, environ: Mapping[str, str]) -> ProxyAddress | None:
    for name in (f"{scheme.upper()}_PROXY", "ALL_PROXY"):
        spelt, value = _either(name, environ)
        if value:
            return ProxyAddress(spelt, SecretStr(value))
    return None


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry for part in text.split(",") if (entry := part.strip().lower()))


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means the host: `*`, a name and all beneath it, an address, a network; `:port`."""
    if entry == "*":
        return True
    name, wanted = _parted(entry)
    if wanted is not None and wanted != port:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        name = name.removeprefix("*").removeprefix(".")
        return host == name or host.endswith(f".{name}")


def _parted(entry: str) -> tuple[str, int | None]:
    """(name, address or network; port)."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdecimal() else None
    name, colon, port = entry.rpartition(":")
    return (name, int(port)) if colon and port.isdecimal() and ":" not in name else (entry, None)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
