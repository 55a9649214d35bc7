"""Accounts of the merchant's console: one per shop, made by an operator (AU-1, AU-2)."""

from shopsync_accounts.errors import AccountError, AccountExists, NoAccount, WrongEmail
from shopsync_accounts.passwords import LONGEST, SHORTEST, Fault, fault_of
from shopsync_accounts.store import LINK_LIFETIME, Account, Accounts

__all__ = [
    "LINK_LIFETIME",
    "LONGEST",
    "SHORTEST",
    "Account",
    "AccountError",
    "AccountExists",
    "Accounts",
    "Fault",
    "NoAccount",
    "WrongEmail",
    "fault_of",
]
