"""What can go wrong on the way to TikTok Shop, split by what helps.

- PublisherError
  - Passing            may pass by itself: the job waits and is tried again
    - RateLimited      429, 36009002: a wait, never reported as a failure (RB-11)
    - HourSpent        36009037, the requests of the hour are used up: a wait of the shop, its rate was right
    - ShopResting      nothing was sent: the shop's calls are stopped for a while, after 429 or while nothing answers
    - Unavailable      5xx, no answer, HTML instead of JSON; `outcome_unknown` when a write may have happened
    - ImageUnreachable the merchant's image server does not answer
  - Withheld           nothing was sent: since the push began its product was switched OFF, or its shop paused
  - QuotaReached       12052093, the shop's listings of the day are used up: a wait (RB-11)
  - Unclear            a code that nobody knows: told as it is; what became of a write is looked up
  - Refused            TikTok will refuse the same request again
    - MemberRefused    36009004 about a member of the body, which the error names in the merchant's terms
    - ProductGone      the listing does not exist for this shop (any more)
    - WarehouseUnusable  no warehouse to put the stock into
  - ShopBlocked        nothing of this shop can be sent until somebody acts
    - TokenExpired     105002, or an unknown token: a refresh helps or tells more
    - AuthorizationEnded  the refresh token is dead: the merchant has to authorise again (AU-5)
  - KeyMissing         the stored tokens are sealed with a key that this replica lacks: its operator's error, a wait
  - AppMisconfigured   TikTok refuses the app itself, whatever the shop: key, signature, address list
    - ClockWrong       this machine's clock is off; the text says how far
    - EndpointWithdrawn  one path or version is not served any more, the others may be
    - AppStopped       nothing was sent: the app was refused a moment ago, `until` it is not tried again
  - ContentRefused     our own check found fields that TikTok would refuse; nothing was sent
  - ImageUnusable      the file is no image TikTok takes; the text names its address
  - ConsentRefused     an authorisation could not be completed; the text is for the merchant
"""

from datetime import datetime, timedelta


class PublisherError(Exception):
    """`code` is TikTok's number or our own word, `message` is fit for the merchant."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.request_id = ""
        """TikTok's name of the call, for its support."""
        self.outcome_unknown = False
        """The write may have been carried out: its intent stays, and nothing is sent again before a look (RB-8)."""


class Passing(PublisherError):
    """May pass by itself. `retry_after` is TikTok's own wish."""

    def __init__(
        self, code: str, message: str, *, retry_after: timedelta | None = None, outcome_unknown: bool = False
    ) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class RateLimited(Passing):
    """TikTok asked to slow down; with its own code the request was certainly not carried out."""


class HourSpent(Passing):
    """The shop has had all its requests of this hour; `retry_after` is set."""


class ShopResting(Passing):
    """Not sent: the shop's calls are stopped for at least `wait`. No attempt is used up."""

    def __init__(self, code: str, message: str, wait: timedelta) -> None:
        super().__init__(code, message, retry_after=wait)
        self.wait = wait


class Unavailable(Passing):
    """No usable answer."""


class ImageUnreachable(Passing):
    """An image could not be fetched this time."""


class Withheld(PublisherError):
    """Not sent: the product is OFF or gone by now, or its shop is paused (TG-6)."""


class QuotaReached(PublisherError):
    """The shop has listed as many products as it may today."""


class Unclear(PublisherError):
    """TikTok answered with a code that is in no table of ours."""


class Refused(PublisherError):
    """TikTok refused the request for good."""


class MemberRefused(Refused):
    """A member of the body is missing or of a wrong type. `field` in the snapshot's terms, `member` in TikTok's."""

    def __init__(self, code: str, message: str, *, field: str, member: str) -> None:
        super().__init__(code, message)
        self.field = field
        self.member = member


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


class KeyMissing(PublisherError):
    """The tokens cannot be opened here. Nothing was sent, and no attempt is used up: another replica may go on."""


class AppMisconfigured(PublisherError):
    """TikTok does not accept this app's calls, for no shop; an operator has to look.

    `until`: when such a call is tried again, None while others still are: then no attempt of a job is used up.
    """

    until: datetime | None = None


class ClockWrong(AppMisconfigured):
    """The time stamp of our calls is outside TikTok's window, because this machine's clock is off."""


class EndpointWithdrawn(AppMisconfigured):
    """TikTok does not serve a path, its method or its version."""


class AppStopped(AppMisconfigured):
    """Not sent, because the app was refused a moment ago."""

    def __init__(self, cause: AppMisconfigured, until: datetime) -> None:
        super().__init__(cause.code, cause.message)
        self.until: datetime = until


class ContentRefused(PublisherError):
    """The product was not sent: `fields` are at fault, in the snapshot's terms."""

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__("incomplete", message)
        self.fields = fields


class ImageUnusable(PublisherError):
    """The address holds no image that TikTok takes. `field`: what the merchant gave the address for."""

    field = "images"


class ConsentRefused(PublisherError):
    """The authorisation was not completed."""
