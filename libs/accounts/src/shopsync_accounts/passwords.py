"""Passwords: hashed with argon2id, whose cost makes guessing slow."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash("the hash of nobody, so that an unknown e-mail takes as long as a wrong password")


async def hash_password(password: str) -> str:
    """In a thread: it takes some 50 ms of a processor on purpose."""
    return await asyncio.to_thread(_hasher.hash, password)


async def is_password(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. Takes as long when nothing is stored."""
    return await asyncio.to_thread(_fits, stored or _NOBODYS, password) and stored is not None


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
