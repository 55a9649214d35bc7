"""Errors of the console. Each ends as a page that says what to do.

- ConsoleError
  - NotYetAuthorized   the shop has no consent at TikTok Shop: the page of the consent comes first (LS-1)
  - WrongForm          the form was not made by this session's pages, or is too old
  - SettingsChanged    others than the merchant has seen were stored meanwhile: both are shown
  - NoSuchPage         there is no such product, import or picture in this shop
    - ProductDeleted   a sweep has deleted it: its page says so in the place of its form
  - PublisherUnavailable  what TikTok Shop alone knows cannot be had now; the page says so and works without it
"""

from typing import Literal

from shopsync_readmodel.products.product import StoredProduct
from shopsync_runtime import PermanentError


class ConsoleError(PermanentError):
    """A request that cannot be done."""


class NotYetAuthorized(ConsoleError):
    """Nothing of the list is shown before the shop is authorised at TikTok Shop (LS-1)."""


class WrongForm(ConsoleError):
    """Its token is not that of the session."""


class SettingsChanged(ConsoleError):
    """The settings that are stored now are not those that the form was made of."""


class NoSuchPage(ConsoleError):
    """What was asked for does not exist in the session's shop."""


class ProductDeleted(NoSuchPage):
    """`found`: what stays of it."""

    def __init__(self, found: StoredProduct) -> None:
        super().__init__("the product was deleted from the tool")
        self.found = found


PublisherCause = Literal[
    "not_set_up", "not_authorized", "blocked", "refused", "unknown_shop", "tiktok_away", "publisher_away"
]
"""Each has a text for a page: `publisher.<cause>`."""


class PublisherUnavailable(ConsoleError):
    """`detail`: TikTok's own words, where there are any."""

    def __init__(self, cause: PublisherCause, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause = cause
        self.detail = detail
