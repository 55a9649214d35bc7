"""Why an account cannot be made or changed. The text is one line.

- AccountError
  - AccountExists   the shop has an account, or the e-mail is another shop's (AU-1, AU-2)
  - NoAccount       the shop has none
  - WrongEmail      it is no e-mail address
"""


class AccountError(Exception):
    """An account cannot be made or changed."""


class AccountExists(AccountError):
    """One account per shop, and one shop per e-mail (AU-1, AU-2)."""


class NoAccount(AccountError):
    """The shop has no account."""


class WrongEmail(AccountError):
    """It is no e-mail address."""
