"""Passwords: hashed with argon2id, whose cost makes guessing slow."""

import unicodedata
from functools import cache
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200

Fault = Literal["too_short", "too_long", "too_simple"]

_LEAST_DIFFERENT = 5
_IN_A_ROW = "01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm"

_hasher = PasswordHasher()


def fault_of(password: str, email: str) -> Fault | None:
    """Why a new password is not taken. Characters count, not bytes."""
    if len(password) < SHORTEST:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    plain = password.lower()
    is_simple = (
        len(set(plain)) < _LEAST_DIFFERENT
        or any(plain in row for row in _IN_A_ROW)
        or plain in {email, email.partition("@")[0]}
    )
    return "too_simple" if is_simple else None


def hashed(password: str) -> str:
    """Takes some 50 ms of a processor and 64 MB, on purpose."""
    return _hasher.hash(_one_way(password))


def fits(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. Takes as long when nothing is stored, or the password is too long."""
    try:
        is_right = _hasher.verify(stored or nobodys(), _one_way(password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return is_right and stored is not None and len(password) <= LONGEST


@cache
def nobodys() -> str:
    """A hash of nobody's, so that an unknown e-mail takes as long as a wrong password. Made once, beforehand."""
    return hashed("the password of nobody")


def _one_way(password: str) -> str:
    """One way of writing: keyboards write が as one character or as two."""
    return unicodedata.normalize("NFKC", password)
