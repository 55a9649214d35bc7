"""Why an import did not work. Each has a `code` for reports; the tree says whether waiting may help.

- FutureshopError
  - Passing            may pass by itself: asked again with back-off
    - Unreachable      no connection, a time-out, a connection that broke
    - Busy             429, 5xx: too many requests, maintenance, an error on their side
    - BrokenReply      the reply is no JSON document in UTF-8 (a proxy's page, a cut-off body)
  - Denied             the credentials are not accepted: an operator has to act
  - Refused            futureshop says the request is wrong (4xx, or `status: failed` in a 200)
  - UnexpectedReply    JSON, but not what the API promises: no list, a next page elsewhere, a listing without end
  - UnknownShop        the shop is not in the shops file
- NothingToConfirm     there is no loss of products that this import could confirm
"""

from typing import ClassVar


class FutureshopError(Exception):
    """Base; the text is fit for a report and holds no secret."""

    code: ClassVar[str] = "futureshop_error"


class Passing(FutureshopError):
    """May pass by itself. `retry_after` is what futureshop asked for, in seconds."""

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
    """Client id, client secret or shop key is not accepted (401), or the permission is missing (403)."""

    code = "futureshop_denied"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Refused(FutureshopError):
    """futureshop understood and said no."""

    code = "futureshop_refused"


class UnexpectedReply(FutureshopError):
    """The reply breaks the API's own promises; nothing is concluded from it."""

    code = "futureshop_unexpected_reply"


class UnknownShop(FutureshopError):
    """The shop is not in the shops file; the text says how to add it."""

    code = "shop_unknown"


class NothingToConfirm(Exception):
    """The import that is confirmed is not the shop's newest listing, or it held nothing back."""

    code = "nothing_to_confirm"
