"""What the console itself knows: who is logged in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Language = Literal["ja", "en"]


@dataclass(frozen=True, slots=True)
class Session:
    """One log-in. Everything that is read or sent is of `shop_key`; no request can name another one (AU-3).

    `token` is the value of the cookie; the database has its digest alone. Times are UTC.
    """

    token: str
    shop_key: str
    email: str
    began_at: datetime
    expires_at: datetime
