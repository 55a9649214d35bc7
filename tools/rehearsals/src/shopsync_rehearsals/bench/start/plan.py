"""What each service needs to start, and the message that waits for it."""

import base64
import os
from dataclasses import dataclass

from shopsync_contracts import ShopBody
from shopsync_contracts.events import ImportRequested, PushRequested, ShopSettingsChanged, SweepRequested

SHOP = "start"
SUBSCRIPTIONS = {"ingestor": "commands", "catalog": "settings", "publisher": "commands", "janitor": "commands"}
"""The services, each with the subscription that gets its message."""
_NOBODY = "http://127.0.0.1:9"


def messages() -> list[ShopBody]:
    """One message for each service."""
    return [
        ImportRequested(shop_key=SHOP, mode="changed_only"),
        ShopSettingsChanged(shop_key=SHOP),
        PushRequested(shop_key=SHOP, product_no="A-1", reason="manual"),
        SweepRequested(shop_key=SHOP),
    ]


def own_settings(shops_file: str) -> dict[str, dict[str, str]]:
    """The settings that a service needs beside the common ones. The other systems need not be there."""
    return {
        "ingestor": {"INGESTOR_SHOPS_FILE": shops_file},
        "publisher": {
            "PUBLISHER_TIKTOK_API_URL": _NOBODY,
            "PUBLISHER_TIKTOK_AUTH_URL": _NOBODY,
            "PUBLISHER_TIKTOK_APP_KEY": "key",
            "PUBLISHER_TIKTOK_APP_SECRET": "secret",
            "PUBLISHER_TOKEN_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        },
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """How many starts of each service.

    `together`: the four services at the same moment. `named`: as replicas with a name of their own, static members of
    their groups.
    """

    rounds: int = 3
    together: bool = False
    named: bool = False
    wanted_seconds: float = 3.0
    patience: float = 60.0
