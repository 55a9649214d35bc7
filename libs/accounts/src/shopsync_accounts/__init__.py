"""Accounts of the merchant's console: one per shop, made by an operator (AU-1, AU-2)."""

from shopsync_accounts.errors import AccountError, AccountExists, NoAccount, WrongEmail
from shopsync_accounts.passwords import LONGEST, SHORTEST
from shopsync_accounts.store import Account, Accounts

__all__ = ["LONGEST", "SHORTEST", "Account", "AccountError", "AccountExists", "Accounts", "NoAccount", "WrongEmail"]
