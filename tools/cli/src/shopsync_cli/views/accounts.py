"""Accounts of the console as rows. Pure."""

import shlex
from datetime import datetime
from typing import Any

from shopsync_accounts import Account
from shopsync_cli.views.output import show

ACCOUNT_COLUMNS = ("shop", "e-mail", "since", "password set", "link")


def account_row(account: Account, now: datetime) -> tuple[Any, ...]:
    """One line of the list."""
    return (account.shop_key, account.email, account.created_at, account.password_set_at, _link(account, now))


def account_document(account: Account) -> dict[str, Any]:
    """For JSON."""
    return {
        "shop_key": account.shop_key,
        "email": account.email,
        "created_at": account.created_at,
        "password_set_at": account.password_set_at,
        "link_expires_at": account.link_expires_at,
    }


def _link(account: Account, now: datetime) -> str | None:
    if account.link_expires_at is None:
        return None
    if account.link_expires_at > now:
        return f"open until {show(account.link_expires_at)}"
    return f"ended: `shopsync accounts reset {shlex.quote(account.shop_key)}`"
