"""What an operator sets."""

import ipaddress
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shopsync_runtime import PositiveDuration, ServiceSettings
from shopsync_runtime.web_addresses import base_address, origin


def _public(value: str) -> str:
    """The console's own origin."""
    found = origin(value)
    host = urlsplit(found).hostname or ""
    if found.startswith("http:") and not _is_loopback(host):
        raise ValueError(f"must begin with https://: by http:// passwords and sessions of {host} could be read")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _networks(value: str) -> str:
    for one in filter(None, (part.strip() for part in value.split(","))):
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError(f"{one!r} is no address or network such as 10.0.0.0/8") from None
    return value


class ConsoleSettings(ServiceSettings):
    """The console. Variables begin with CONSOLE_."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_")

    public_url: Annotated[str, AfterValidator(_public)] = Field(
        "http://127.0.0.1:8085",
        description="Origin under which merchants open the console: https, by which alone cookies are sent then; http"
        " on this machine only",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "",
        description="Addresses or networks, by comma, of proxies whose X-Forwarded-For names the client; for the"
        " log-in throttle",
    )
    session_idle: PositiveDuration = Field(
        timedelta(hours=12), description="A session ends after this long without a request"
    )
    session_lifetime: PositiveDuration = Field(
        timedelta(days=7), description="A session ends this long after the log-in in any case"
    )
    login_failures: int = Field(
        5, ge=1, le=100, description="Failed log-ins of one account or address after which further ones have to wait"
    )
    login_wait: PositiveDuration = Field(
        timedelta(minutes=15), description="How long further log-ins wait after too many failures"
    )
    publisher_url: Annotated[str, AfterValidator(base_address)] = Field(
        "http://127.0.0.1:8083", description="Address of the publisher's internal API: categories, brands, consent"
    )
    publisher_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Shared token of that API (PUBLISHER_INTERNAL_TOKEN); without it the pickers and the consent are"
        " not available",
    )

    image_allow_private: bool = Field(
        False,
        description="Take and show product images at private and loopback addresses too: for tests and the sandbox"
        " only",
    )

    @property
    def is_secure(self) -> bool:
        """Whether merchants come by TLS."""
        return self.public_url.startswith("https://")

    def only_in_the_sandbox(self) -> dict[str, str]:
        """Images at private addresses: whoever enters an image address could see what only this host can reach."""
        if not self.image_allow_private:
            return {}
        return {"image_allow_private": "lets image addresses reach private networks: leave it out"}
