"""Why an import failed. Each error has a `code` for reports.

- FutureshopError
  - Passing            may pass: retried with back-off
    - Unreachable      no connection, a timeout or a broken connection
    - Busy             429, 5xx: too many requests, maintenance, an error at futureshop
    - BrokenReply      the reply is not a JSON document in UTF-8 (a proxy's page, a cut-off body)
  - Denied             the credentials are not accepted: an operator must act
  - Refused            futureshop says that the request is wrong (4xx, or `status: failed` in a 200)
  - UnexpectedReply    JSON, but not what the API promises: no list, a next page elsewhere, an endless listing
  - UnknownShop        the shop is not in the shops file
- NothingToConfirm     there is no loss of products that this import could confirm
"""

from typing import ClassVar


class FutureshopError(Exception):
    """Base class. The text can be shown in a report and contains no secret."""

    code: ClassVar[str] = "futureshop_error"


class Passing(FutureshopError):
    """May pass. `retry_after` is the wait that futureshop asked for, in seconds."""

    code = "futureshop_unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(Passing):
    """The request got no reply."""

    code = "futureshop_unreachable"


class Busy(Passing):
    """429 or 5xx."""


class BrokenReply(Passing):
    """The body cannot be read."""

    code = "futureshop_broken_reply"


class Denied(FutureshopError):
    """Client id, client secret or shop key are not accepted (401), or the permission is missing (403)."""

    code = "futureshop_denied"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Refused(FutureshopError):
    """futureshop refused the request."""

    code = "futureshop_refused"


class UnexpectedReply(FutureshopError):
    """The reply is not what the API promises, so nothing is concluded from it."""

    code = "futureshop_unexpected_reply"


class UnknownShop(FutureshopError):
    """The shop is not in the shops file. The text says how to add it."""

    code = "shop_unknown"


class NothingToConfirm(Exception):
    """The confirmed import is not the shop's newest listing, or it held nothing back."""

    code = "nothing_to_confirm"
