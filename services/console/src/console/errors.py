"""Errors of the console. Each ends as a page that says what to do.

- ConsoleError
  - NotYetAuthorized   the shop has no consent at TikTok Shop: the page of the consent comes first (LS-1)
  - WrongForm          the form was not made by this session's pages, or is too old
  - NoSuchPage         there is no such product, import or picture in this shop
"""

from shopsync_runtime import PermanentError


class ConsoleError(PermanentError):
    """A request that cannot be done."""


class NotYetAuthorized(ConsoleError):
    """Nothing of the list is shown before the shop is authorised at TikTok Shop (LS-1)."""


class WrongForm(ConsoleError):
    """Its token is not that of the session."""


class NoSuchPage(ConsoleError):
    """What was asked for does not exist in the session's shop."""
