"""`accounts` in MongoDB: one per shop. Written by the console, and by an operator with `shopsync accounts`."""

import asyncio
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shopsync_accounts.errors import AccountExists, NoAccount, WrongEmail
from shopsync_accounts.passwords import fits, hashed, nobodys
from shopsync_runtime.mongo import Database, Document

LINK_LIFETIME = timedelta(days=3)
_EMAIL = re.compile(r"[^@\s<>\"]+@[^@\s.<>\"]+(\.[^@\s.<>\"]+)+")
_LONGEST_EMAIL = 254
_AT_ONCE = 2
"""Passwords that are hashed at once: each takes 64 MB, and strangers can ask for it."""
_FIELDS = {"email": True, "created_at": True, "password_set_at": True, "link.expires_at": True}
"""Never the whole document: the console keeps a shop's last actions in it."""


@dataclass(frozen=True, slots=True)
class Account:
    """`password_set_at` None: the merchant has not used the link yet. `link_expires_at` None: no link is open."""

    shop_key: str
    email: str
    created_at: datetime
    password_set_at: datetime | None
    link_expires_at: datetime | None


class Accounts:
    """One account per shop (AU-1). The e-mail is compared without regard to letter case."""

    def __init__(self, database: Database) -> None:
        self._accounts = database["accounts"]
        self._hashing = asyncio.Semaphore(_AT_ONCE)

    async def ensure_indexes(self) -> None:
        """Create missing indexes: one account per e-mail, and the open links."""
        await self._accounts.create_index("email", unique=True)
        await self._accounts.create_index("link.digest", partialFilterExpression={"link.digest": {"$exists": True}})

    async def get_ready(self) -> None:
        """Before the first log-in, which else would take longer for an unknown e-mail."""
        await asyncio.to_thread(nobodys)

    async def create(self, shop_key: str, email: str, now: datetime) -> str:
        """A new account without a password. Returns the secret of its link. Raises AccountExists, WrongEmail."""
        address, (secret, link) = normal_email(email), _new_link(now)
        await self.ensure_indexes()  # an operator may come before the first console: one e-mail, one shop
        try:
            await self._accounts.insert_one({"_id": shop_key, "email": address, "created_at": now, "link": link})
        except DuplicateKeyError:
            there = await self.of_shop(shop_key)
            if there is not None:
                raise AccountExists(f"shop {shop_key!r} has an account already, of {there.email} (AU-1)") from None
            raise AccountExists(f"{address} is the account of another shop already (AU-2)") from None
        return secret

    async def reset(self, shop_key: str, now: datetime) -> str:
        """A new link to set the password; the present password counts until then. Raises NoAccount."""
        secret, link = _new_link(now)
        changed = await self._accounts.update_one({"_id": shop_key}, {"$set": {"link": link}})
        if changed.matched_count == 0:
            raise NoAccount(f"shop {shop_key!r} has no account")
        return secret

    async def list(self) -> list[Account]:
        """All, by shop."""
        return [_account(one) async for one in self._accounts.find({}, _FIELDS).sort("_id", 1)]

    async def of_shop(self, shop_key: str) -> Account | None:
        """None for a shop without one."""
        found = await self._accounts.find_one({"_id": shop_key}, _FIELDS)
        return None if found is None else _account(found)

    async def by_link(self, secret: str, now: datetime) -> Account | None:
        """Whose link this is; None for a used, replaced or expired one."""
        found = await self._accounts.find_one(_open_link(secret, now), _FIELDS)
        return None if found is None else _account(found)

    async def set_password(self, secret: str, password: str, now: datetime) -> Account | None:
        """Use up the link. None when it is used, replaced or expired."""
        if await self.by_link(secret, now) is None:
            return None  # nobody makes this process hash without a link
        async with self._hashing:
            digest = await asyncio.to_thread(hashed, password)
        found = await self._accounts.find_one_and_update(
            _open_link(secret, now),
            {"$set": {"password": digest, "password_set_at": now}, "$unset": {"link": ""}},
            projection=_FIELDS,
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _account(found)

    async def log_in(self, email: str, password: str) -> Account | None:
        """The account of this e-mail and password. Unknown e-mails and wrong passwords take the same time."""
        found = await self._accounts.find_one({"email": email.strip().lower()}, {**_FIELDS, "password": True})
        async with self._hashing:
            is_right = await asyncio.to_thread(fits, None if found is None else found.get("password"), password)
        return _account(found) if found is not None and is_right else None

    async def is_current(self, account: Account) -> bool:
        """Whether its password is still the one that this account was read with."""
        now = await self.of_shop(account.shop_key)
        return now is not None and now.password_set_at == account.password_set_at


def normal_email(email: str) -> str:
    """As it is stored and compared. Raises WrongEmail."""
    address = email.strip().lower()
    if not _EMAIL.fullmatch(address) or not address.isprintable() or len(address) > _LONGEST_EMAIL:
        raise WrongEmail(f"{email!r} is no e-mail address")
    return address


def _new_link(now: datetime) -> tuple[str, Document]:
    secret = secrets.token_urlsafe(32)
    return secret, {"digest": _digest(secret), "expires_at": now + LINK_LIFETIME}


def _open_link(secret: str, now: datetime) -> Document:
    return {"link.digest": _digest(secret), "link.expires_at": {"$gt": now}}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _account(document: Document) -> Account:
    return Account(
        shop_key=document["_id"],
        email=document["email"],
        created_at=document["created_at"],
        password_set_at=document.get("password_set_at"),
        link_expires_at=(document.get("link") or {}).get("expires_at"),
    )
