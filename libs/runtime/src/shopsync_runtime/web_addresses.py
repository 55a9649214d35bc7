"""Addresses of web services, as settings and options give them. Pure."""

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def base_address(value: str) -> str:
    """The address before the paths of a service, without a slash at its end. Raises ValueError."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def origin(value: str) -> str:
    """As browsers write it in `Origin`: small letters, without the port that goes without saying. Raises ValueError."""
    try:
        parts = urlsplit(value.strip().lower())
        port = parts.port
    except ValueError:
        raise ValueError("must be an origin such as https://console.example.jp") from None
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or "@" in parts.netloc:
        raise ValueError("must be an origin such as https://console.example.jp, without a path")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port in {None, _PORTS[parts.scheme]} else f":{port}")
