"""What can go wrong on the way to TikTok Shop, split by what helps.

- PublisherError
  - Passing            may pass by itself: the job waits and is tried again
    - RateLimited      429, 36009002: a wait, never reported as a failure (RB-11)
    - Unavailable      5xx, no answer, HTML instead of JSON; `outcome_unknown` when a write may have happened
    - ImageUnreachable the merchant's image server does not answer
  - QuotaReached       12052093, the shop's listings of the day are used up: a wait (RB-11)
  - Refused            TikTok will refuse the same request again
    - ProductGone      the listing does not exist for this shop (any more)
    - WarehouseUnusable  no warehouse to put the stock into
  - ShopBlocked        nothing of this shop can be sent until somebody acts
    - TokenExpired     105002, or an unknown token: a refresh helps or tells more
    - AuthorizationEnded  the refresh token is dead: the merchant has to authorise again (AU-5)
    - AppMisconfigured the app's key, signature, clock or address list is wrong
  - ImageUnusable      the file is no image TikTok takes; the text names its address
  - ConsentRefused     an authorisation could not be completed; the text is for the merchant
"""

from datetime import timedelta


class PublisherError(Exception):
    """`code` is TikTok's number or our own word, `message` is fit for the merchant."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Passing(PublisherError):
    """May pass by itself. `retry_after` is TikTok's own wish; `outcome_unknown`: the write may have been done."""

    def __init__(
        self, code: str, message: str, *, retry_after: timedelta | None = None, outcome_unknown: bool = False
    ) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class RateLimited(Passing):
    """TikTok asked to slow down; the request was not carried out."""


class Unavailable(Passing):
    """No usable answer."""


class ImageUnreachable(Passing):
    """An image could not be fetched this time."""


class QuotaReached(PublisherError):
    """The shop has listed as many products as it may today."""


class Refused(PublisherError):
    """TikTok refused the request for good."""


class ProductGone(Refused):
    """The product id is unknown to TikTok, or not this shop's."""


class WarehouseUnusable(Refused):
    """The shop has no enabled sales warehouse, or TikTok refused the one given."""


class ShopBlocked(PublisherError):
    """Nothing of this shop can be sent."""


class TokenExpired(ShopBlocked):
    """The access token ran out."""


class AuthorizationEnded(ShopBlocked):
    """The seller's consent ended or was withdrawn."""


class AppMisconfigured(ShopBlocked):
    """TikTok does not accept this app's calls; an operator has to look."""


class ImageUnusable(PublisherError):
    """The address holds no image that TikTok takes."""


class ConsentRefused(PublisherError):
    """The authorisation was not completed."""
