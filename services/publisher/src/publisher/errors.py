"""Errors on the way to TikTok Shop, by what helps.

- PublisherError
  - Passing            temporary: the job waits and is tried again
    - RateLimited      429, 36009002: a wait, never reported as a failure (RB-11)
    - HourSpent        36009037, the requests of the hour are used up: the shop waits, its rate was not too high
    - ShopResting      nothing was sent: the shop's calls are stopped, after a 429 or because none is answered
    - Unavailable      5xx, no answer, HTML instead of JSON; `outcome_unknown` when a write may have happened
    - ImageUnreachable the merchant's image server does not answer
  - Withheld           nothing was sent: the product was switched OFF, or its shop paused, since the push began
  - QuotaReached       12052093, the shop may list no more products today: a wait (RB-11)
  - Unclear            an unknown code: reported as it is; what became of a write is looked up
  - Refused            TikTok will refuse the same request again
    - MemberRefused    36009004 about a member of the body, which the error names as the merchant's field
    - ProductGone      the listing does not exist for this shop (any more)
    - WarehouseUnusable  no warehouse to put the stock into
  - ShopBlocked        nothing of this shop can be sent until somebody acts
    - TokenExpired     105002, or an unknown token: a refresh helps or tells more
    - AuthorizationEnded  the consent has ended: the merchant has to authorise again (AU-5)
  - KeyMissing         the stored tokens are encrypted with a key that this replica lacks: a wait for its operator
  - AppMisconfigured   TikTok refuses the app itself, whatever the shop: key, signature, address list
    - ClockWrong       this machine's clock is off; the text says how far
    - EndpointWithdrawn  one path or version is no longer served, others may be
    - AppStopped       nothing was sent: TikTok refused the app a moment ago; not tried again before `until`
  - ContentRefused     nothing was sent: our check found fields that TikTok would refuse
  - ImageUnusable      the file is no image TikTok takes; the text names its address
  - ConsentRefused     an authorisation could not be completed; the text is for the merchant
"""

from datetime import datetime, timedelta


class PublisherError(Exception):
    """`code`: TikTok's number or a word of ours. `message`: a text for the merchant."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.request_id = ""
        """TikTok's id of the call, for its support."""
        self.outcome_unknown = False
        """The write may have been carried out: its intent stays, and nothing is sent before it is looked up (RB-8)."""


class Passing(PublisherError):
    """Temporary. `retry_after`: as TikTok asked."""

    def __init__(
        self, code: str, message: str, *, retry_after: timedelta | None = None, outcome_unknown: bool = False
    ) -> None:
        super().__init__(code, message)
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown


class RateLimited(Passing):
    """TikTok asked to slow down. With a code of TikTok's the request was certainly not carried out."""


class HourSpent(Passing):
    """The shop has used up its requests of this hour; `retry_after` is set."""


class ShopResting(Passing):
    """Not sent: the shop's calls are stopped for at least `wait`. Uses up no attempt."""

    def __init__(self, code: str, message: str, wait: timedelta) -> None:
        super().__init__(code, message, retry_after=wait)
        self.wait = wait


class Unavailable(Passing):
    """No usable answer."""


class ImageUnreachable(Passing):
    """An image could not be fetched this time."""


class Withheld(PublisherError):
    """Not sent: the product is OFF or deleted by now, or its shop is paused (TG-6)."""


class QuotaReached(PublisherError):
    """The shop has listed as many products as it may today."""


class Unclear(PublisherError):
    """TikTok answered with an unknown code."""


class Refused(PublisherError):
    """TikTok refused the request, and would refuse it again."""


class MemberRefused(Refused):
    """A member of the body is missing or of a wrong type. `field`: a path in the snapshot; `member`: TikTok's name."""

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
    """The access token has expired."""


class AuthorizationEnded(ShopBlocked):
    """The seller's consent ended or was withdrawn."""


class KeyMissing(PublisherError):
    """The tokens cannot be decrypted here. Nothing was sent, no attempt is used up: another replica may go on."""


class AppMisconfigured(PublisherError):
    """TikTok accepts the app's calls for no shop: an operator has to act.

    `until`: when calls are tried again, so that no attempt is used up; None: calls are not stopped (yet).
    """

    until: datetime | None = None


class ClockWrong(AppMisconfigured):
    """The time stamp of our calls is outside TikTok's window, because this machine's clock is off."""


class EndpointWithdrawn(AppMisconfigured):
    """TikTok does not serve the path, method or version."""


class AppStopped(AppMisconfigured):
    """Not sent, because the app was refused a moment ago."""

    def __init__(self, cause: AppMisconfigured, until: datetime) -> None:
        super().__init__(cause.code, cause.message)
        self.until: datetime = until


class ContentRefused(PublisherError):
    """The product was not sent. `fields`: paths in the snapshot that are at fault."""

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__("incomplete", message)
        self.fields = fields


class ImageUnusable(PublisherError):
    """There is no usable image at the address. `field`: the field in which the merchant entered it."""

    field = "images"


class ConsentRefused(PublisherError):
    """The authorisation was not completed."""
