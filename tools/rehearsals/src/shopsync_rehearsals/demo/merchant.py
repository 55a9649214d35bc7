"""The demo's account of the console: made for one run, with a password that nobody else knows."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient

from shopsync_rehearsals.installation import Installation


@dataclass(frozen=True, slots=True)
class Login:
    """What a merchant enters at the console."""

    email: str
    password: str


async def make_account(installation: Installation, shop_key: str) -> Login:
    """As `shopsync accounts create` does, with the link used at once."""
    from shopsync_accounts import AccountExists, Accounts  # noqa: PLC0415 - the sandbox's image keeps no demo

    login, now = Login(f"{shop_key}@example.jp", secrets.token_urlsafe(12)), datetime.now(UTC)
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(installation.mongo_uri, tz_aware=True) as client:
        accounts = Accounts(client[installation.database])
        try:
            link = await accounts.create(shop_key, login.email, now)
        except AccountExists:
            link = await accounts.reset(shop_key, now)
        await accounts.set_password(link, login.password, now)
    return login
