"""Errors, grouped by what helps.

- RuntimeFailure
  - RetryableError     may pass: wait and try again
    - LeaseLost        another replica holds the lease now
    - ShuttingDown     the process ends while a message waits
    - ExchangeFailed   another system gave no whole answer; its kinds stand in http_client.py
  - PermanentError     this message can never succeed: dead letter
  - OperationalError   an operator must do something
    - SettingsError    an environment variable is missing or wrong
    - StartError       something that the service needs is missing
"""


class RuntimeFailure(Exception):
    """Base of all errors that the runtime and the services raise deliberately."""


class RetryableError(RuntimeFailure):
    """Something outside is down or busy. The batch is retried later; nothing is committed, nothing is lost."""


class LeaseLost(RetryableError):
    """The lease expired or was taken over before the work was done."""


class PermanentError(RuntimeFailure):
    """The message can never be handled. The text becomes the dead letter's reason, so write it for an operator."""


class OperationalError(RuntimeFailure):
    """Only an operator can help."""


class SettingsError(OperationalError):
    """Environment variables are missing or wrong. The text names each and never shows a secret's value."""


class StartError(OperationalError):
    """Kafka, MongoDB or a topic was not available within the start timeout."""
