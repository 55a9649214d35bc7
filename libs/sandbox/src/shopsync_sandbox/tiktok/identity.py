"""Names and numbers made from a seed: the same seed always makes the same keys, shops and ids."""

import hashlib
import itertools
import string
import time
from dataclasses import dataclass

BASE36 = string.digits + string.ascii_lowercase
BASE62 = string.digits + string.ascii_letters
HEX = "0123456789abcdef"


def derive(seed: str, *labels: str, length: int, alphabet: str = BASE62) -> str:
    """A stable string of `length` characters of `alphabet` for these labels."""
    digest = hashlib.shake_256("\x1f".join((seed, *labels)).encode()).digest(length * 2)
    pairs = zip(digest[::2], digest[1::2], strict=True)
    return "".join(alphabet[(high << 8 | low) % len(alphabet)] for high, low in pairs)


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """The partner app, as Partner Center shows it."""

    app_key: str
    app_secret: str
    service_id: str

    @classmethod
    def of(cls, seed: str) -> "AppIdentity":
        return cls(
            app_key=derive(seed, "app_key", length=13, alphabet=BASE36),
            app_secret=derive(seed, "app_secret", length=40, alphabet=HEX),
            service_id="75" + derive(seed, "service_id", length=17, alphabet=string.digits),
        )


class Ids:
    """19-digit ids as strings, above 2^53 so that a reader which parses them as floats fails."""

    def __init__(self, seed: str) -> None:
        block = derive(seed, "ids", length=5, alphabet=string.digits)
        self._prefix = f"1729{block}"
        self._numbers = itertools.count(1)

    def next(self) -> str:
        return f"{self._prefix}{next(self._numbers):010d}"


class RequestIds:
    """Unique request ids: 14 digits of UTC time, then 20 upper-case hex digits that never repeat."""

    _SPACE = 16**20
    #: odd, so that adding it reaches every number before one repeats
    _STEP = 0x9E3779B97F4A7C15F39D

    def __init__(self, seed: str) -> None:
        self._number = int(derive(seed, "request", length=20, alphabet=HEX), 16)
        self._second, self._stamp = -1, ""

    def next(self, now: float) -> str:
        """`now` in Unix seconds."""
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y%m%d%H%M%S", time.gmtime(second))
        self._number = (self._number + self._STEP) % self._SPACE
        return f"{self._stamp}{self._number:020X}"
